// Cosines in double after a change of low rank.
// Threads      moved cosines: one block per row, its threads over the R directions, then over proxies.
// Determinism  rows are independent.
#include "loss_change.cuh"

#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

// to [n] = from, in double.
template <class Real>
__global__ void widen_kernel(std::int64_t n, const Real* from, double* to) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    to[i] = static_cast<double>(from[i]);
}
__global__ void subtract_kernel(std::int64_t n, const double* x, double* y) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    y[i] -= x[i];
}

template <class Real>
__global__ void moved_kernel(MovedCosines<Real> r) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, R = r.R;
  const Real* f = r.f + i * R;
  const double inverse = static_cast<double>(r.inverse[i]), radius = inverse > 0 ? 1 / inverse : 0;
  double added = 0;
  for (std::int64_t a = threadIdx.x; a < R; a += blockDim.x) {
    double quadratic = 0;
    for (std::int64_t b = 0; b < R; ++b) quadratic += r.gram[a * R + b] * static_cast<double>(f[b]);
    added += static_cast<double>(f[a]) * (2 * radius * static_cast<double>(r.onto_z[i * R + a]) + quadratic);
  }
  const double square = radius * radius + block_sum(added, slots);
  const double moved = square > 0 ? 1 / sqrt(square) : 0;
  for (std::int64_t c = threadIdx.x; c < r.columns; c += blockDim.x) {
    double cosine = inverse > 0 ? radius * static_cast<double>(r.cosines[i * r.ld + c]) : 0.0;
    for (std::int64_t a = 0; a < R; ++a)
      cosine += static_cast<double>(f[a]) * static_cast<double>(r.onto_proxies[a * r.columns + c]);
    cosine *= moved;
    const bool zero_proxy = r.zero.proxies && r.inverse_proxies[c] == Real(0), zero_row = r.zero.rows && moved == 0;
    if (zero_proxy || zero_row) cosine = zero_proxy && zero_row ? 1.0 : 0.5;
    r.out[i * r.ld + c] = cosine;
  }
}

}  // namespace

template <class Real>
void widen(Engine& e, std::int64_t n, const Real* from, double* to) {
  launch(widen_kernel<Real>, grid_for(e, n, 256), dim3(256), 0, e.stream, n, from, to);
}

void subtract(Engine& e, std::int64_t n, const double* x, double* y) {
  launch(subtract_kernel, grid_for(e, n, 256), dim3(256), 0, e.stream, n, x, y);
}

template <class Real>
void moved_cosines(Engine& e, const MovedCosines<Real>& r) {
  launch(moved_kernel<Real>, dim3(static_cast<unsigned>(r.rows)), dim3(row_threads(r.columns)), 0, e.stream, r);
}

#define VICINAL_INSTANTIATE(Real)                                   \
  template void widen(Engine&, std::int64_t, const Real*, double*); \
  template void moved_cosines(Engine&, const MovedCosines<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
