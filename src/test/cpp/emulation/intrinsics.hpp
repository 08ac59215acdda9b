// Arithmetic that the device language adds to <math.h>. Rounding is that of the processor: the fast variants are exact
// here.
#ifndef VICINAL_EMULATION_INTRINSICS_HPP_
#define VICINAL_EMULATION_INTRINSICS_HPP_

#include <math.h>

#include <cstring>

namespace emulation {
template <class To, class From>
To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
}  // namespace emulation

inline int __float_as_int(float x) {
  return emulation::bit_cast<int>(x);
}
inline unsigned __float_as_uint(float x) {
  return emulation::bit_cast<unsigned>(x);
}
inline float __int_as_float(int x) {
  return emulation::bit_cast<float>(x);
}
inline float __uint_as_float(unsigned x) {
  return emulation::bit_cast<float>(x);
}
inline long long __double_as_longlong(double x) {
  return emulation::bit_cast<long long>(x);
}
inline double __longlong_as_double(long long x) {
  return emulation::bit_cast<double>(x);
}

inline int __popc(unsigned x) {
  return __builtin_popcount(x);
}
inline int __popcll(unsigned long long x) {
  return __builtin_popcountll(x);
}
inline int __ffs(int x) {
  return __builtin_ffs(x);
}
inline int __ffsll(long long x) {
  return __builtin_ffsll(x);
}
inline int __clz(int x) {
  return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x));
}
inline int __clzll(long long x) {
  return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x));
}

template <class T>
T __ldg(const T* address) {
  return *address;
}

inline float rsqrtf(float x) {
  return 1.0f / sqrtf(x);
}
inline double rsqrt(double x) {
  return 1.0 / sqrt(x);
}
inline float __expf(float x) {
  return expf(x);
}
inline float __logf(float x) {
  return logf(x);
}
inline float __fdividef(float x, float y) {
  return x / y;
}
inline float __fmaf_rn(float x, float y, float z) {
  return fmaf(x, y, z);
}
inline double __fma_rn(double x, double y, double z) {
  return fma(x, y, z);
}

template <class T>
constexpr T min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
constexpr T max(T a, T b) {
  return a < b ? b : a;
}

#endif  // VICINAL_EMULATION_INTRINSICS_HPP_
