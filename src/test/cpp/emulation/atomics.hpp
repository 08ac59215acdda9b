// Atomics: threads change only at barriers and warp intrinsics, so plain reads and writes are atomic here. The
// overloads are some of those that CUDA has.
#ifndef VICINAL_EMULATION_ATOMICS_HPP_
#define VICINAL_EMULATION_ATOMICS_HPP_

#define VICINAL_EMULATION_ATOMIC(NAME, T, RESULT) \
  inline T NAME(T* address, T value) {            \
    const T old = *address;                       \
    *address = (RESULT);                          \
    return old;                                   \
  }

VICINAL_EMULATION_ATOMIC(atomicAdd, int, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, unsigned long long, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, float, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, double, old + value)
VICINAL_EMULATION_ATOMIC(atomicMin, long long, old < value ? old : value)
#undef VICINAL_EMULATION_ATOMIC

#endif  // VICINAL_EMULATION_ATOMICS_HPP_
