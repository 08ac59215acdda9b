// Proxy-NCA (Movshovitz-Attias et al., ICCV 2017) and ProxyNCA++ (Teh et al., ECCV 2020): softmax over
// -scale |e^ - p^|^2. With unit vectors |e^ - p^|^2 = 2 - 2 cos, and the softmax ignores row constants, so the
// logit is 2 scale cos. A zero proxy is at squared distance 1 from every unit vector: kZeroProxyCosine gives the
// same logit. ProxyNCA++ scales the vectors, so its scale enters squared.
#ifndef VICINAL_MATH_PROXY_NCA_HPP_
#define VICINAL_MATH_PROXY_NCA_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct ProxyNca {
  Real slope;  // d logit / d cosine: 2 scale, or 2 scale^2 for ProxyNCA++
  static constexpr double kZeroProxyCosine = 0.5;

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

#endif  // VICINAL_MATH_PROXY_NCA_HPP_
