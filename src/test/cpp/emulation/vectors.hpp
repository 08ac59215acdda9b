// The built-in vector types of CUDA that kernels use.
#ifndef VICINAL_EMULATION_VECTORS_HPP_
#define VICINAL_EMULATION_VECTORS_HPP_

struct alignas(8) float2 {
  float x, y;
};
inline float2 make_float2(float x, float y) {
  return {x, y};
}

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

#endif  // VICINAL_EMULATION_VECTORS_HPP_
