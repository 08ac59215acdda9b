// C ABI: the stochastic recursion over the samples in order.
#include "capi/arguments.hpp"

using namespace vicinal;
using namespace vicinal::capi;

extern "C" vicinal_status vicinal_curvature_seed_recursion(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                           double damping, double scale, const vicinal_array* left,
                                                           const vicinal_array* right, const vicinal_array* h) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    check_trait(c.spec, &math::Traits::decomposes, "curvature",
                "is not a sum over samples and has no recursion over them");
    check_parameter("damping", damping, 0, true, 1);
    check_parameter("scale", scale, 0, false, 1e300);
    a.matrix("right", right);
    const std::int64_t R = right->shape[0];
    const bool three = given(left) && left->ndim == 3;  // another rank is refused
    const std::int64_t m = three ? left->shape[0] : 1;
    check_size("m", m);
    std::int64_t width;
    require(!__builtin_mul_overflow(m, c.d, &width), "m * d overflows");
    check_columns("m * d", width);
    check_columns("R", R);
    const auto* l = a.in("left", left, {m, c.d, R});
    const auto* r = a.in("right", right, {R, c.features_width});
    auto* out = a.out("h", h, {m, c.d, c.features_width});
    a.run(a.ops.curvature_seed_recursion, c.state, damping, scale, m, R, l, r, out);
  });
}
