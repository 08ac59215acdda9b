// One step of an optimiser over many tensors, clipped and checked.
// Computes     the sum of squares of every tensor's gradient, of which come the norms and whether all are finite; then
//              the step itself (math/optimizer.hpp), which looks at every parameter that it has written.
// Cost         memory-bound. Reads the gradients twice, for nothing is changed before all of them are known to be
//              finite; parameters and states once. A gradient is never written: it is clipped on its way.
// Determinism  pieces have a fixed length and their sums are added in order, in double: the same for every number of
//              threads. Every element's step is independent.
#ifndef VICINAL_ALGORITHM_OPTIMIZER_HPP_
#define VICINAL_ALGORITHM_OPTIMIZER_HPP_

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "algorithm/data.hpp"
#include "core/device.h"

namespace vicinal::algorithm {

constexpr std::int64_t kStepPiece = 1 << 14;
constexpr double kNormFloor = 1e-6;  // as torch.nn.utils.clip_grad_norm_ has it

inline math::StepKind kind_of(std::int32_t rule, const vicinal_update& s) {
  using math::StepKind;
  const bool moves = s.momentum > 0;
  switch (rule) {
    case VICINAL_SGD:
      return !moves ? StepKind::sgd : s.step == 1 ? StepKind::momentum_start : StepKind::momentum;
    case VICINAL_NESTEROV:
      return !moves ? StepKind::sgd : s.step == 1 ? StepKind::nesterov_start : StepKind::nesterov;
    case VICINAL_RMSPROP:
      return moves ? StepKind::rmsprop_momentum : StepKind::rmsprop;
    case VICINAL_CENTERED_RMSPROP:
      return moves ? StepKind::centered_momentum : StepKind::centered;
    default:
      return StepKind::adam;
  }
}

template <class Real>
math::StepFactors<Real> step_factors(std::int32_t rule, const vicinal_update& s, double scale) {
  const auto real = [](double x) { return static_cast<Real>(x); };
  const double t = static_cast<double>(s.step);
  const bool adam = rule == VICINAL_ADAM || rule == VICINAL_ADAMW, decoupled = rule == VICINAL_ADAMW;
  math::StepFactors<Real> f{};
  f.kind = kind_of(rule, s);
  f.limit = s.clip_value > 0 ? real(s.clip_value) : std::numeric_limits<Real>::infinity();
  f.scale = real(scale);
  f.lr = real(adam ? s.lr / (1 - std::pow(s.beta1, t)) : s.lr);
  f.l2 = real(decoupled ? 0 : s.weight_decay);
  f.decay = real(decoupled ? 1 - s.lr * s.weight_decay : 1);
  f.eps = real(s.eps);
  f.keep1 = real(adam ? s.beta1 : s.momentum);
  f.take1 = real(1 - s.beta1);
  f.keep2 = real(s.beta2);
  f.take2 = real(1 - s.beta2);
  f.inverse = real(1 / std::sqrt(1 - std::pow(s.beta2, t)));
  return f;
}

template <class Real>
std::vector<StepPiece> step_pieces(const std::vector<StepTensor<Real>>& tensors) {
  std::vector<StepPiece> pieces;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    for (std::int64_t at = 0; at < tensors[i].n; at += kStepPiece) {
      const std::int64_t size = std::min(kStepPiece, tensors[i].n - at);
      pieces.push_back({static_cast<std::int64_t>(i), at, size, before});
      before += size;
    }
  return pieces;
}

template <class Device>
UpdateOutcome optimizer_step(typename Device::Engine& e, std::int32_t rule, std::int64_t count,
                             const Update<typename Device::Real>* updates) {
  using Real = typename Device::Real;
  std::vector<StepTensor<Real>> tensors(static_cast<std::size_t>(count));
  std::int64_t sets = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    auto& t = tensors[static_cast<std::size_t>(i)];
    t.n = updates[i].n;
    t.gradient = e.in(updates[i].gradient, t.n);
    sets = std::max(sets, updates[i].settings.clip_set + 1);
  }
  const std::vector<StepPiece> pieces = step_pieces(tensors);
  std::vector<double> sums(pieces.size()), of_tensor(tensors.size(), 0.0), of_set(static_cast<std::size_t>(sets), 0.0);
  Device::gradient_squares(e, pieces, tensors, sums.data());
  for (std::size_t i = 0; i < pieces.size(); ++i) of_tensor[static_cast<std::size_t>(pieces[i].tensor)] += sums[i];
  UpdateOutcome out{0, -1};
  double total = 0;
  for (std::int64_t i = count - 1; i >= 0; --i)
    if (std::isnan(of_tensor[static_cast<std::size_t>(i)])) out.nonfinite = i;
  for (std::int64_t i = 0; i < count; ++i) {
    total += of_tensor[static_cast<std::size_t>(i)];
    const vicinal_update& s = updates[i].settings;
    if (s.clip_norm > 0) of_set[static_cast<std::size_t>(s.clip_set)] += of_tensor[static_cast<std::size_t>(i)];
  }
  out.norm = std::sqrt(total);
  if (out.nonfinite >= 0) {
    e.finish();
    return out;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const vicinal_update& s = updates[i].settings;
    const double norm = std::sqrt(of_set[static_cast<std::size_t>(s.clip_set)]);
    const double scale = s.clip_norm > 0 ? std::min(1.0, s.clip_norm / (norm + kNormFloor)) : 1;
    auto& t = tensors[static_cast<std::size_t>(i)];
    t.factors = step_factors<Real>(rule, s, scale);
    t.parameter = e.in_out(updates[i].parameter, t.n);
    for (int k = 0; k < math::kMostStates; ++k)
      if (math::has_state(t.factors.kind, k)) t.states[k] = e.in_out(updates[i].states[k], t.n);
  }
  const std::int64_t bad = Device::step_tensors(e, pieces, tensors);
  if (bad >= 0) out.nonfinite = count + bad;
  return out;
}

// average += weight (value - average).
template <class Device>
void average_tensors(typename Device::Engine& e, double weight, std::int64_t count,
                     const Update<typename Device::Real>* pairs) {
  using Real = typename Device::Real;
  std::vector<StepTensor<Real>> tensors(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    auto& t = tensors[static_cast<std::size_t>(i)];
    t.factors.kind = math::StepKind::average;
    t.factors.limit = std::numeric_limits<Real>::infinity();
    t.factors.scale = 1;
    t.factors.lr = static_cast<Real>(weight);
    t.n = pairs[i].n;
    t.gradient = e.in(pairs[i].gradient, t.n);
    t.parameter = e.in_out(pairs[i].parameter, t.n);
  }
  Device::step_tensors(e, step_pieces(tensors), tensors);
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_OPTIMIZER_HPP_
