// The CUDA runtime as this library uses it: one way to launch, one way to fail. Built as VICINAL_EMULATED, the tests
// run the same sources on the processor (src/test/cpp/emulation).
#ifndef VICINAL_CUDA_RUNTIME_CUH_
#define VICINAL_CUDA_RUNTIME_CUH_

#include <cstddef>
#include <cstdint>
#include <utility>

#ifdef VICINAL_EMULATED
#include "emulation/cuda_runtime.hpp"
#define VICINAL_DYNAMIC_SHARED(T, name) T* name = emulation::dynamic_shared<T>()
#else
#include <cuda_runtime.h>
// One array for all kernels: the language wants one type for one name.
#define VICINAL_DYNAMIC_SHARED(T, name)                    \
  extern __shared__ __align__(16) unsigned char shared_[]; \
  T* name = reinterpret_cast<T*>(shared_)
#endif

#include "core/error.hpp"

namespace vicinal::cuda {

// An error of the runtime as ours; `what` says what was tried.
inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that does not stick is forgotten
  fail(status == cudaErrorMemoryAllocation ? VICINAL_OUT_OF_MEMORY : VICINAL_INTERNAL, "CUDA: ", what, ": ",
       cudaGetErrorString(status));
}

// kernel<<<grid, block, shared, stream>>>(arguments...).
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream, A&&... arguments) {
#ifdef VICINAL_EMULATED
  emulation::launch(kernel, grid, block, shared, stream, static_cast<P>(arguments)...);
#else
  // clang-format off
  kernel<<<grid, block, shared, stream>>>(static_cast<P>(arguments)...);
  // clang-format on
#endif
  check(cudaGetLastError(), "a kernel could not be launched");
}

constexpr int kWarp = 32;

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_RUNTIME_CUH_
