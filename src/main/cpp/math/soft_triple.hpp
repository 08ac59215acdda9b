// SoftTriple (Qian et al., ICCV 2019): every class has K centres.
//   S_c = sum_k q_k s_k,  q = softmax_k(s_k / gamma),  logits la (S_c - margin [c = y]).
//   dS_c / ds_k = q_k (1 + (s_k - S_c) / gamma).
// The regulariser pulls centres of one class together: sqrt(2 + 1e-5 - 2 cos) per pair, its derivative with
// respect to the cosine is -1 / sqrt(...).
#ifndef VICINAL_MATH_SOFT_TRIPLE_HPP_
#define VICINAL_MATH_SOFT_TRIPLE_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct SoftTriple {
  Real slope;  // la
  Real margin;
  Real sharpness;  // 1 / gamma

  template <class T>
  VICINAL_HD T label_logit(T s) const {
    return slope * (s - margin);
  }
  template <class T>
  VICINAL_HD T label_slope(T) const {
    return Constant<T>::of(slope);
  }
  // exp((s - max) / gamma): the unnormalised weight of one centre.
  template <class T>
  VICINAL_HD T centre_term(T s, Real max) const {
    return exp_of(sharpness * (s - max));
  }
  // dS / ds of one centre from its weight q.
  template <class T>
  VICINAL_HD T centre_slope(T q, T s, T similarity) const {
    return q * (Real(1) + sharpness * (s - similarity));
  }
  // d/dcos sqrt(2 + 1e-5 - 2 cos) of a pair of centres; the 1e-5 keeps coinciding centres differentiable.
  template <class T>
  static VICINAL_HD T pair_distance(T cosine) {
    return sqrt_of(Real(2.0 + 1e-5) - Real(2) * cosine);
  }
};

template <class Real>
SoftTriple<Real> soft_triple(double la, double margin, double gamma) {
  return {static_cast<Real>(la), static_cast<Real>(margin), static_cast<Real>(1 / gamma)};
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_SOFT_TRIPLE_HPP_
