// CUDA's bfloat16 as storage: the conversions of <cuda_bf16.h>, to the nearest, ties to even, any NaN to 0x7fff.
#ifndef VICINAL_EMULATION_BFLOAT16_HPP_
#define VICINAL_EMULATION_BFLOAT16_HPP_

#include "intrinsics.hpp"

struct __nv_bfloat16 {
  unsigned short bits;
};

inline __nv_bfloat16 __float2bfloat16_rn(float x) {
  const unsigned bits = __float_as_uint(x);
  if (x != x) return {0x7fff};
  return {static_cast<unsigned short>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}
inline float __bfloat162float(__nv_bfloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}

#endif  // VICINAL_EMULATION_BFLOAT16_HPP_
