// One element of a parameter in an optimiser's step (vicinal.h has the rules), for the processor's vector loops and the
// GPU's threads.
#ifndef VICINAL_MATH_STEP_HPP_
#define VICINAL_MATH_STEP_HPP_

#include "math/dual.hpp"
#include "math/optimizer.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

// Within +-limit. NaN stays NaN.
template <class Real>
VICINAL_HD Real limited(Real x, Real limit) {
  const Real v = x > limit ? limit : x;
  return v < -limit ? -limit : v;
}

// g: the gradient, clipped; a, b, c: the states; p: the parameter.
template <StepKind kind, class Real>
VICINAL_HD void step_element(const StepFactors<Real>& f, Real g, Real& a, Real& b, Real& c, Real& p) {
  constexpr bool starts = kind == StepKind::momentum_start || kind == StepKind::nesterov_start;
  constexpr bool nesterov = kind == StepKind::nesterov_start || kind == StepKind::nesterov;
  if constexpr (kind == StepKind::average) {
    p += f.lr * (g - p);
  } else if constexpr (kind == StepKind::sgd) {
    p -= f.lr * (g + f.l2 * p);
  } else if constexpr (starts || nesterov || kind == StepKind::momentum) {
    const Real d = g + f.l2 * p;
    a = starts ? d : f.keep1 * a + d;
    p -= f.lr * (nesterov ? d + f.keep1 * a : a);
  } else if constexpr (kind == StepKind::adam) {
    const Real d = g + f.l2 * p;
    a = f.keep1 * a + f.take1 * d;
    b = f.keep2 * b + f.take2 * d * d;
    p = f.decay * p - f.lr * a / (sqrt_of(b) * f.inverse + f.eps);
  } else {
    const Real d = g + f.l2 * p;
    a = f.keep2 * a + f.take2 * d * d;
    Real square = a;
    if constexpr (kHasState<kind, 2>) {
      c += f.take2 * (d - c);
      const Real variance = a - c * c;
      square = variance > Real(0) ? variance : Real(0);  // rounding makes a variance near 0 negative
    }
    Real change = d / (sqrt_of(square) + f.eps);
    if constexpr (kHasState<kind, 1>) change = b = f.keep1 * b + change;
    p -= f.lr * change;
  }
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_STEP_HPP_
