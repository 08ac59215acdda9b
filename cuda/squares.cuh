// Squares of elements.
#ifndef VICINAL_CUDA_SQUARES_CUH_
#define VICINAL_CUDA_SQUARES_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

template <class Real>
__global__ void square_kernel(std::int64_t n, const Real* x, Real* out) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    out[i] = x[i] * x[i];
}

// out [n] = x * x.
template <class Real>
void square(Engine& e, std::int64_t n, const Real* x, Real* out) {
  launch(square_kernel<Real>, grid_for(e, n, 256), dim3(256), 0, e.stream, n, x, out);
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_SQUARES_CUH_
