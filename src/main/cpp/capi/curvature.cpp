// C ABI: what influence needs of a curvature beyond one Hessian-vector product.
#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

// m directions of weight and proxies, of which one at least is given.
struct Counts {
  std::int64_t m, rows;
};
Counts count_directions(const vicinal_curvature& c, const vicinal_array* weight, const vicinal_array* proxies) {
  const vicinal_array* some = given(weight) ? weight : proxies;
  require(given(some), "direction is missing; give one for weight or proxies");
  const std::int64_t m = some->ndim == 3 ? some->shape[0] : 1;  // another rank has no expected shape
  check_size("m", m);
  std::int64_t width, rows;
  require(!__builtin_mul_overflow(m, c.d, &width), "m * d overflows");
  require(!__builtin_mul_overflow(m, c.n, &rows), "m * N overflows");
  check_columns("m * d", width);
  check_product("scores", rows, 1);
  return {m, c.classes * c.spec.centers};
}

template <class Real>
Tangents<const Real> directions_in(Arguments<Real>& a, const vicinal_curvature& c, const Counts& g,
                                   const vicinal_array* weight, const vicinal_array* proxies) {
  Tangents<const Real> direction{};
  direction.weight = a.optional_in(weight, {g.m, c.d, c.features_width});
  direction.proxies = a.optional_in(proxies, {g.m, g.rows, c.d});
  return direction;
}

void check_changes(const vicinal_curvature& c, std::int64_t m, const WeightChanges& changes) {
  if (changes.offsets == nullptr) return;
  check_trait(c.spec, &math::Traits::decomposes, "change_offsets",
              "is not a sum over samples and has their weights inside", "pass null, or choose");
  require(changes.offsets[0] == 0, "change_offsets[0] is ", changes.offsets[0], "; it must be 0");
  for (std::int64_t q = 0; q < m; ++q)
    require(changes.offsets[q] <= changes.offsets[q + 1], "change_offsets[", q + 1, "] is ", changes.offsets[q + 1],
            " after ", changes.offsets[q], "; they must ascend");
  if (changes.offsets[m] == 0) return;
  check_pointer("change_ids", changes.ids);
  check_pointer("change_deltas", changes.deltas);
  for (std::int64_t j = 0; j < changes.offsets[m]; ++j) {
    require(changes.ids[j] >= 0 && changes.ids[j] < c.n, "change_ids[", j, "] is ", changes.ids[j],
            "; it must be in 0..", c.n - 1);
    require(std::isfinite(changes.deltas[j]), "change_deltas[", j, "] is ", changes.deltas[j], "; it must be finite");
  }
}

void check_kind(const vicinal_curvature& c, CurvatureKind kind) {
  const CurvatureTerms terms = terms_of(kind);
  if (terms.gauss_newton && !terms.normalisation)
    check_trait(c.spec, &math::Traits::softmax, "kind", "is no softmax over cosines and has no Gauss-Newton matrix",
                "use the Hessian, or choose");
  if (terms.gradients)
    check_trait(c.spec, &math::Traits::decomposes, "kind", "is not a sum over samples and has no Fisher matrix",
                "use the Hessian, or choose");
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_curvature_products(vicinal_engine* engine, const vicinal_curvature* curvature, int32_t kind,
                                          const vicinal_array* direction_weight, const vicinal_array* direction_proxies,
                                          const int64_t* change_offsets, const int64_t* change_ids,
                                          const double* change_deltas, const vicinal_array* product_weight,
                                          const vicinal_array* product_proxies) {
  return call(engine, curvature, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    const vicinal_curvature& c = *curvature;
    CurvatureProducts<Real> p{};
    p.kind = read_kind(kind);
    check_kind(c, p.kind);
    const auto g = count_directions(c, direction_weight, direction_proxies);
    p.m = g.m;
    p.direction = directions_in(a, c, g, direction_weight, direction_proxies);
    p.changes = {change_offsets, change_ids, change_deltas};
    check_changes(c, p.m, p.changes);
    p.out.weight = a.optional_out(product_weight, {p.m, c.d, c.features_width});
    p.out.proxies = a.optional_out(product_proxies, {p.m, g.rows, c.d});
    require(p.out.weight != nullptr || p.out.proxies != nullptr, "output is missing; give one for weight or proxies");
    a.run(a.ops.curvature_products, c.state, p);
  });
}

vicinal_status vicinal_curvature_scores(vicinal_engine* engine, const vicinal_curvature* curvature,
                                        const vicinal_array* direction_weight, const vicinal_array* direction_proxies,
                                        const vicinal_array* scores) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    const auto g = count_directions(c, direction_weight, direction_proxies);
    const auto direction = directions_in(a, c, g, direction_weight, direction_proxies);
    double* out = a.template get<double>("scores", scores, {g.m, c.n}, true);
    a.run(a.ops.curvature_scores, c.state, g.m, direction, out);
  });
}

vicinal_status vicinal_curvature_sample_gradients(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                  const vicinal_array* units, const vicinal_array* gradients) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    auto* unit_rows = a.optional_out(units, {c.n, c.d});
    auto* gradient_rows = a.optional_out(gradients, {c.n, c.d});
    require(unit_rows != nullptr || gradient_rows != nullptr,
            "units and gradients are both null; at least one is needed");
    if (gradient_rows != nullptr)
      check_trait(c.spec, &math::Traits::decomposes, "gradients", "is not a sum over samples", "pass null, or choose");
    a.run(a.ops.curvature_sample_gradients, c.state, unit_rows, gradient_rows);
  });
}

vicinal_status vicinal_curvature_tables(vicinal_engine* engine, const vicinal_curvature* curvature,
                                        const vicinal_array* direction_weight, const vicinal_array* direction_proxies,
                                        int64_t from, const vicinal_array* by_proxy, const vicinal_array* relabel) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    check_trait(c.spec, &math::Traits::softmax, "curvature", "is no softmax over cosines and has no tables");
    const auto g = count_directions(c, direction_weight, direction_proxies);
    require(g.m == 1, "direction has several directions; give one");
    const auto direction = directions_in(a, c, g, direction_weight, direction_proxies);
    const vicinal_array* some = given(by_proxy) ? by_proxy : relabel;
    require(given(some), "output is missing; give one for the split by proxy or the relabel table");
    const std::int64_t rows = some->ndim == 2 ? some->shape[0] : 1;
    check_size("rows", rows);
    require(from >= 0 && from <= c.n - rows, "from is ", from, " with ", rows, " rows; they must lie within 0..", c.n);
    double* split = a.template get<double>(nullptr, by_proxy, {rows, g.rows}, true);
    double* table = a.template get<double>(nullptr, relabel, {rows, g.rows}, true);
    a.run(a.ops.curvature_tables, c.state, direction, from, rows, split, table);
  });
}

vicinal_status vicinal_curvature_loss_change(vicinal_engine* engine, const vicinal_curvature* curvature,
                                             const vicinal_array* left, const vicinal_array* right,
                                             const vicinal_array* change) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    check_trait(c.spec, &math::Traits::decomposes, "curvature", "is not a sum over samples");
    a.matrix("left", left);
    const std::int64_t R = left->shape[0];
    check_columns("R", R);
    check_product("left left'", R, R);
    const auto* l = a.in("left", left, {R, c.d});
    const auto* r = a.in("right", right, {R, c.features_width});
    double* out = a.template get<double>("change", change, {c.n}, true);
    a.run(a.ops.curvature_loss_change, c.state, R, l, r, out);
  });
}

}  // extern "C"
