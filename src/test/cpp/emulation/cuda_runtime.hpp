// What a .cu file includes instead of <cuda_runtime.h> when it is compiled for the processor (VICINAL_EMULATED).
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
