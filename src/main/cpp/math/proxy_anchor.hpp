// Proxy-Anchor (Kim et al., CVPR 2020): a log-sum-exp per proxy over the batch.
//   positive  log(1 + sum_{y_i = c} w_i exp(-alpha (u_ic - m)))   mean over the classes present
//   negative  log(1 + sum_{y_i != c} w_i exp(alpha (u_ic + m)))   mean over all classes
// u is the cosine, or with the Euclidean flag the distance |e^ - p^| with alpha negated. In the per-sample mode the
// negative sum runs over proxies of one sample, and the positive one over the batch's repetitions of its label.
//
// State of one reduction: sum of w exp(x - shift); its value log(1 + sum) is shift + log(exp(-shift) + sum). The
// shift is 0 unless x could overflow, because terms far below 1 vanish against the 1.
#ifndef VICINAL_MATH_PROXY_ANCHOR_HPP_
#define VICINAL_MATH_PROXY_ANCHOR_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

// |e^ - p^|^2 below this is held constant: the distance has no derivative at 0.
template <class Real>
struct DistanceFloor;
template <>
struct DistanceFloor<float> {
  static constexpr float kSquare = 1e-6f;
};
template <>
struct DistanceFloor<double> {
  static constexpr double kSquare = 1e-12;
};

template <class Real, bool kEuclidean>
struct ProxyAnchor {
  Real alpha;  // already negated for the Euclidean form
  Real margin;

  template <class T>
  VICINAL_HD T measure(T s) const {
    if constexpr (kEuclidean) {
      const T square = Real(2) - Real(2) * s;
      const bool floored = !(value(square) > DistanceFloor<Real>::kSquare) && value(square) == value(square);
      const T safe = floored ? Constant<T>::of(DistanceFloor<Real>::kSquare) : square;
      return sqrt_of(safe);
    } else {
      return s;
    }
  }
  // d measure / d cosine.
  template <class T>
  VICINAL_HD T measure_slope(T s) const {
    if constexpr (kEuclidean) {
      const T u = measure(s);
      const bool floored = !(Real(2) - Real(2) * value(s) > DistanceFloor<Real>::kSquare);
      return floored ? Constant<T>::of(Real(0)) : Real(-1) / u;
    } else {
      return Constant<T>::of(Real(1));
    }
  }
  template <class T>
  VICINAL_HD T positive_exponent(T s) const {
    return -alpha * (measure(s) - margin);
  }
  template <class T>
  VICINAL_HD T negative_exponent(T s) const {
    return alpha * (measure(s) + margin);
  }
};

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_PROXY_ANCHOR_HPP_
