// Losses in double after a change of low rank.
// Threads      moved cosines: one block per row, its threads over the R directions, then over proxies.
// Determinism  rows are independent.
#include "loss_change.cuh"

#include "loss_rows.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

// to [n] = from, in double.
template <class Real>
__global__ void widen_kernel(std::int64_t n, const Real* from, double* to) {
  each_index(n, [&](std::int64_t i) { to[i] = static_cast<double>(from[i]); });
}
__global__ void subtract_kernel(std::int64_t n, const double* x, double* y) {
  each_index(n, [&](std::int64_t i) { y[i] -= x[i]; });
}

template <class Real>
__global__ void moved_kernel(MovedLosses<Real> r, ZeroCosines zero, double* out) {
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
    const bool zero_proxy = zero.proxies && r.inverse_proxies[c] == Real(0), zero_row = zero.rows && moved == 0;
    if (zero_proxy || zero_row) cosine = zero_proxy && zero_row ? 1.0 : 0.5;
    out[i * r.ld + c] = cosine;
  }
}

template <class Real>
double* widened(Engine& e, std::int64_t n, const Real* from) {
  if (from == nullptr) return nullptr;
  double* to = e.workspace.get<double>(n);
  over(e, n, widen_kernel<Real>, n, from, to);
  return to;
}

}  // namespace

template <class Real>
void moved_losses(Engine& e, const LossSpec& spec, const MovedLosses<Real>& r) {
  const Workspace::Mark mark = e.workspace.mark();
  double* cosines = nullptr;
  if (r.f == nullptr) {
    cosines = widened(e, r.rows * r.ld, r.cosines);
  } else {
    cosines = e.workspace.get<double>(r.rows * r.ld);
    launch(moved_kernel<Real>, dim3(static_cast<unsigned>(r.rows)), dim3(row_threads(r.columns)), 0, e.stream, r,
           zero_cosines(spec), cosines);
  }
  LossTile<double> tile{};
  tile.rows = r.rows;
  tile.classes = r.classes;
  tile.ld = r.ld;
  tile.directions = 1;
  tile.labels = r.labels;
  tile.soft_labels = widened(e, r.rows * r.classes, r.soft_labels);
  tile.repetitions = widened(e, r.classes, r.repetitions);
  tile.mean = 1;
  tile.s = cosines;
  tile.g = cosines;
  tile.per_sample = r.out;
  loss_rows(e, spec, tile, nullptr);
  if (r.before != nullptr) over(e, r.rows, subtract_kernel, r.rows, r.before, r.out);
  e.workspace.rewind(mark);
}
template void moved_losses(Engine&, const LossSpec&, const MovedLosses<float>&);
template void moved_losses(Engine&, const LossSpec&, const MovedLosses<double>&);

}  // namespace vicinal::cuda
