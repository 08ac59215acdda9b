// CUDA's built-in vector types, with the sizes and alignments that kernels rely on for wide loads.
#ifndef VICINAL_EMULATION_VECTORS_HPP_
#define VICINAL_EMULATION_VECTORS_HPP_

#define VICINAL_EMULATION_VECTOR(T, NAME)             \
  struct alignas(2 * sizeof(T)) NAME##2 {             \
    T x, y;                                           \
  };                                                  \
  struct NAME##3 {                                    \
    T x, y, z;                                        \
  };                                                  \
  struct alignas(16) NAME##4 {                        \
    T x, y, z, w;                                     \
  };                                                  \
  inline NAME##2 make_##NAME##2(T x, T y) {           \
    return {x, y};                                    \
  }                                                   \
  inline NAME##3 make_##NAME##3(T x, T y, T z) {      \
    return {x, y, z};                                 \
  }                                                   \
  inline NAME##4 make_##NAME##4(T x, T y, T z, T w) { \
    return {x, y, z, w};                              \
  }

VICINAL_EMULATION_VECTOR(int, int)
VICINAL_EMULATION_VECTOR(unsigned, uint)
VICINAL_EMULATION_VECTOR(float, float)
VICINAL_EMULATION_VECTOR(double, double)
VICINAL_EMULATION_VECTOR(long long, longlong)
#undef VICINAL_EMULATION_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

#endif  // VICINAL_EMULATION_VECTORS_HPP_
