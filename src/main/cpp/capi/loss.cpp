// C ABI: losses over given embeddings.
#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

template <class Real>
Problem<Real> problem_of(const vicinal_engine& e, const vicinal_loss* spec, std::int64_t B, std::int64_t d,
                         std::int64_t C, const Real* embeddings, const std::int64_t* labels, const Real* proxies,
                         const Real* weights, const Real* soft_labels) {
  Problem<Real> p{};
  p.spec = read_loss(spec);
  p.n = B;
  p.d = d;
  p.classes = C;
  p.labels = labels;
  p.weights = weights;
  p.soft_labels = soft_labels;
  p.proxies = proxies;
  p.embeddings = embeddings;
  check_columns("B", B);
  check_pointer("embeddings", embeddings);
  check_problem(e, p);
  return p;
}

template <class Real>
vicinal_status loss(vicinal_engine* engine, const vicinal_loss* spec, std::int64_t B, std::int64_t d, std::int64_t C,
                    const Real* embeddings, const std::int64_t* labels, const Real* proxies, const Real* weights,
                    const Real* soft_labels, double* value, std::int64_t* empty, Real* per_sample,
                    Real* grad_embeddings, Real* grad_proxies) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    const Problem<Real> p = problem_of(e, spec, B, d, C, embeddings, labels, proxies, weights, soft_labels);
    check_pointer("loss", value);
    require(per_sample == nullptr || math::traits_of(p.spec).decomposes,
            "per_sample: proxy-anchor is not a sum over samples; pass null, or use the per-sample axis");
    Gradients<Real> out{};
    out.loss = value;
    out.empty = empty;
    out.per_sample = per_sample;
    out.embeddings = grad_embeddings;
    out.proxies = grad_proxies;
    operations<Real>(*e.table).loss(e.device, p, out);
  });
}

template <class Real>
vicinal_status loss_hvp(vicinal_engine* engine, const vicinal_loss* spec, std::int64_t B, std::int64_t d,
                        std::int64_t C, const Real* embeddings, const std::int64_t* labels, const Real* proxies,
                        const Real* weights, const Real* soft_labels, const Real* direction_embeddings,
                        const Real* direction_proxies, Real* hvp_embeddings, Real* hvp_proxies) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    const Problem<Real> p = problem_of(e, spec, B, d, C, embeddings, labels, proxies, weights, soft_labels);
    require(direction_embeddings != nullptr || direction_proxies != nullptr,
            "direction_embeddings and direction_proxies are both null; at least one is needed");
    require(hvp_embeddings != nullptr || hvp_proxies != nullptr,
            "hvp_embeddings and hvp_proxies are both null; at least one is needed");
    Tangents<const Real> direction{};
    direction.embeddings = direction_embeddings;
    direction.proxies = direction_proxies;
    Tangents<Real> out{};
    out.embeddings = hvp_embeddings;
    out.proxies = hvp_proxies;
    operations<Real>(*e.table).loss_hvp(e.device, p, direction, out);
  });
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                                  \
  vicinal_status vicinal_loss_##suffix(vicinal_engine* engine, const vicinal_loss* spec, int64_t B, int64_t d,        \
                                       int64_t C, const Real* embeddings, const int64_t* labels, const Real* proxies, \
                                       const Real* weights, const Real* soft_labels, double* loss, int64_t* empty,    \
                                       Real* per_sample, Real* grad_embeddings, Real* grad_proxies) {                 \
    return vicinal::capi::loss<Real>(engine, spec, B, d, C, embeddings, labels, proxies, weights, soft_labels, loss,  \
                                     empty, per_sample, grad_embeddings, grad_proxies);                               \
  }                                                                                                                   \
  vicinal_status vicinal_loss_hvp_##suffix(                                                                           \
      vicinal_engine* engine, const vicinal_loss* spec, int64_t B, int64_t d, int64_t C, const Real* embeddings,      \
      const int64_t* labels, const Real* proxies, const Real* weights, const Real* soft_labels,                       \
      const Real* direction_embeddings, const Real* direction_proxies, Real* hvp_embeddings, Real* hvp_proxies) {     \
    return vicinal::capi::loss_hvp<Real>(engine, spec, B, d, C, embeddings, labels, proxies, weights, soft_labels,    \
                                         direction_embeddings, direction_proxies, hvp_embeddings, hvp_proxies);       \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

}  // extern "C"
