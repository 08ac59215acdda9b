// exp for vector loops. Computes exp(x) without branches, tables or library calls, so that `#pragma omp simd`
// vectorises it (GCC vectorises std::exp only under -ffast-math, which is banned here).
// Error    at most 2 ulp for results in the normal range (tested over the whole range).
// Domain   below kExpLow the result is 0 (the true value is under 2^-125, float, or 2^-1021, double);
//          above kExpHigh it saturates at exp(kExpHigh): callers shift by a maximum first. NaN stays NaN.
// Method   x = n ln2 + r with n = round(x / ln2) by the magic-number addition, |r| <= ln2 / 2, a polynomial for
//          exp(r), and 2^n assembled from n's bits.
#ifndef VICINAL_MATH_EXP_HPP_
#define VICINAL_MATH_EXP_HPP_

#include "math/hd.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class Real>
struct ExpRange;
template <>
struct ExpRange<float> {
  static constexpr float kLow = -87.0f, kHigh = 88.0f;
};
template <>
struct ExpRange<double> {
  static constexpr double kLow = -708.0, kHigh = 709.0;
};

VICINAL_HD float exp_of(float x) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: adding it leaves round(x) in the low bits
  float c = x > ExpRange<float>::kHigh ? ExpRange<float>::kHigh : x;
  c = c < ExpRange<float>::kLow ? ExpRange<float>::kLow : c;
  const float shifted = c * 1.44269504088896341f + kMagic;
  const float n = shifted - kMagic;
  float r = c - n * 0.693359375f;  // ln2 in two parts: the first has 9 bits, so n times it is exact
  r = r + n * 2.12194440054690583e-4f;
  float p = 1.9875691500e-4f;  // Cephes expf, |r| <= 0.3466
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * r) * r + r + 1.0f;
  std::uint32_t bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127u) << 23;
  float scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  const float result = p * scale;
  return x < ExpRange<float>::kLow ? 0.0f : result;
}

VICINAL_HD double exp_of(double x) {
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52
  double c = x > ExpRange<double>::kHigh ? ExpRange<double>::kHigh : x;
  c = c < ExpRange<double>::kLow ? ExpRange<double>::kLow : c;
  const double shifted = c * 1.4426950408889634074 + kMagic;
  const double n = shifted - kMagic;
  double r = c - n * 6.93147180369123816490e-01;  // fdlibm's two parts: the first has 33 bits
  r = r - n * 1.90821492927058770002e-10;
  // Taylor to degree 13: the remainder is below 0.3466^14 / 14! = 4.1e-18.
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = (p * r) * r + r + 1.0;
  std::uint64_t bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023u) << 52;
  double scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  const double result = p * scale;
  return x < ExpRange<double>::kLow ? 0.0 : result;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_EXP_HPP_
