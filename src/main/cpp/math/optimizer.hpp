// The steps of optimisers as plain data: kinds, states, factors. math/step.hpp has the formulas.
#ifndef VICINAL_MATH_OPTIMIZER_HPP_
#define VICINAL_MATH_OPTIMIZER_HPP_

#include <cstdint>

namespace vicinal::math {

// What is done to a tensor: a rule of vicinal.h with the states that the tensor has, in their places.
//   momentum_start, momentum, nesterov_start, nesterov   velocity
//   adam                                               first moment, second moment; AdamW too
//   rmsprop, rmsprop_momentum, centered, centered_momentum   mean square, velocity, mean gradient
//   sgd, average                                       none; the "gradient" of an average is what is averaged
#define VICINAL_STEP_KINDS(entry)                                                                                   \
  entry(sgd) entry(momentum_start) entry(momentum) entry(nesterov_start) entry(nesterov) entry(adam) entry(rmsprop) \
      entry(rmsprop_momentum) entry(centered) entry(centered_momentum) entry(average)
enum class StepKind : std::int32_t {
#define VICINAL_KIND(name) name,
  VICINAL_STEP_KINDS(VICINAL_KIND)
#undef VICINAL_KIND
};
constexpr int kMostStates = 3;

// Whether a kind reads or writes the state in a place.
constexpr bool has_state(StepKind kind, int place) {
  switch (kind) {
    case StepKind::sgd:
    case StepKind::average:
      return false;
    case StepKind::momentum_start:
    case StepKind::momentum:
    case StepKind::nesterov_start:
    case StepKind::nesterov:
    case StepKind::rmsprop:
      return place == 0;
    case StepKind::adam:
    case StepKind::rmsprop_momentum:
      return place < 2;
    case StepKind::centered:
      return place != 1;
    case StepKind::centered_momentum:
      return true;
  }
  return false;
}
// The same as a constant, which a GPU's code may read.
template <StepKind kind, int place>
constexpr bool kHasState = has_state(kind, place);

// The factors of a tensor's step, computed in double and rounded once (algorithm/optimizer.hpp).
template <class Real>
struct StepFactors {
  StepKind kind;
  Real limit;  // of a gradient's elements; infinite: none
  Real scale;  // of the gradient
  Real lr;     // Adam: lr / (1 - beta1^t); average: the weight of the new value
  Real l2;     // weight decay that is added to the gradient
  Real decay;  // of the parameter: AdamW 1 - lr weight_decay, Adam 1
  Real eps;
  Real keep1, take1;  // the momentum; Adam: beta1 and 1 - beta1
  Real keep2, take2;  // Adam: beta2 and 1 - beta2; RMSprop: alpha and 1 - alpha
  Real inverse;       // Adam: 1 / sqrt(1 - beta2^t)
};

}  // namespace vicinal::math

#endif  // VICINAL_MATH_OPTIMIZER_HPP_
