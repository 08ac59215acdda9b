// Arithmetic that the device language adds to <math.h>.
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

inline unsigned __float_as_uint(float x) {
  return emulation::bit_cast<unsigned>(x);
}
inline long long __double_as_longlong(double x) {
  return emulation::bit_cast<long long>(x);
}
inline int __popc(unsigned x) {
  return __builtin_popcount(x);
}
inline int __ffs(int x) {
  return __builtin_ffs(x);
}

#endif  // VICINAL_EMULATION_INTRINSICS_HPP_
