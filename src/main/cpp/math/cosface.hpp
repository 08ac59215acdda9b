// CosFace (Wang et al., CVPR 2018): scale (cos - margin [c = y]) as logits.
#ifndef VICINAL_MATH_COSFACE_HPP_
#define VICINAL_MATH_COSFACE_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct CosFace {
  Real slope;  // scale
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

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_COSFACE_HPP_
