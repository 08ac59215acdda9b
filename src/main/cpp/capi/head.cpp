// C ABI: the linear head over cached features, and the curvature of its loss.
#include <memory>

#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

template <class Real>
Problem<Real> head_of(const vicinal_engine& e, const vicinal_loss* spec, std::int64_t N, std::int64_t D, std::int64_t d,
                      std::int64_t C, const Real* features, const std::int64_t* labels, const Real* weights,
                      const Real* soft_labels, const Real* weight, const Real* bias, const Real* proxies) {
  Problem<Real> p{};
  p.spec = read_loss(spec);
  p.n = N;
  p.d = d;
  p.classes = C;
  p.labels = labels;
  p.weights = weights;
  p.soft_labels = soft_labels;
  p.proxies = proxies;
  p.features_width = D;
  p.features = features;
  p.weight = weight;
  p.bias = bias;
  check_columns("N", N);
  check_columns("D", D);
  check_columns("d", d);
  check_product("features", N, D);
  check_product("weight", d, D);
  check_pointer("features", features);
  check_pointer("weight", weight);
  check_problem(e, p);
  return p;
}

template <class Real>
vicinal_status embed(vicinal_engine* engine, std::int64_t N, std::int64_t D, std::int64_t d, const Real* features,
                     const Real* weight, const Real* bias, Real* embeddings) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_columns("N", N);
    check_columns("D", D);
    check_columns("d", d);
    check_product("features", N, D);
    check_product("embeddings", N, d);
    check_product("weight", d, D);
    check_pointer("features", features);
    check_pointer("weight", weight);
    check_pointer("embeddings", embeddings);
    Problem<Real> p{};
    p.n = N;
    p.d = d;
    p.features_width = D;
    p.features = features;
    p.weight = weight;
    p.bias = bias;
    operations<Real>(*e.table).embed(e.device, p, embeddings);
  });
}

template <class Real>
void check_head_outputs(const Problem<Real>& p, const double* loss, const Real* per_sample, const Real* grad_bias) {
  check_pointer("loss", loss);
  require(per_sample == nullptr || math::traits_of(p.spec).decomposes,
          "per_sample: proxy-anchor is not a sum over samples; pass null, or use the per-sample axis");
  require(grad_bias == nullptr || p.bias != nullptr, "grad_bias must be null when bias is");
}

template <class Real>
vicinal_status curvature_hvp(vicinal_engine* engine, const vicinal_curvature* curvature, const Real* direction_weight,
                             const Real* direction_bias, const Real* direction_proxies, Real* hvp_weight,
                             Real* hvp_bias, Real* hvp_proxies) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(direction_weight != nullptr || direction_bias != nullptr || direction_proxies != nullptr,
            "direction_weight, direction_bias and direction_proxies are all null; at least one is needed");
    require(hvp_weight != nullptr || hvp_bias != nullptr || hvp_proxies != nullptr,
            "hvp_weight, hvp_bias and hvp_proxies are all null; at least one is needed");
    require(curvature->has_bias || (direction_bias == nullptr && hvp_bias == nullptr),
            "direction_bias and hvp_bias must be null: the curvature was created without a bias");
    Tangents<const Real> direction{};
    direction.weight = direction_weight;
    direction.bias = direction_bias;
    direction.proxies = direction_proxies;
    Tangents<Real> out{};
    out.weight = hvp_weight;
    out.bias = hvp_bias;
    out.proxies = hvp_proxies;
    operations<Real>(*e.table).curvature_products(e.device, curvature->state, {VICINAL_HESSIAN, 1, direction, {}, out});
  });
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                                  \
  vicinal_status vicinal_head_embed_##suffix(vicinal_engine* engine, int64_t N, int64_t D, int64_t d,                 \
                                             const Real* features, const Real* weight, const Real* bias,              \
                                             Real* embeddings) {                                                      \
    return vicinal::capi::embed<Real>(engine, N, D, d, features, weight, bias, embeddings);                           \
  }                                                                                                                   \
  vicinal_status vicinal_head_gradient_##suffix(                                                                      \
      vicinal_engine* engine, const vicinal_loss* spec, int64_t N, int64_t D, int64_t d, int64_t C,                   \
      const Real* features, const int64_t* labels, const Real* weights, const Real* soft_labels, const Real* weight,  \
      const Real* bias, const Real* proxies, double* loss, int64_t* empty, Real* per_sample, Real* grad_weight,       \
      Real* grad_bias, Real* grad_proxies) {                                                                          \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      const vicinal::Problem<Real> p =                                                                                \
          vicinal::capi::head_of(e, spec, N, D, d, C, features, labels, weights, soft_labels, weight, bias, proxies); \
      vicinal::capi::check_head_outputs(p, loss, per_sample, grad_bias);                                              \
      vicinal::Gradients<Real> out{};                                                                                 \
      out.loss = loss;                                                                                                \
      out.empty = empty;                                                                                              \
      out.per_sample = per_sample;                                                                                    \
      out.weight = grad_weight;                                                                                       \
      out.bias = grad_bias;                                                                                           \
      out.proxies = grad_proxies;                                                                                     \
      vicinal::operations<Real>(*e.table).loss(e.device, p, out);                                                     \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_curvature_create_##suffix(                                                                   \
      vicinal_engine* engine, const vicinal_loss* spec, int64_t N, int64_t D, int64_t d, int64_t C,                   \
      const Real* features, const int64_t* labels, const Real* weights, const Real* soft_labels, const Real* weight,  \
      const Real* bias, const Real* proxies, vicinal_curvature** curvature) {                                         \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_pointer("curvature", curvature);                                                           \
      *curvature = nullptr;                                                                                           \
      const vicinal::Problem<Real> p =                                                                                \
          vicinal::capi::head_of(e, spec, N, D, d, C, features, labels, weights, soft_labels, weight, bias, proxies); \
      auto handle = std::make_unique<vicinal_curvature>();                                                            \
      handle->table = e.table;                                                                                        \
      handle->is_double = sizeof(Real) == sizeof(double);                                                             \
      handle->has_bias = bias != nullptr;                                                                             \
      handle->spec = p.spec;                                                                                          \
      handle->n = N;                                                                                                  \
      handle->d = d;                                                                                                  \
      handle->classes = C;                                                                                            \
      handle->features_width = D;                                                                                     \
      handle->state = vicinal::operations<Real>(*e.table).curvature_create(e.device, p);                              \
      *curvature = handle.release();                                                                                  \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_curvature_hvp_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature,           \
                                                const Real* direction_weight, const Real* direction_bias,             \
                                                const Real* direction_proxies, Real* hvp_weight, Real* hvp_bias,      \
                                                Real* hvp_proxies) {                                                  \
    return vicinal::capi::curvature_hvp<Real>(engine, curvature, direction_weight, direction_bias, direction_proxies, \
                                              hvp_weight, hvp_bias, hvp_proxies);                                     \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

void vicinal_curvature_destroy(vicinal_curvature* curvature) {
  if (curvature == nullptr) return;
  if (curvature->is_double) {
    curvature->table->f64.curvature_destroy(curvature->state);
  } else {
    curvature->table->f32.curvature_destroy(curvature->state);
  }
  delete curvature;
}

}  // extern "C"
