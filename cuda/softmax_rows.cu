// What the exact Kronecker factors and the exact diagonals need of every sample of a cosine softmax.
// Threads      one block per row.
// Cost         4 N C d flops, 2 N C d more when the cosines were not kept; one exp per cosine.
// Determinism  every row is independent; its sums are taken in double, in the order of threads, lanes and warps.
#include "softmax_rows.cuh"

#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

// others holds the loss's gradient (tau / N) (mass pi_c - t_c), with 1 - pi_y free of cancellation.
template <class Real>
__global__ void probability_kernel(SoftmaxTile<Real> tile, Real from) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, C = tile.classes, y = tile.label(i);
  const Real* t = tile.soft_labels == nullptr ? nullptr : tile.soft_labels + i * C;
  const Real* s = tile.cosines + i * tile.ld;
  Real* pi = tile.others + i * tile.ld;
  Real* q = tile.tilted + i * tile.ld;
  double total = 1;
  if (t != nullptr) {
    total = 0;
    for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) total += static_cast<double>(t[c]);
    total = block_sum(total, slots);
  }
  const Real scale = total > 0 ? static_cast<Real>(1 / total) : Real(0);
  const auto cosine = [&](std::int64_t c) {  // a zero proxy's logit may stand for another cosine than its own
    return tile.inverse_proxies[c] == Real(0) ? Real(0) : s[c];
  };
  const Real own = cosine(y);
  double sum = 0, tilt = 0;
  for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) {
    const Real share = (from * pi[c] + (t == nullptr ? Real(0) : t[c])) * scale;
    const Real other = c == y ? Real(0) : share, tilted = other * (cosine(c) - own);
    pi[c] = other;
    q[c] = tilted;
    sum += static_cast<double>(other);
    tilt += static_cast<double>(tilted);
  }
  sum = block_sum(sum, slots);
  tilt = block_sum(tilt, slots);
  if (threadIdx.x != 0) return;
  const double inverse = static_cast<double>(tile.inverse[i]);
  tile.rest[i] = static_cast<Real>(sum);
  tile.tilt[i] = static_cast<Real>(tilt);
  tile.mass[i] = static_cast<Real>(total);
  tile.omega[i] = static_cast<Real>(static_cast<double>(tile.weight(i)) * total * inverse * inverse / tile.n);
}

// delta and curved hold the sums over the classes other than the label.
template <class Real>
__global__ void project_kernel(SoftmaxTile<Real> tile, Real square) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, d = tile.d;
  const Real* label = tile.label_proxy(i);
  const Real* z = tile.unit + i * d;
  Real* m = tile.delta + i * d;
  Real* c = tile.curved + i * d;
  const Real epsilon = tile.rest[i], kappa = tile.tilt[i];
  double twice = 0;
  for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x) {
    const Real delta = m[a] - epsilon * label[a], curved = square * (c[a] - kappa * (label[a] + delta));
    m[a] = delta;
    c[a] = curved;
    twice += static_cast<double>(z[a]) * static_cast<double>(curved);
  }
  twice = block_sum(twice, slots);
  if (threadIdx.x == 0) tile.twice[i] = static_cast<Real>(twice);
}

}  // namespace

double softmax_scale(const vicinal_loss& spec) {
  switch (spec.kind) {
    case VICINAL_PROXY_NCA:
      return 2 * spec.scale;
    case VICINAL_PROXY_NCA_PP:
      return 2 * spec.scale * spec.scale;
    case VICINAL_NORMALIZED_SOFTMAX:
      return 1 / spec.scale;
    default:  // SOFT_TRIPLE with one centre, COSFACE
      return spec.scale;
  }
}

template <class Real>
std::int64_t SoftmaxRows<Real>::bytes_per_row(const Point<Real>& point) {
  return static_cast<std::int64_t>(sizeof(Real)) *
         ((point.cosines == nullptr ? 3 : 2) * point.ld + 2 * point.problem.d + 5);
}

template <class Real>
SoftmaxRows<Real>::SoftmaxRows(Engine& e, const Point<Real>& point, std::int64_t most_rows) : e_(e), point_(point) {
  const Problem<Real>& p = point.problem;
  Workspace& w = e.workspace;
  tile_.d = p.d;
  tile_.classes = p.classes;
  tile_.ld = point.ld;
  tile_.n = static_cast<double>(p.n);
  tile_.unit_proxies = point.unit_proxies;
  tile_.inverse_proxies = point.inverse_proxies;
  tile_.others = w.get<Real>(most_rows * point.ld);
  tile_.tilted = w.get<Real>(most_rows * point.ld);
  if (point.cosines == nullptr) own_cosines_ = w.get<Real>(most_rows * point.ld);
  tile_.delta = w.get<Real>(most_rows * p.d);
  tile_.curved = w.get<Real>(most_rows * p.d);
  for (Real** a : {&tile_.tilt, &tile_.rest, &tile_.mass, &tile_.omega, &tile_.twice}) *a = w.get<Real>(most_rows);
}

template <class Real>
SoftmaxTile<Real> SoftmaxRows<Real>::fill(std::int64_t begin, std::int64_t rows) {
  const Problem<Real>& p = point_.problem;
  const std::int64_t d = p.d, ld = point_.ld, C = p.classes;
  tile_.rows = rows;
  tile_.labels = p.labels + begin;
  tile_.weights = p.weights == nullptr ? nullptr : p.weights + begin;
  tile_.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * C;
  tile_.unit = point_.unit + begin * d;
  tile_.inverse = point_.inverse + begin;
  if (own_cosines_ != nullptr) cosines_of(e_, point_, rows, tile_.unit, tile_.inverse, own_cosines_);
  tile_.cosines = own_cosines_ != nullptr ? own_cosines_ : point_.cosines + begin * ld;

  LossTile<Real> loss = loss_tile(point_, begin, rows);
  loss.s = tile_.cosines;
  loss.g = tile_.others;
  loss_rows<Real>(e_, p.spec, loss, nullptr);
  const double tau = softmax_scale(p.spec);
  const dim3 grid(static_cast<unsigned>(rows));
  launch(probability_kernel<Real>, grid, dim3(row_threads(C)), 0, e_.stream, tile_, tile_.n / tau);
  gemm<Real>(e_, {false, false, rows, d, C, tile_.others, ld, point_.unit_proxies, d, tile_.delta, d, false});
  gemm<Real>(e_, {false, false, rows, d, C, tile_.tilted, ld, point_.unit_proxies, d, tile_.curved, d, false});
  launch(project_kernel<Real>, grid, dim3(row_threads(d)), 0, e_.stream, tile_, tau * tau);
  return tile_;
}

template class SoftmaxRows<float>;
template class SoftmaxRows<double>;

}  // namespace vicinal::cuda
