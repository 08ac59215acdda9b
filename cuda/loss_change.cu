// Change of every sample's loss when the weight moves by a matrix of low rank: the twin of cpu/loss_change.cpp, which
// has the formulas. Both losses are those of the kernels in double.
// Shapes       cosines [block, ld] and in double, f [block, R].
// Threads      moved cosines: one block per row, its threads over the R directions, then over proxies.
// Cost         2 N R (D + d) flops and one read of X and Z; one exp per cosine, in double.
// Determinism  rows are independent.
#include "operations.cuh"
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
template <class Real>
void widen(Engine& e, std::int64_t n, const Real* from, double* to) {
  launch(widen_kernel<Real>, grid_for(e, n, 256), dim3(256), 0, e.stream, n, from, to);
}

__global__ void subtract_kernel(std::int64_t n, const double* x, double* y) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    y[i] -= x[i];
}

// Blocks of rows with their cosines, and their losses in double.
template <class Real>
class LossBlocks {
 public:
  // The reader itself keeps `more_per_row` bytes per row.
  LossBlocks(Engine& e, const Point<Real>& point, std::int64_t more_per_row)
      : e_(e), point_(point), p_(point.problem), own_(point.cosines == nullptr) {
    const std::int64_t soft = p_.soft_labels == nullptr ? 0 : p_.classes, ld = point.ld;
    most_rows_ = block_rows(e, point, p_.n,
                            static_cast<std::int64_t>(sizeof(double)) * (ld + soft) +
                                static_cast<std::int64_t>(sizeof(Real)) * (own_ ? ld : 0) + more_per_row);
    if (own_) s_ = e.workspace.get<Real>(most_rows_ * ld);
    in_double = e.workspace.get<double>(most_rows_ * ld);
    if (soft > 0) soft_labels_ = e.workspace.get<double>(most_rows_ * soft);
    if (point.counts != nullptr) {
      repetitions_ = e.workspace.get<double>(p_.classes);
      widen(e, p_.classes, point.counts, repetitions_);
    }
  }

  std::int64_t most_rows() const { return most_rows_; }

  // The first block, then the next; false after the last.
  bool next() {
    begin += rows;
    if (begin > 0) e_.poll();
    rows = std::min(most_rows_, p_.n - begin);
    if (rows == 0) return false;
    if (own_) cosines_of(e_, point_, rows, point_.unit + begin * p_.d, point_.inverse + begin, s_);
    cosines = own_ ? s_ : point_.cosines + begin * point_.ld;
    return true;
  }

  // out [rows] = L at in_double, which it overwrites.
  void losses(double* out) {
    if (soft_labels_ != nullptr) widen(e_, rows * p_.classes, p_.soft_labels + begin * p_.classes, soft_labels_);
    LossTile<double> tile{};
    tile.rows = rows;
    tile.classes = p_.classes;
    tile.ld = point_.ld;
    tile.directions = 1;
    tile.labels = p_.labels + begin;
    tile.soft_labels = soft_labels_;
    tile.repetitions = repetitions_;
    tile.mean = 1;
    tile.s = in_double;
    tile.g = in_double;
    tile.per_sample = out;
    loss_rows<double>(e_, p_.spec, tile, nullptr);
  }

  // The current block.
  std::int64_t begin = 0, rows = 0;
  const Real* cosines = nullptr;  // [rows, ld] at the point
  double* in_double = nullptr;    // [rows, ld] the reader's

 private:
  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  bool own_;
  std::int64_t most_rows_ = 0;
  Real* s_ = nullptr;
  double *soft_labels_ = nullptr, *repetitions_ = nullptr;
};

template <class Real>
struct MovedCosines {
  std::int64_t R, columns, ld;
  ZeroCosines zero;
  const Real* inverse;  // [rows]
  const Real* inverse_proxies;
  const Real* cosines;       // [rows, ld]
  const Real* f;             // [rows, R] X right'
  const Real* onto_z;        // [rows, R] Z left'
  const Real* onto_proxies;  // [R, columns] left P^'
  const double* gram;        // [R, R] left left'
  double* out;               // [rows, ld]
};
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
void sample_losses(Engine& e, const Point<Real>& point, double* losses) {
  LossBlocks<Real> block(e, point, 0);
  while (block.next()) {
    widen(e, block.rows * point.ld, block.cosines, block.in_double);
    block.losses(losses + block.begin);
  }
}

template <class Real>
void loss_change(Engine& e, const Point<Real>& point, const double* losses, std::int64_t R, const Real* left,
                 const Real* right, double* change) {
  const std::int64_t n = point.problem.n, d = point.problem.d, K = point.columns;
  Real* onto_proxies = e.workspace.get<Real>(R * K);
  gemm<Real>(e, {false, true, R, K, d, left, d, point.unit_proxies, d, onto_proxies, K, false});
  double* gram = e.workspace.get<double>(R * R);
  for (std::int64_t a = 0; a < R; ++a) dot_rows<Real>(e, 1, R, d, left + a * d, left, gram + a * R);
  LossBlocks<Real> block(e, point, 2 * R * static_cast<std::int64_t>(sizeof(Real)));
  Real* f = e.workspace.get<Real>(block.most_rows() * R);
  Real* onto_z = e.workspace.get<Real>(block.most_rows() * R);
  MovedCosines<Real> moved{};
  moved.R = R;
  moved.columns = K;
  moved.ld = point.ld;
  moved.zero = zero_cosines(point.problem.spec);
  moved.inverse_proxies = point.inverse_proxies;
  moved.f = f;
  moved.onto_z = onto_z;
  moved.onto_proxies = onto_proxies;
  moved.gram = gram;
  moved.out = block.in_double;
  while (block.next()) {
    affine_rows(e, point, block.begin, block.rows, R, right, nullptr, f);
    gemm<Real>(e, {false, true, block.rows, R, d, point.unit + block.begin * d, d, left, d, onto_z, R, false});
    moved.inverse = point.inverse + block.begin;
    moved.cosines = block.cosines;
    launch(moved_kernel<Real>, dim3(static_cast<unsigned>(block.rows)), dim3(row_threads(K)), 0, e.stream, moved);
    block.losses(change + block.begin);
  }
  launch(subtract_kernel, grid_for(e, n, 256), dim3(256), 0, e.stream, n, losses, change);
}

#define VICINAL_INSTANTIATE(Real)                                                                               \
  template void sample_losses(Engine&, const Point<Real>&, double*);                                            \
  template void loss_change(Engine&, const Point<Real>&, const double*, std::int64_t, const Real*, const Real*, \
                            double*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
