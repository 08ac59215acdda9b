// The exact Kronecker factors of the Gauss-Newton matrix of the weight: the twin of cpu/factors.cpp, which has the
// formulas.
// Shapes       features [N, D] in tiles of rows; feature [D, D], output [d, d], both exactly symmetric: one thread
//              writes an element and its mirror image.
// Threads      one per element; sums over rows of D and E one per class and chunk of rows.
// Cost         Sigma_x: N D (D + 512) flops, half of a full product when D is large; A_u: 4 N d (d + C).
// Determinism  tiles depend on sizes and workspace only; D and E in row order, in double.
#include "column_sums.cuh"
#include "operations.cuh"
#include "softmax_rows.cuh"

namespace vicinal::cuda {
namespace {

constexpr std::int64_t kPanel = 512;  // columns of Sigma_x per product: half of what lies below is saved

// a = scale (upper triangle, mirrored), or with kFold scale (a + a').
template <bool kFold, class Real>
__global__ void mirror_kernel(std::int64_t n, Real scale, Real* a) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < n * n; at += step) {
    const std::int64_t i = at / n, j = at % n;
    if (j < i) continue;
    const Real x = scale * (kFold ? a[i * n + j] + a[j * n + i] : a[i * n + j]);
    a[i * n + j] = x;
    a[j * n + i] = x;
  }
}

// out [rows, width] = scale [rows] times the rows of x.
template <class Scale, class Real>
__global__ void scaled_kernel(std::int64_t rows, std::int64_t width, const Scale* scale, Scale factor, const Real* x,
                              Real* out) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < rows * width;
       at += step)
    out[at] = static_cast<Real>(factor * scale[at / width]) * x[at];
}

template <class Real>
void feature_factor(Engine& e, const Point<Real>& point, Real* out) {
  const Problem<Real>& p = point.problem;
  const std::int64_t D = p.features_width;
  const std::int64_t per_row = D * static_cast<std::int64_t>(sizeof(Real));
  const std::int64_t most = block_rows(e, point, p.n, per_row);
  Real* scaled = p.weights == nullptr ? nullptr : e.workspace.get<Real>(most * D);
  for (std::int64_t begin = 0; begin < p.n; begin += most) {
    const std::int64_t rows = std::min(most, p.n - begin);
    const Real* x = point.features.rows(e, begin, rows);
    if (scaled != nullptr)
      launch(scaled_kernel<Real, Real>, grid_for(e, rows * D, 256), dim3(256), 0, e.stream, rows, D, p.weights + begin,
             1, x, scaled);
    for (std::int64_t at = 0; at < D; at += kPanel)
      gemm<Real>(e, {true, false, std::min(kPanel, D - at), D - at, rows, (scaled == nullptr ? x : scaled) + at, D,
                     x + at, D, out + at * D + at, D, begin > 0});
    e.poll();
  }
  launch(mirror_kernel<false, Real>, grid_for(e, D * D, 256), dim3(256), 0, e.stream, D, 1 / static_cast<double>(p.n),
         out);
}

// omega_i pi_ic, and -omega_i epsilon_i at the label: D - E.
template <class Real>
struct Spread {
  SoftmaxTile<Real> tile;
  __device__ double operator()(std::int64_t i, std::int64_t c) const {
    const Real share = tile.label(i) == c ? -tile.rest[i] : tile.others[i * tile.ld + c];
    return static_cast<double>(tile.omega[i]) * static_cast<double>(share);
  }
};

// The left factors of the two products over rows: curved becomes omega (b z / 2 - c), side -tau^2 omega (p^_y + delta /
// 2).
template <class Real>
__global__ void side_kernel(SoftmaxTile<Real> tile, Real square, Real* side) {
  const std::int64_t d = tile.d, step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < tile.rows * d;
       at += step) {
    const std::int64_t i = at / d, a = at % d;
    const Real omega = tile.omega[i], half = tile.twice[i] / 2;
    tile.curved[at] = omega * (half * tile.unit[at] - tile.curved[at]);
    side[at] = square * omega * (tile.label_proxy(i)[a] + tile.delta[at] / 2);
  }
}

template <class Real>
void output_factor(Engine& e, const Point<Real>& point, Real* out) {
  const Problem<Real>& p = point.problem;
  const std::int64_t d = p.d, C = p.classes;
  const double tau = softmax_scale(p.spec);
  double* spread = e.workspace.get<double>(C);
  e.zero(spread, C);
  Real* scaled = e.workspace.get<Real>(C * d);
  const std::int64_t most =
      block_rows(e, point, p.n, SoftmaxRows<Real>::bytes_per_row(point) + d * static_cast<std::int64_t>(sizeof(Real)));
  SoftmaxRows<Real> block(e, point, most);
  Real* side = e.workspace.get<Real>(most * d);
  for (std::int64_t begin = 0; begin < p.n; begin += most) {
    const Workspace::Mark mark = e.workspace.mark();
    const std::int64_t rows = std::min(most, p.n - begin);
    const SoftmaxTile<Real> tile = block.fill(begin, rows);
    launch(side_kernel<Real>, grid_for(e, rows * d, 256), dim3(256), 0, e.stream, tile, -tau * tau, side);
    gemm<Real>(e, {true, false, d, d, rows, tile.unit, d, tile.curved, d, out, d, begin > 0});
    gemm<Real>(e, {true, false, d, d, rows, side, d, tile.delta, d, out, d, true});
    add_column_terms(e, rows, C, Spread<Real>{tile}, spread);
    e.workspace.rewind(mark);
    e.poll();
  }
  launch(scaled_kernel<double, Real>, grid_for(e, C * d, 256), dim3(256), 0, e.stream, C, d, spread, tau * tau / 2,
         point.unit_proxies, scaled);
  gemm<Real>(e, {true, false, d, d, C, scaled, d, point.unit_proxies, d, out, d, true});
  launch(mirror_kernel<true, Real>, grid_for(e, d * d, 256), dim3(256), 0, e.stream, d, 1, out);
}

}  // namespace

template <class Real>
void factors(Engine& e, const Point<Real>& point, Real* feature, Real* output) {
  const Workspace::Mark mark = e.workspace.mark();
  if (feature != nullptr) feature_factor(e, point, feature);
  e.workspace.rewind(mark);
  if (output != nullptr) output_factor(e, point, output);
}

template void factors(Engine&, const Point<float>&, float*, float*);
template void factors(Engine&, const Point<double>&, double*, double*);

}  // namespace vicinal::cuda
