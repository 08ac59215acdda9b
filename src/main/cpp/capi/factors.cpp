// C ABI: exact Kronecker factors, exact diagonals and self influence at a curvature.
#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

void check_softmax(const vicinal_curvature& c, const char* what) {
  check_trait(c.spec, &math::Traits::softmax, what, "is no softmax over cosines and has no closed form");
}

void check_samples(const vicinal_curvature& c, const char* what) {
  check_trait(c.spec, &math::Traits::decomposes, what, "is not a sum over samples");
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_curvature_factors(vicinal_engine* engine, const vicinal_curvature* curvature,
                                         const vicinal_array* feature_factor, const vicinal_array* output_factor) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    auto* feature = a.optional_out(feature_factor, {c.features_width, c.features_width});
    auto* output = a.optional_out(output_factor, {c.d, c.d});
    require(feature != nullptr || output != nullptr,
            "feature_factor and output_factor are both null; at least one is needed");
    if (output != nullptr) check_softmax(c, "output_factor");
    a.run(a.ops.curvature_factors, c.state, feature, output);
  });
}

vicinal_status vicinal_curvature_diagonal(vicinal_engine* engine, const vicinal_curvature* curvature, int32_t kind,
                                          const vicinal_array* weight, const vicinal_array* proxies) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    const CurvatureKind of = read_kind(kind);
    auto* of_weight = a.optional_out(weight, {c.d, c.features_width});
    auto* of_proxies = a.optional_out(proxies, {c.classes * c.spec.centers, c.d});
    require(of_weight != nullptr || of_proxies != nullptr, "weight and proxies are both null; at least one is needed");
    if (terms_of(of).gauss_newton) check_softmax(c, "kind");
    if (of_proxies != nullptr) check_softmax(c, "proxies");
    check_samples(c, "kind");
    a.run(a.ops.curvature_diagonal, c.state, of, of_weight, of_proxies);
  });
}

vicinal_status vicinal_curvature_self_influence(vicinal_engine* engine, const vicinal_curvature* curvature,
                                                const vicinal_array* inverse, const vicinal_array* out) {
  return call(engine, curvature, [&](auto& a) {
    const vicinal_curvature& c = *curvature;
    const auto* diagonal = a.in("inverse", inverse, {c.d, c.features_width});
    double* forms = a.template get<double>("out", out, {c.n}, true);
    check_samples(c, "out");
    a.run(a.ops.curvature_self_influence, c.state, diagonal, forms);
  });
}

}  // extern "C"
