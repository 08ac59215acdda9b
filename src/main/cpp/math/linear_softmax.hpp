// A softmax whose logits are linear in the cosines: slope (cos - margin [c = y]).
#ifndef VICINAL_MATH_LINEAR_SOFTMAX_HPP_
#define VICINAL_MATH_LINEAR_SOFTMAX_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct LinearSoftmax {
  Real slope;
  Real margin;

  template <class T>
  VICINAL_HD T label_logit(T s) const {
    return slope * (s - margin);
  }
  template <class T>
  VICINAL_HD T label_slope(T) const {
    return Constant<T>::of(slope);
  }
};
template <class Real>
LinearSoftmax<Real> linear_softmax(double slope, double margin) {
  return {static_cast<Real>(slope), static_cast<Real>(margin)};
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_LINEAR_SOFTMAX_HPP_
