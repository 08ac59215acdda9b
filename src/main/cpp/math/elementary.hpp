// log, log1p, expm1 and what stands on them, for vector loops: no branches, tables or library calls, like exp.hpp.
// Error    log at most 1 ulp, log1p and softplus 2, exp, expm1 and sigmoid 3, tanh 7 (tested over the whole range).
// Method   log: x = 2^e m with m in [sqrt(1/2), sqrt(2)), s = (m - 1) / (m + 1), log m = 2 atanh(s) as fdlibm has it.
//          log1p, expm1: the logarithm or exponential of the rounded argument, with what rounding took away put back.
#ifndef VICINAL_MATH_ELEMENTARY_HPP_
#define VICINAL_MATH_ELEMENTARY_HPP_

#include <cmath>

#include "math/exp.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct Extremes {
  static constexpr Real kInfinity = static_cast<Real>(__builtin_huge_val());
  static constexpr Real kNaN = static_cast<Real>(__builtin_nan(""));
  static constexpr Real kLowest =
      sizeof(Real) == sizeof(float) ? static_cast<Real>(-3.402823466e+38f) : static_cast<Real>(-1.7976931348623157e308);
};

// exp that overflows to infinity: exp.hpp's saturates, and half of the argument does not.
template <class Real>
VICINAL_HD Real exp_whole(Real x) {
  const Real half = exp_of(x * Real(0.5));
  return half * half;
}

VICINAL_HD float log_of(float x) {
  const bool small = x < 1.17549435e-38f;  // below the normal numbers: scaled by 2^25
  const float scaled = small ? x * 33554432.0f : x;
  std::uint32_t bits;
  __builtin_memcpy(&bits, &scaled, sizeof bits);
  bits += 0x3f800000u - 0x3f3504f3u;  // m in [sqrt(1/2), sqrt(2))
  const float e = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127 - (small ? 25 : 0));
  bits = (bits & 0x007fffffu) + 0x3f3504f3u;
  float m;
  __builtin_memcpy(&m, &bits, sizeof m);
  const float f = m - 1.0f, s = f / (2.0f + f), z = s * s, w = z * z;
  const float t1 = w * (0.40000972152f + w * 0.24279078841f), t2 = z * (0.66666662693f + w * 0.28498786688f);
  const float hfsq = 0.5f * f * f;
  const float r = e * 6.9313812256e-01f + (f - (hfsq - (s * (hfsq + t1 + t2) + e * 9.0580006145e-06f)));
  const float top = x == Extremes<float>::kInfinity ? x : r;
  const float low = x == 0.0f ? -Extremes<float>::kInfinity : top;
  return x < 0.0f || x != x ? Extremes<float>::kNaN : low;
}

VICINAL_HD double log_of(double x) {
  const bool small = x < 2.2250738585072014e-308;
  const double scaled = small ? x * 18014398509481984.0 : x;  // 2^54
  std::uint64_t bits;
  __builtin_memcpy(&bits, &scaled, sizeof bits);
  bits += 0x3ff0000000000000ull - 0x3fe6a09e667f3bcdull;
  const double e = static_cast<double>(static_cast<std::int32_t>(bits >> 52) - 1023 - (small ? 54 : 0));
  bits = (bits & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull;
  double m;
  __builtin_memcpy(&m, &bits, sizeof m);
  const double f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z;
  const double t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double t2 =
      z * (6.666666666666735130e-01 +
           w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const double hfsq = 0.5 * f * f;
  const double r =
      e * 6.93147180369123816490e-01 + (f - (hfsq - (s * (hfsq + t1 + t2) + e * 1.90821492927058770002e-10)));
  const double top = x == Extremes<double>::kInfinity ? x : r;
  const double low = x == 0.0 ? -Extremes<double>::kInfinity : top;
  return x < 0.0 || x != x ? Extremes<double>::kNaN : low;
}

template <class Real>
VICINAL_HD Real log1p_of(Real x) {
  const Real u = Real(1) + x;
  const Real rest = (x - (u - Real(1))) / u;  // what the sum lost, relative to u
  const Real r = log_of(u) + (x > Real(1e30) ? Real(0) : rest);
  return u == Real(1) ? x : x == Real(-1) ? -Extremes<Real>::kInfinity : r;
}

template <class Real>
VICINAL_HD Real expm1_of(Real x) {
  const Real u = exp_whole(x), less = u - Real(1);
  const Real r = less * (x / log_of(u));
  const Real far = u > Real(1e15) || u < Real(1e-17) ? less : r;  // no digit of x matters
  return u == Real(1) ? x : far;
}

template <class Real>
VICINAL_HD Real softplus_of(Real x) {
  const Real above = x > Real(0) ? x : Real(0), size = x > Real(0) ? x : -x;
  return x != x ? x : above + log1p_of(exp_of(-size));
}

template <class Real>
VICINAL_HD Real sigmoid_of(Real x) {
  const Real size = x > Real(0) ? x : -x;
  const Real small = exp_of(-size), low = small / (Real(1) + small);
  return x > Real(0) ? Real(1) / (Real(1) + small) : low;
}

template <class Real>
VICINAL_HD Real tanh_of(Real x) {
  const Real size = x > Real(0) ? x : -x;
  const Real less = expm1_of(Real(-2) * size), t = -less / (Real(2) + less);
  return x > Real(0) ? t : -t;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_ELEMENTARY_HPP_
