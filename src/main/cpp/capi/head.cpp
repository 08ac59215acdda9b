// C ABI: the linear head over cached features, and the curvature of its loss.
#include <memory>

#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

// Features [N, D] and a weight [d, D], their sizes checked.
template <class Real>
Problem<Real> head_of(Arguments<Real>& a, const vicinal_array* features, const vicinal_array* weight,
                      const vicinal_array* bias) {
  Problem<Real> p{};
  a.matrix("features", features);
  a.matrix("weight", weight);
  p.n = features->shape[0];
  p.features_width = features->shape[1];
  p.d = weight->shape[0];
  check_columns("N", p.n);
  check_columns("D", p.features_width);
  check_columns("d", p.d);
  p.features = a.in("features", features, {p.n, p.features_width});
  p.weight = a.in("weight", weight, {p.d, p.features_width});
  p.bias = a.optional_in(bias, {p.d});
  return p;
}

template <class Real>
Problem<Real> problem_of(Arguments<Real>& a, const vicinal_loss* spec, std::int64_t C, const vicinal_array* features,
                         const vicinal_array* labels, const vicinal_array* weights, const vicinal_array* soft_labels,
                         const vicinal_array* weight, const vicinal_array* bias, const vicinal_array* proxies) {
  const LossSpec checked = read_loss(spec);
  Problem<Real> p = head_of(a, features, weight, bias);
  p.spec = checked;
  check_product("embeddings", p.n, p.d);
  read_targets(a, p, C, labels, weights, soft_labels, proxies);
  return p;
}

void check_bias(const vicinal_array* part, bool has_bias) {
  if (!given(part) || has_bias) return;
  check_form("bias", part);
  fail(VICINAL_INVALID_ARGUMENT, part->name, " is given and the head has no bias; pass null");
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_head_embed(vicinal_engine* engine, const vicinal_array* features, const vicinal_array* weight,
                                  const vicinal_array* bias, const vicinal_array* embeddings) {
  return call(engine, "features", features, [&](auto& a) {
    const auto p = head_of(a, features, weight, bias);
    auto* out = a.out("embeddings", embeddings, {p.n, p.d});
    a.run(a.ops.embed, p, out);
  });
}

vicinal_status vicinal_head_gradient(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                     const vicinal_array* features, const vicinal_array* labels,
                                     const vicinal_array* weights, const vicinal_array* soft_labels,
                                     const vicinal_array* weight, const vicinal_array* bias,
                                     const vicinal_array* proxies, double* loss, int64_t* empty,
                                     const vicinal_array* per_sample, const vicinal_array* grad_weight,
                                     const vicinal_array* grad_bias, const vicinal_array* grad_proxies) {
  return call(engine, "features", features, [&](auto& a) {
    const auto p = problem_of(a, spec, C, features, labels, weights, soft_labels, weight, bias, proxies);
    auto out = loss_outputs(a, p, loss, empty, per_sample);
    check_bias(grad_bias, p.bias != nullptr);
    out.weight = a.optional_out(grad_weight, {p.d, p.features_width});
    out.bias = a.optional_out(grad_bias, {p.d});
    out.proxies = a.optional_out(grad_proxies, {C * p.spec.centers, p.d});
    a.run(a.ops.loss, p, out);
  });
}

vicinal_status vicinal_curvature_create(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                        const vicinal_array* features, const vicinal_array* labels,
                                        const vicinal_array* weights, const vicinal_array* soft_labels,
                                        const vicinal_array* weight, const vicinal_array* bias,
                                        const vicinal_array* proxies, vicinal_curvature** curvature) {
  return call(engine, "features", features, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    check_pointer("curvature", curvature);
    *curvature = nullptr;
    const auto p = problem_of(a, spec, C, features, labels, weights, soft_labels, weight, bias, proxies);
    auto handle = std::make_unique<vicinal_curvature>();
    handle->table = a.engine.table;
    handle->is_double = sizeof(Real) == sizeof(double);
    handle->has_bias = p.bias != nullptr;
    handle->spec = p.spec;
    handle->n = p.n;
    handle->d = p.d;
    handle->classes = C;
    handle->features_width = p.features_width;
    handle->state = a.run(a.ops.curvature_create, p);
    *curvature = handle.release();
  });
}

void vicinal_curvature_destroy(vicinal_curvature* curvature) {
  if (curvature == nullptr) return;
  if (curvature->is_double) {
    curvature->table->f64.curvature_destroy(curvature->state);
  } else {
    curvature->table->f32.curvature_destroy(curvature->state);
  }
  delete curvature;
}

vicinal_status vicinal_curvature_hvp(vicinal_engine* engine, const vicinal_curvature* curvature,
                                     const vicinal_array* direction_weight, const vicinal_array* direction_bias,
                                     const vicinal_array* direction_proxies, const vicinal_array* hvp_weight,
                                     const vicinal_array* hvp_bias, const vicinal_array* hvp_proxies) {
  return call(engine, curvature, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    const vicinal_curvature& c = *curvature;
    const std::int64_t rows = c.classes * c.spec.centers;
    check_bias(direction_bias, c.has_bias);
    check_bias(hvp_bias, c.has_bias);
    CurvatureProducts<Real> p{};
    p.kind = CurvatureKind::kHessian;
    p.m = 1;
    p.direction.weight = a.optional_in(direction_weight, {c.d, c.features_width});
    p.direction.bias = a.optional_in(direction_bias, {c.d});
    p.direction.proxies = a.optional_in(direction_proxies, {rows, c.d});
    p.out.weight = a.optional_out(hvp_weight, {c.d, c.features_width});
    p.out.bias = a.optional_out(hvp_bias, {c.d});
    p.out.proxies = a.optional_out(hvp_proxies, {rows, c.d});
    require(p.direction.weight != nullptr || p.direction.bias != nullptr || p.direction.proxies != nullptr,
            "direction is missing; give one for weight, bias or proxies");
    require(p.out.weight != nullptr || p.out.bias != nullptr || p.out.proxies != nullptr,
            "output is missing; give one for weight, bias or proxies");
    a.run(a.ops.curvature_products, c.state, p);
  });
}

}  // extern "C"
