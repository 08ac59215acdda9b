// Directional derivatives of the samples' losses, and the empirical Fisher matrix, which is made of them: the twin of
// cpu/scores.cpp, which has the formulas.
// Shapes       directions of a row lie side by side, as in tangent_product.cu; scores [m, N].
// Threads      derivatives: one warp per row and direction; the Fisher matrix's factors: one thread per element.
// Cost         scores: 2 N d D flops a direction, plus 2 N C K d when the proxies move or the loss is by columns.
// Determinism  blocks depend on sizes and workspace only; dot products in double.
#include "direction_blocks.cuh"
#include "row_weights.cuh"

namespace vicinal::cuda {
namespace {

// Proxy-Anchor: tangents of the reductions over all rows, then every row's score.
template <class Real>
void column_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores) {
  const vicinal_loss& spec = point.problem.spec;
  const std::int64_t C = point.problem.classes, n = point.problem.n, ld = point.ld;
  double* sums = e.workspace.get<double>(m * 4 * C);
  e.zero(sums, m * 4 * C);
  Real* factors_t = e.workspace.get<Real>(m * 2 * C);
  DirectionBlocks<Real> block(e, point, 0, n, m, direction, {false, true, 0});
  const auto tile = [&](std::int64_t q) {
    return column_tile<Real>(point, block.begin, block.rows, block.cosines, block.tangents + q * ld, m * ld);
  };
  block.each_block([&] {
    for (std::int64_t q = 0; q < m; ++q) absorb_columns<Real>(e, spec, tile(q), point.column, sums + q * 4 * C);
  });
  for (std::int64_t q = 0; q < m; ++q)
    column_tangents<Real>(e, C, point.column, sums + (4 * q + 2) * C, factors_t + q * 2 * C);
  block.each_block([&] {
    for (std::int64_t q = 0; q < m; ++q)
      score_columns<Real>(e, spec, tile(q), point.column, factors_t + q * 2 * C, static_cast<double>(n),
                          scores + q * n + block.begin);
  });
}

// out [rows * m, ld] = factor times the rows of x [rows, ld], factor = derivative and weight at `step` elements each.
template <class Real>
__global__ void outer_kernel(std::int64_t rows, std::int64_t m, std::int64_t width, std::int64_t ld, std::int64_t step,
                             const double* derivatives, const Real* weights, const Real* x, Real* out) {
  const std::int64_t all = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < rows * m * width;
       at += all) {
    const std::int64_t t = at / width, j = at % width;
    const double weight = weights == nullptr ? 1.0 : static_cast<double>(weights[t * step]);
    out[t * ld + j] = static_cast<Real>(derivatives[t * step] * weight) * x[t / m * ld + j];
  }
}

}  // namespace

template <class Real>
void sample_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores) {
  if (point.by_columns) return column_scores(e, point, m, direction, scores);
  const std::int64_t n = point.problem.n;
  DirectionBlocks<Real> block(e, point, 0, n, m, direction, {false, false, 0});
  block.each_block([&] { block.row_derivatives(scores + block.begin, 1, n); });
}

template <class Real>
void fisher_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products) {
  const Problem<Real>& p = point.problem;
  const std::int64_t m = products.m, d = p.d, D = p.features_width, ld = point.ld, K = point.columns;
  const RowWeights<Real> weights(e, point, m, products.changes);
  const bool proxies = products.out.proxies != nullptr && !point.detached;
  if (products.out.proxies != nullptr && point.detached) e.zero(products.out.proxies, m * K * d);
  const std::int64_t more = m * static_cast<std::int64_t>(sizeof(double)) +
                            (m * weights.columns() + (proxies ? ld : 0)) * static_cast<std::int64_t>(sizeof(Real));
  DirectionBlocks<Real> block(e, point, 0, p.n, m, products.direction, {proxies, false, more});
  double* derivatives = e.workspace.get<double>(block.most_rows() * m);
  Real* scale = weights.buffer(e, block.most_rows());
  Real* g = proxies ? e.workspace.get<Real>(block.most_rows() * ld) : nullptr;
  Real* sums = proxies ? e.workspace.get<Real>(m * K * d) : nullptr;
  block.each_block([&] {
    const std::int64_t rows = block.rows;
    block.row_derivatives(derivatives, m, 1);
    if (scale != nullptr) weights.fill(e, block.begin, rows, scale);
    if (products.out.weight != nullptr) {
      Real* h = block.moved;  // w d g
      launch(outer_kernel<Real>, grid_for(e, rows * m * d, 256), dim3(256), 0, e.stream, rows, m, d, d, 1, derivatives,
             scale, point.gradient + block.begin * d, h);
      gemm<Real>(e, {true, false, m * d, D, rows, h, m * d, point.features.rows(e, block.begin, rows), D,
                     products.out.weight, D, block.begin > 0});
    }
    for (std::int64_t q = 0; proxies && q < m; ++q) {
      launch(outer_kernel<Real>, grid_for(e, rows * K, 256), dim3(256), 0, e.stream, rows, 1, K, ld, m, derivatives + q,
             scale == nullptr ? nullptr : scale + q, block.g, g);
      gemm<Real>(
          e, {true, false, K, d, rows, g, ld, point.unit + block.begin * d, d, sums + q * K * d, d, block.begin > 0});
    }
  });
  for (std::int64_t q = 0; proxies && q < m; ++q)
    project_rows<Real>(e, K, d, point.unit_proxies, point.inverse_proxies, sums + q * K * d, nullptr, nullptr,
                       products.out.proxies + q * K * d, point.order);
}

#define VICINAL_INSTANTIATE(Real)                                                                               \
  template void sample_scores(Engine&, const Point<Real>&, std::int64_t, const Tangents<const Real>&, double*); \
  template void fisher_product(Engine&, const Point<Real>&, const CurvatureProducts<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
