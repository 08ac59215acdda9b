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

template <class Real>
__global__ void axpy_kernel(std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
  each_index(m * n, [&](std::int64_t at) { y[at] += static_cast<Real>(alpha[at / n]) * x[at]; });
}
template <class Real>
__global__ void xpby_kernel(std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
  each_index(m * n, [&](std::int64_t at) { y[at] = x[at] + static_cast<Real>(beta[at / n]) * y[at]; });
}
template <class Real>
__global__ void multiply_kernel(std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
  each_index(m * n, [&](std::int64_t at) { out[at] = shared[at % n] * x[at]; });
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
  over(e, m * n, axpy_kernel<Real>, m, n, e.in(alpha, m), x, y);
}

template <class Real>
void xpby(Engine& e, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
  over(e, m * n, xpby_kernel<Real>, m, n, x, e.in(beta, m), y);
}

template <class Real>
void multiply(Engine& e, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
  over(e, m * n, multiply_kernel<Real>, m, n, shared, x, out);
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
