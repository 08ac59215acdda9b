// C ABI: exact Kronecker factors, exact diagonals and self influence at a curvature.
#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

void check_softmax(const vicinal_curvature& c, const char* what) {
  require(math::traits_of(c.spec).softmax, what,
          ": this loss is no softmax over cosines and has no closed form; proxy-nca and proxy-nca-pp (not "
          "exclude-positive), soft-triple with one centre, normalized-softmax and cosface have");
}

void check_samples(const vicinal_curvature& c, const char* what) {
  require(math::traits_of(c.spec).decomposes, what,
          ": proxy-anchor is not a sum over samples; use the per-sample axis");
}

template <class Real>
vicinal_status factors(vicinal_engine* engine, const vicinal_curvature* curvature, Real* feature, Real* output) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(feature != nullptr || output != nullptr,
            "feature_factor and output_factor are both null; at least one is needed");
    if (output != nullptr) check_softmax(*curvature, "output_factor");
    operations<Real>(*e.table).curvature_factors(e.device, curvature->state, feature, output);
  });
}

template <class Real>
vicinal_status diagonal(vicinal_engine* engine, const vicinal_curvature* curvature, int kind, Real* weight,
                        Real* proxies) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(kind >= VICINAL_HESSIAN && kind <= VICINAL_FISHER, "kind is ", kind, "; the kinds are 0..2");
    require(weight != nullptr || proxies != nullptr, "weight and proxies are both null; at least one is needed");
    if (kind != VICINAL_FISHER) check_softmax(*curvature, "kind");
    if (proxies != nullptr) check_softmax(*curvature, "proxies");
    check_samples(*curvature, "kind");
    operations<Real>(*e.table).curvature_diagonal(e.device, curvature->state, kind, weight, proxies);
  });
}

template <class Real>
vicinal_status self_influence(vicinal_engine* engine, const vicinal_curvature* curvature, const Real* inverse,
                              double* out) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    check_pointer("inverse", inverse);
    check_pointer("out", out);
    check_samples(*curvature, "out");
    operations<Real>(*e.table).curvature_self_influence(e.device, curvature->state, inverse, out);
  });
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                                   \
  vicinal_status vicinal_curvature_factors_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature,        \
                                                    Real* feature_factor, Real* output_factor) {                       \
    return vicinal::capi::factors<Real>(engine, curvature, feature_factor, output_factor);                             \
  }                                                                                                                    \
  vicinal_status vicinal_curvature_diagonal_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature,       \
                                                     int32_t kind, Real* weight, Real* proxies) {                      \
    return vicinal::capi::diagonal<Real>(engine, curvature, kind, weight, proxies);                                    \
  }                                                                                                                    \
  vicinal_status vicinal_curvature_self_influence_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature, \
                                                           const Real* inverse, double* out) {                         \
    return vicinal::capi::self_influence<Real>(engine, curvature, inverse, out);                                       \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

}  // extern "C"
