// Squared norms of rows, in double.
// Computes     squares [n] = |x|^2, and the first row that is not finite
// Cost         2 n d flops, 4 n d bytes; a warp per row.
// Determinism  a fixed order per row.
#include "distances.cuh"

namespace vicinal::cuda {
namespace {

constexpr unsigned kThreads = 256;

__global__ void square_kernel(std::int64_t n, std::int64_t d, const float* x, double* squares, long long* first) {
  const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (i >= n) return;
  const int lane = static_cast<int>(threadIdx.x % kWarp);
  double sum = 0;
  for (std::int64_t j = lane; j < d; j += kWarp)
    sum += static_cast<double>(x[i * d + j]) * static_cast<double>(x[i * d + j]);
  sum = warp_sum(sum);
  if (lane != 0) return;
  squares[i] = sum;
  if (!(sum <= 1e300)) atomicMin(first, static_cast<long long>(i));
}

}  // namespace

const double* squared_norms(Engine& e, const char* name, std::int64_t n, std::int64_t d, const float* x) {
  double* out = e.workspace.get<double>(n);
  long long* first = e.workspace.get<long long>(1);
  check(cudaMemsetAsync(first, 0x7f, sizeof *first, e.stream), "preparing a search");
  launch(square_kernel, dim3(static_cast<unsigned>(ceil_div(n, kThreads / kWarp))), dim3(kThreads), 0, e.stream, n, d,
         x, out, first);
  long long found = 0;
  e.read(&found, first, 1);
  require(found >= n, name, " row ", found, " is not finite");
  return out;
}

}  // namespace vicinal::cuda
