// Dual numbers: a value and its derivative along one direction. The maths headers are templated on T = Real or
// Dual<Real>, so that a gradient and the exact directional derivative of that gradient (a Hessian-vector
// product) come from one text. Duals live in registers; arrays keep values and tangents apart.
// Maxima, masks and branches are decided on value(x).
#ifndef VICINAL_MATH_DUAL_HPP_
#define VICINAL_MATH_DUAL_HPP_

#include "math/exp.hpp"
#include "math/hd.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct Dual {
  Real v;  // value
  Real t;  // tangent
};

template <class T>
struct RealOf {
  using type = T;
};
template <class Real>
struct RealOf<Dual<Real>> {
  using type = Real;
};

VICINAL_HD float value(float x) {
  return x;
}
VICINAL_HD double value(double x) {
  return x;
}
template <class Real>
VICINAL_HD Real value(Dual<Real> x) {
  return x.v;
}
VICINAL_HD float tangent(float) {
  return 0.0f;
}
VICINAL_HD double tangent(double) {
  return 0.0;
}
template <class Real>
VICINAL_HD Real tangent(Dual<Real> x) {
  return x.t;
}

// A constant of type T.
template <class T>
struct Constant {
  static VICINAL_HD T of(T x) { return x; }
};
template <class Real>
struct Constant<Dual<Real>> {
  static VICINAL_HD Dual<Real> of(Real x) { return {x, Real(0)}; }
};

// The value `v` with the derivative of `x`: what a floored branch continues with.
VICINAL_HD float with_value(float, float v) {
  return v;
}
VICINAL_HD double with_value(double, double v) {
  return v;
}
template <class Real>
VICINAL_HD Dual<Real> with_value(Dual<Real> x, Real v) {
  return {v, x.t};
}

template <class R>
VICINAL_HD Dual<R> operator-(Dual<R> a) {
  return {-a.v, -a.t};
}
template <class R>
VICINAL_HD Dual<R> operator+(Dual<R> a, Dual<R> b) {
  return {a.v + b.v, a.t + b.t};
}
template <class R>
VICINAL_HD Dual<R> operator-(Dual<R> a, Dual<R> b) {
  return {a.v - b.v, a.t - b.t};
}
template <class R>
VICINAL_HD Dual<R> operator*(Dual<R> a, Dual<R> b) {
  return {a.v * b.v, a.t * b.v + a.v * b.t};
}
template <class R>
VICINAL_HD Dual<R> operator/(Dual<R> a, Dual<R> b) {
  const R q = a.v / b.v;
  return {q, (a.t - q * b.t) / b.v};
}
template <class R>
VICINAL_HD Dual<R> operator+(Dual<R> a, R b) {
  return {a.v + b, a.t};
}
template <class R>
VICINAL_HD Dual<R> operator+(R a, Dual<R> b) {
  return {a + b.v, b.t};
}
template <class R>
VICINAL_HD Dual<R> operator-(Dual<R> a, R b) {
  return {a.v - b, a.t};
}
template <class R>
VICINAL_HD Dual<R> operator-(R a, Dual<R> b) {
  return {a - b.v, -b.t};
}
template <class R>
VICINAL_HD Dual<R> operator*(R a, Dual<R> b) {
  return {a * b.v, a * b.t};
}
template <class R>
VICINAL_HD Dual<R> operator*(Dual<R> a, R b) {
  return {a.v * b, a.t * b};
}
template <class R>
VICINAL_HD Dual<R> operator/(R a, Dual<R> b) {
  const R q = a / b.v;
  return {q, -q * b.t / b.v};
}

template <class R>
VICINAL_HD Dual<R> exp_of(Dual<R> x) {
  const R e = exp_of(x.v);
  return {e, e * x.t};
}

VICINAL_HD float sqrt_of(float x) {
  return __builtin_sqrtf(x);
}
VICINAL_HD double sqrt_of(double x) {
  return __builtin_sqrt(x);
}
template <class R>
VICINAL_HD Dual<R> sqrt_of(Dual<R> x) {
  const R r = sqrt_of(x.v);
  return {r, x.t / (R(2) * r)};
}

// The lower of two; NaN is below everything.
VICINAL_HD double lower_of(double a, double b) {
  return a <= b || a != a ? a : b;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_DUAL_HPP_
