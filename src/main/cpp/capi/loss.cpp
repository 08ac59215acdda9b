// C ABI: losses over given embeddings.
#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

template <class Real>
Problem<Real> problem_of(Arguments<Real>& a, const vicinal_loss* spec, std::int64_t C, const vicinal_array* embeddings,
                         const vicinal_array* labels, const vicinal_array* proxies, const vicinal_array* weights,
                         const vicinal_array* soft_labels) {
  Problem<Real> p{};
  p.spec = read_loss(spec);
  a.matrix("embeddings", embeddings);
  p.n = embeddings->shape[0];
  p.d = embeddings->shape[1];
  check_columns("B", p.n);
  check_columns("d", p.d);
  p.embeddings = a.in("embeddings", embeddings, {p.n, p.d});
  read_targets(a, p, C, labels, weights, soft_labels, proxies);
  return p;
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_loss_gradient(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                     const vicinal_array* embeddings, const vicinal_array* labels,
                                     const vicinal_array* proxies, const vicinal_array* weights,
                                     const vicinal_array* soft_labels, double* loss, int64_t* empty,
                                     const vicinal_array* per_sample, const vicinal_array* grad_embeddings,
                                     const vicinal_array* grad_proxies) {
  return call(engine, "embeddings", embeddings, [&](auto& a) {
    const auto p = problem_of(a, spec, C, embeddings, labels, proxies, weights, soft_labels);
    auto out = loss_outputs(a, p, loss, empty, per_sample);
    out.embeddings = a.optional_out(grad_embeddings, {p.n, p.d});
    out.proxies = a.optional_out(grad_proxies, {C * p.spec.centers, p.d});
    a.run(a.ops.loss, p, out);
  });
}

vicinal_status vicinal_loss_hvp(vicinal_engine* engine, const vicinal_loss* spec, int64_t C,
                                const vicinal_array* embeddings, const vicinal_array* labels,
                                const vicinal_array* proxies, const vicinal_array* weights,
                                const vicinal_array* soft_labels, const vicinal_array* direction_embeddings,
                                const vicinal_array* direction_proxies, const vicinal_array* hvp_embeddings,
                                const vicinal_array* hvp_proxies) {
  return call(engine, "embeddings", embeddings, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    const auto p = problem_of(a, spec, C, embeddings, labels, proxies, weights, soft_labels);
    const std::int64_t rows = C * p.spec.centers;
    Tangents<const Real> direction{};
    direction.embeddings = a.optional_in(direction_embeddings, {p.n, p.d});
    direction.proxies = a.optional_in(direction_proxies, {rows, p.d});
    Tangents<Real> out{};
    out.embeddings = a.optional_out(hvp_embeddings, {p.n, p.d});
    out.proxies = a.optional_out(hvp_proxies, {rows, p.d});
    require(direction.embeddings != nullptr || direction.proxies != nullptr,
            "direction is missing; give one for embeddings or proxies");
    require(out.embeddings != nullptr || out.proxies != nullptr,
            "output is missing; give one for embeddings or proxies");
    a.run(a.ops.loss_hvp, p, direction, out);
  });
}

}  // extern "C"
