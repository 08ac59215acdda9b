// What a .cu file includes instead of <cuda_runtime.h> when it is compiled for the processor (VICINAL_EMULATED).
//
// Environment of a process that uses it:
//   VICINAL_EMULATED_MEMORY   bytes of device memory (2 GiB)
//   VICINAL_EMULATED_DEVICES  0: there is no device
//   VICINAL_EMULATED_SEED     another order of blocks, threads and releases from barriers
//   VICINAL_EMULATED_TRAP     1: a sentence before the signal when somebody touches device memory that he may not touch
//   VICINAL_EMULATED_PROTECT  0: the host can reach device memory, and waiting costs no system calls
//
// What the device would not do: __shared__ variables keep what the last block left in them (dynamic shared memory is
// filled with NaN for every block), nothing runs at the same time as anything else, and a thread that spins on another
// one hangs.
#ifndef VICINAL_EMULATION_CUDA_RUNTIME_HPP_
#define VICINAL_EMULATION_CUDA_RUNTIME_HPP_

#include "atomics.hpp"
#include "intrinsics.hpp"
#include "language.hpp"
#include "launch.hpp"
#include "runtime_api.hpp"
#include "vectors.hpp"
#include "warp.hpp"

#endif  // VICINAL_EMULATION_CUDA_RUNTIME_HPP_
