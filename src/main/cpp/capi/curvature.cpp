// C ABI: what influence needs of a curvature beyond one Hessian-vector product.
#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

// m directions of weight and proxies, of which one at least is given.
template <class Real>
Tangents<const Real> check_directions(const vicinal_curvature& c, std::int64_t m, const Real* weight,
                                      const Real* proxies) {
  check_size("m", m);
  std::int64_t width, rows;
  require(!__builtin_mul_overflow(m, c.d, &width), "m * d overflows");
  require(!__builtin_mul_overflow(m, c.n, &rows), "m * N overflows");
  check_columns("m * d", width);
  check_product("direction_weight", width, c.features_width);
  check_product("scores", rows, 1);
  require(weight != nullptr || proxies != nullptr,
          "direction_weight and direction_proxies are both null; at least one is needed");
  Tangents<const Real> direction{};
  direction.weight = weight;
  direction.proxies = proxies;
  return direction;
}

void check_changes(const vicinal_curvature& c, std::int64_t m, const WeightChanges& changes) {
  if (changes.offsets == nullptr) return;
  require(math::traits_of(c.spec).decomposes,
          "change_offsets: proxy-anchor's weights are inside its sums over samples; pass null, or use the per-sample "
          "axis");
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

void check_kind(const vicinal_curvature& c, int kind) {
  require(kind >= VICINAL_HESSIAN && kind <= VICINAL_FISHER, "kind is ", kind, "; the kinds are 0..2");
  require(kind != VICINAL_GAUSS_NEWTON || math::traits_of(c.spec).softmax,
          "kind: this loss is no softmax over cosines and has no Gauss-Newton matrix; use the Hessian");
  require(kind != VICINAL_FISHER || math::traits_of(c.spec).decomposes,
          "kind: proxy-anchor is not a sum over samples and has no Fisher matrix; use the Hessian");
}

template <class Real>
vicinal_status products(vicinal_engine* engine, const vicinal_curvature* curvature, int kind, std::int64_t m,
                        const Real* direction_weight, const Real* direction_proxies, const WeightChanges& changes,
                        Real* product_weight, Real* product_proxies) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    check_kind(*curvature, kind);
    CurvatureProducts<Real> p{};
    p.kind = kind;
    p.m = m;
    p.direction = check_directions(*curvature, m, direction_weight, direction_proxies);
    check_changes(*curvature, m, changes);
    p.changes = changes;
    require(product_weight != nullptr || product_proxies != nullptr,
            "product_weight and product_proxies are both null; at least one is needed");
    p.out.weight = product_weight;
    p.out.proxies = product_proxies;
    operations<Real>(*e.table).curvature_products(e.device, curvature->state, p);
  });
}

template <class Real>
vicinal_status scores(vicinal_engine* engine, const vicinal_curvature* curvature, std::int64_t m,
                      const Real* direction_weight, const Real* direction_proxies, double* out) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    const Tangents<const Real> direction = check_directions(*curvature, m, direction_weight, direction_proxies);
    check_pointer("scores", out);
    operations<Real>(*e.table).curvature_scores(e.device, curvature->state, m, direction, out);
  });
}

template <class Real>
vicinal_status sample_gradients(vicinal_engine* engine, const vicinal_curvature* curvature, Real* units,
                                Real* gradients) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(units != nullptr || gradients != nullptr, "units and gradients are both null; at least one is needed");
    require(gradients == nullptr || math::traits_of(curvature->spec).decomposes,
            "gradients: proxy-anchor is not a sum over samples; pass null, or use the per-sample axis");
    operations<Real>(*e.table).curvature_sample_gradients(e.device, curvature->state, units, gradients);
  });
}

template <class Real>
vicinal_status tables(vicinal_engine* engine, const vicinal_curvature* curvature, const Real* direction_weight,
                      const Real* direction_proxies, std::int64_t from, std::int64_t rows, double* by_proxy,
                      double* relabel) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(math::traits_of(curvature->spec).softmax,
            "curvature: its loss is no softmax over cosines and has no tables");
    const Tangents<const Real> direction = check_directions(*curvature, 1, direction_weight, direction_proxies);
    check_size("rows", rows);
    require(from >= 0 && from <= curvature->n - rows, "from is ", from, " with ", rows,
            " rows; they must lie within 0..", curvature->n);
    require(by_proxy != nullptr || relabel != nullptr, "by_proxy and relabel are both null; at least one is needed");
    operations<Real>(*e.table).curvature_tables(e.device, curvature->state, direction, from, rows, by_proxy, relabel);
  });
}

template <class Real>
vicinal_status loss_change(vicinal_engine* engine, const vicinal_curvature* curvature, std::int64_t R, const Real* left,
                           const Real* right, double* change) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(math::traits_of(curvature->spec).decomposes,
            "curvature: proxy-anchor is not a sum over samples; use the per-sample axis");
    check_columns("R", R);
    check_product("right", R, curvature->features_width);
    check_product("left", R, curvature->d);
    check_product("left left'", R, R);
    check_pointer("left", left);
    check_pointer("right", right);
    check_pointer("change", change);
    operations<Real>(*e.table).curvature_loss_change(e.device, curvature->state, R, left, right, change);
  });
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                                 \
  vicinal_status vicinal_curvature_products_##suffix(                                                                \
      vicinal_engine* engine, const vicinal_curvature* curvature, int32_t kind, int64_t m,                           \
      const Real* direction_weight, const Real* direction_proxies, const int64_t* change_offsets,                    \
      const int64_t* change_ids, const double* change_deltas, Real* product_weight, Real* product_proxies) {         \
    return vicinal::capi::products<Real>(engine, curvature, kind, m, direction_weight, direction_proxies,            \
                                         {change_offsets, change_ids, change_deltas}, product_weight,                \
                                         product_proxies);                                                           \
  }                                                                                                                  \
  vicinal_status vicinal_curvature_scores_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature,       \
                                                   int64_t m, const Real* direction_weight,                          \
                                                   const Real* direction_proxies, double* scores) {                  \
    return vicinal::capi::scores<Real>(engine, curvature, m, direction_weight, direction_proxies, scores);           \
  }                                                                                                                  \
  vicinal_status vicinal_curvature_sample_gradients_##suffix(                                                        \
      vicinal_engine* engine, const vicinal_curvature* curvature, Real* units, Real* gradients) {                    \
    return vicinal::capi::sample_gradients<Real>(engine, curvature, units, gradients);                               \
  }                                                                                                                  \
  vicinal_status vicinal_curvature_tables_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature,       \
                                                   const Real* direction_weight, const Real* direction_proxies,      \
                                                   int64_t from, int64_t rows, double* by_proxy, double* relabel) {  \
    return vicinal::capi::tables<Real>(engine, curvature, direction_weight, direction_proxies, from, rows, by_proxy, \
                                       relabel);                                                                     \
  }                                                                                                                  \
  vicinal_status vicinal_curvature_loss_change_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature,  \
                                                        int64_t R, const Real* left, const Real* right,              \
                                                        double* change) {                                            \
    return vicinal::capi::loss_change<Real>(engine, curvature, R, left, right, change);                              \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

}  // extern "C"
