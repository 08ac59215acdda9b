// A loss of given embeddings, in one call of its own or as a step of a program: value and gradients, or its Hessian
// times a direction. Arrays are the device's.
#ifndef VICINAL_ALGORITHM_LOSS_HPP_
#define VICINAL_ALGORITHM_LOSS_HPP_

#include "algorithm/evaluate.hpp"
#include "algorithm/tangent_product.hpp"
#include "program/plan.hpp"

namespace vicinal::algorithm {

// Cosines are kept when they take at most this share of the workspace; the blocks of a product need the rest.
template <class Engine, class Real>
bool cosines_fit(const Engine& e, const Problem<Real>& p) {
  const double bytes = static_cast<double>(p.n) * static_cast<double>(p.classes * p.spec.centers + 16) * sizeof(Real);
  return bytes <= 0.5 * static_cast<double>(e.workspace_bytes);
}

template <class Device>
void loss_product(typename Device::Engine& e, const Problem<typename Device::Real>& p,
                  const Tangents<const typename Device::Real>& direction, const Tangents<typename Device::Real>& out) {
  typename Device::Memory memory(e);
  Point<Device> point = make_point<Device>(memory, p, {true, cosines_fit(e, p), out.proxies != nullptr});
  const auto mark = e.workspace.mark();
  evaluate(e, point, Gradients<typename Device::Real>{}, nullptr);
  e.workspace.rewind(mark);
  tangent_product(e, point, {CurvatureKind::kHessian, 1, direction, {}, out});
}

// at(buffer): where a buffer of the plan lies; null for -1.
template <class Device, class At>
void run_loss(typename Device::Engine& e, const program::LossStep& l, At&& at) {
  using Real = typename Device::Real;
  const auto real = [&](std::int32_t buffer) { return static_cast<Real*>(at(buffer)); };
  const auto mark = e.workspace.mark();
  Problem<Real> p{};
  p.spec = l.loss;
  p.n = l.n;
  p.d = l.d;
  p.classes = l.classes;
  p.labels = static_cast<const std::int64_t*>(at(l.labels));
  p.proxies = real(l.proxies);
  p.embeddings = real(l.embeddings);
  if (l.product) {
    loss_product<Device>(e, p, {real(l.direction_embeddings), real(l.direction_proxies), nullptr, nullptr},
                         {real(l.of_embeddings), real(l.of_proxies), nullptr, nullptr});
  } else {
    typename Device::Memory memory(e);
    Point<Device> point = make_point<Device>(memory, p, {false, false, false});
    LossTotals* const totals = take<LossTotals>(e, 1);
    e.zero(totals, 1);
    Gradients<Real> out{};
    out.embeddings = real(l.of_embeddings);
    out.proxies = real(l.of_proxies);
    evaluate(e, point, out, totals);
    if (l.value >= 0) e.copy(static_cast<double*>(at(l.value)), &totals->loss, 1);
  }
  e.workspace.rewind(mark);
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_LOSS_HPP_
