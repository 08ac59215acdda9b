// Normalised softmax (Zhai and Wu, BMVC 2019): softmax over cos / temperature.
#ifndef VICINAL_MATH_NORMALIZED_SOFTMAX_HPP_
#define VICINAL_MATH_NORMALIZED_SOFTMAX_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct NormalizedSoftmax {
  Real slope;  // 1 / temperature

  template <class T>
  VICINAL_HD T label_logit(T s) const {
    return slope * s;
  }
  template <class T>
  VICINAL_HD T label_slope(T) const {
    return Constant<T>::of(slope);
  }
};

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_NORMALIZED_SOFTMAX_HPP_
