// The device language: qualifiers, built-in variables, barriers. One block runs at a time in the whole process
// (block.cpp), so the built-in variables are plain globals that the scheduler rewrites, and a __shared__ variable is a
// static one.
#ifndef VICINAL_EMULATION_LANGUAGE_HPP_
#define VICINAL_EMULATION_LANGUAGE_HPP_

#include "block.hpp"
#include "vectors.hpp"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
constexpr int warpSize = 32;

// The place of a call tells barriers apart; an inlined or unrolled copy is still the same place.
#define VICINAL_EMULATION_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(VICINAL_EMULATION_HERE) {
  emulation::barrier(0, {file, line});
}
inline int __syncthreads_or(int predicate, VICINAL_EMULATION_HERE) {
  return emulation::barrier(predicate != 0, {file, line}) > 0;
}
[[noreturn]] inline void __trap() {
  emulation::trap();
}

namespace emulation {
// The dynamic shared memory of the running block: its end lies against an inaccessible page.
template <class T>
T* dynamic_shared() {
  static_assert(alignof(T) <= 16, "dynamic shared memory is aligned to 16 bytes");
  return static_cast<T*>(shared_memory());
}
}  // namespace emulation

#endif  // VICINAL_EMULATION_LANGUAGE_HPP_
