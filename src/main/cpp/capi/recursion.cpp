// C ABI: the stochastic recursion over the samples in order.
#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

template <class Real>
vicinal_status seed_recursion(vicinal_engine* engine, const vicinal_curvature* curvature, double damping, double scale,
                              std::int64_t m, std::int64_t R, const Real* left, const Real* right, Real* h) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_curvature<Real>(e, curvature);
    require(
        math::traits_of(curvature->spec).decomposes,
        "curvature: proxy-anchor is not a sum over samples and has no recursion over them; use the per-sample axis");
    check_parameter("damping", damping, 0, true, 1);
    check_parameter("scale", scale, 0, false, 1e300);
    check_size("m", m);
    std::int64_t width;
    require(!__builtin_mul_overflow(m, curvature->d, &width), "m * d overflows");
    check_columns("m * d", width);
    check_product("h", width, curvature->features_width);
    check_columns("R", R);
    check_product("left", width, R);
    check_product("right", R, curvature->features_width);
    check_pointer("left", left);
    check_pointer("right", right);
    check_pointer("h", h);
    operations<Real>(*e.table).curvature_seed_recursion(e.device, curvature->state, damping, scale, m, R, left, right,
                                                        h);
  });
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                                   \
  vicinal_status vicinal_curvature_seed_recursion_##suffix(vicinal_engine* engine, const vicinal_curvature* curvature, \
                                                           double damping, double scale, int64_t m, int64_t R,         \
                                                           const Real* left, const Real* right, Real* h) {             \
    return vicinal::capi::seed_recursion<Real>(engine, curvature, damping, scale, m, R, left, right, h);               \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

}  // extern "C"
