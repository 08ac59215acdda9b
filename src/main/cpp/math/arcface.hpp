// ArcFace (Deng et al., CVPR 2019): scale cos(theta + margin) at the label, scale cos elsewhere.
//   cos(theta + m) = cos(theta) cos(m) - sin(theta) sin(m) while theta + m <= pi, that is cos(theta) >= -cos(m);
//   beyond that the linear tail cos(theta) - m sin(m), as pytorch-metric-learning.
// sin(theta)^2 is floored: next to 0 the derivative of the square root is unbounded. A floored entry uses the
// derivatives of the unmargined logit.
#ifndef VICINAL_MATH_ARCFACE_HPP_
#define VICINAL_MATH_ARCFACE_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct SineFloor;
template <>
struct SineFloor<float> {
  static constexpr float kSquare = 1e-6f;  // rounding of 1 - cos^2 is about 1e-7
};
template <>
struct SineFloor<double> {
  static constexpr double kSquare = 1e-12;
};

template <class Real>
struct ArcFace {
  Real slope;  // scale
  Real cos_margin, sin_margin;
  Real tail;  // margin sin(margin)

  template <class T>
  VICINAL_HD T label_logit(T s) const {
    const Real v = value(s);
    if (v < -cos_margin) return slope * (s - tail);
    if (Real(1) - v * v < SineFloor<Real>::kSquare) {
      const Real sine = sqrt_of(SineFloor<Real>::kSquare);
      return slope * with_value(s, v * cos_margin - sine * sin_margin);
    }
    return slope * (s * cos_margin - sqrt_of(Real(1) - s * s) * sin_margin);
  }
  template <class T>
  VICINAL_HD T label_slope(T s) const {
    const Real v = value(s);
    if (v < -cos_margin || Real(1) - v * v < SineFloor<Real>::kSquare) return Constant<T>::of(slope);
    return slope * (cos_margin + s * sin_margin / sqrt_of(Real(1) - s * s));
  }
};

template <class Real>
ArcFace<Real> arcface(double scale, double margin_degrees) {
  constexpr double kPi = 3.14159265358979323846;
  const double m = margin_degrees * kPi / 180, sine = __builtin_sin(m);
  return {static_cast<Real>(scale), static_cast<Real>(__builtin_cos(m)), static_cast<Real>(sine),
          static_cast<Real>(m * sine)};
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_ARCFACE_HPP_
