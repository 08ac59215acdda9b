// Vector operations over m rows, what a conjugate-gradient step does between two products.
// Threads      a thread steps through the elements by the grid's size; an inner product is a block per chunk of a row,
//              then a block per row over its chunks.
// Cost         memory-bound, one pass.
// Determinism  chunks have a fixed length; threads, lanes and warps are added in order, in double.
#include "operations.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

constexpr unsigned kThreads = 256;
constexpr std::int64_t kChunk = 1 << 13;  // of an inner product

template <class Real>
__global__ void dot_chunks(std::int64_t chunks, std::int64_t n, const Real* x, const Real* y, double* parts) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t q = blockIdx.x / chunks, from = blockIdx.x % chunks * kChunk;
  const std::int64_t end = from + kChunk < n ? from + kChunk : n;
  double sum = 0;
  for (std::int64_t i = q * n + from + threadIdx.x; i < q * n + end; i += blockDim.x)
    sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}
__global__ void add_chunks(std::int64_t chunks, const double* parts, double* dots) {
  __shared__ BlockSlots<double> slots;
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < chunks; i += blockDim.x) sum += parts[blockIdx.x * chunks + i];
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) dots[blockIdx.x] = sum;
}

// body(at, q, i) for element i of every row q, at = q n + i. One division per thread and row, not one per element:
// 64-bit divisions would cost more than the memory.
template <class Body>
__device__ void each_element(std::int64_t m, std::int64_t n, Body&& body) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  std::int64_t q = thread / n, i = thread % n;
  while (q < m) {
    body(q * n + i, q, i);
    i += step;
    if (i >= n) {
      q += i / n;
      i %= n;
    }
  }
}

template <class Real>
__global__ void axpy_kernel(std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
  each_element(m, n,
               [&](std::int64_t at, std::int64_t q, std::int64_t) { y[at] += static_cast<Real>(alpha[q]) * x[at]; });
}
template <class Real>
__global__ void xpby_kernel(std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
  each_element(
      m, n, [&](std::int64_t at, std::int64_t q, std::int64_t) { y[at] = x[at] + static_cast<Real>(beta[q]) * y[at]; });
}
template <class Real>
__global__ void multiply_kernel(std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
  each_element(m, n, [&](std::int64_t at, std::int64_t, std::int64_t i) { out[at] = shared[i] * x[at]; });
}

}  // namespace

template <class Real>
void dots(Engine& e, std::int64_t m, std::int64_t n, const Real* x, const Real* y, double* out) {
  const std::int64_t chunks = ceil_div(n, kChunk);
  double* parts = e.workspace.get<double>(m * chunks);
  double* sums = e.workspace.get<double>(m);
  launch(dot_chunks<Real>, dim3(static_cast<unsigned>(m * chunks)), dim3(kThreads), 0, e.stream, chunks, n, x, y,
         parts);
  launch(add_chunks, dim3(static_cast<unsigned>(m)), dim3(kThreads), 0, e.stream, chunks, parts, sums);
  e.read(out, sums, m);
}

template <class Real>
void axpy(Engine& e, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
  launch(axpy_kernel<Real>, grid_for(e, m * n, kThreads), dim3(kThreads), 0, e.stream, m, n, e.in(alpha, m), x, y);
}

template <class Real>
void xpby(Engine& e, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
  launch(xpby_kernel<Real>, grid_for(e, m * n, kThreads), dim3(kThreads), 0, e.stream, m, n, x, e.in(beta, m), y);
}

template <class Real>
void multiply(Engine& e, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
  launch(multiply_kernel<Real>, grid_for(e, m * n, kThreads), dim3(kThreads), 0, e.stream, m, n, shared, x, out);
}

#define VICINAL_INSTANTIATE(Real)                                                             \
  template void dots(Engine&, std::int64_t, std::int64_t, const Real*, const Real*, double*); \
  template void axpy(Engine&, std::int64_t, std::int64_t, const double*, const Real*, Real*); \
  template void xpby(Engine&, std::int64_t, std::int64_t, const Real*, const double*, Real*); \
  template void multiply(Engine&, std::int64_t, std::int64_t, const Real*, const Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
