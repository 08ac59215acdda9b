// Atomics: threads change only at barriers and warp intrinsics, so plain reads and writes are atomic here. The
// overloads are those that CUDA has, so that a missing one is found by this compiler too.
#ifndef VICINAL_EMULATION_ATOMICS_HPP_
#define VICINAL_EMULATION_ATOMICS_HPP_

#define VICINAL_EMULATION_ATOMIC(NAME, T, RESULT) \
  inline T NAME(T* address, T value) {            \
    const T old = *address;                       \
    *address = (RESULT);                          \
    return old;                                   \
  }

VICINAL_EMULATION_ATOMIC(atomicAdd, int, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, unsigned, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, unsigned long long, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, float, old + value)
VICINAL_EMULATION_ATOMIC(atomicAdd, double, old + value)
VICINAL_EMULATION_ATOMIC(atomicSub, int, old - value)
VICINAL_EMULATION_ATOMIC(atomicSub, unsigned, old - value)
VICINAL_EMULATION_ATOMIC(atomicMax, int, old > value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMax, unsigned, old > value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMax, long long, old > value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMax, unsigned long long, old > value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMin, int, old < value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMin, unsigned, old < value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMin, long long, old < value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicMin, unsigned long long, old < value ? old : value)
VICINAL_EMULATION_ATOMIC(atomicExch, int, value)
VICINAL_EMULATION_ATOMIC(atomicExch, unsigned, value)
VICINAL_EMULATION_ATOMIC(atomicExch, unsigned long long, value)
VICINAL_EMULATION_ATOMIC(atomicExch, float, value)
VICINAL_EMULATION_ATOMIC(atomicAnd, int, old& value)
VICINAL_EMULATION_ATOMIC(atomicAnd, unsigned, old& value)
VICINAL_EMULATION_ATOMIC(atomicAnd, unsigned long long, old& value)
VICINAL_EMULATION_ATOMIC(atomicOr, int, old | value)
VICINAL_EMULATION_ATOMIC(atomicOr, unsigned, old | value)
VICINAL_EMULATION_ATOMIC(atomicOr, unsigned long long, old | value)
VICINAL_EMULATION_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
#undef VICINAL_EMULATION_ATOMIC

#define VICINAL_EMULATION_COMPARE_AND_SWAP(T)           \
  inline T atomicCAS(T* address, T expected, T value) { \
    const T old = *address;                             \
    if (old == expected) *address = value;              \
    return old;                                         \
  }
VICINAL_EMULATION_COMPARE_AND_SWAP(int)
VICINAL_EMULATION_COMPARE_AND_SWAP(unsigned)
VICINAL_EMULATION_COMPARE_AND_SWAP(unsigned long long)
#undef VICINAL_EMULATION_COMPARE_AND_SWAP

#endif  // VICINAL_EMULATION_ATOMICS_HPP_
