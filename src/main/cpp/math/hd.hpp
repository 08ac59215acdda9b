// The macros of the scalar maths. Every header in this folder is compiled by g++ (several instruction sets)
// and can be compiled by nvcc: no allocation, no exceptions, no standard library beyond <cstdint>.
#ifndef VICINAL_MATH_HD_HPP_
#define VICINAL_MATH_HD_HPP_

#include <cstdint>

#ifdef __CUDACC__
#define VICINAL_HD __host__ __device__ __forceinline__
#else
#define VICINAL_HD inline __attribute__((always_inline))
#endif

// One inline namespace per instruction set: the same template compiled for AVX-512 and for plain x86-64 must
// never be merged by the linker (one definition rule). The build defines VICINAL_ISA for device/cpu/isa/*.cpp.
#ifndef VICINAL_ISA
#define VICINAL_ISA generic
#endif

#endif  // VICINAL_MATH_HD_HPP_
