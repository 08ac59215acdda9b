// Directional derivatives of the samples' losses, and the empirical Fisher matrix, which is made of them.
// Computes     per block, with u' = X V' a direction of the embeddings and p' of the proxies:
//                d_i = N (g_i . u'_i + sum_c G_ic (Z P^'')_ic)     <dL_i/dtheta, direction>
//                Fisher: sum_i w_i d_i g_i x_i', and for the proxies sum_i w_i d_i G_i' z_i, projected
//              (g and G are those of L_i / N, so one N is left in d).
//              Proxy-Anchor's column form: N times the derivative of the directional derivative by the sample's weight.
// Shapes       directions of a row lie side by side, as in tangent_product.cpp; scores [m, N].
// Cost         scores: 2 N d D flops a direction, plus 2 N C K d when the proxies move or the loss is by columns.
// Determinism  block and task partitions depend on sizes, workspace and thread count only; dot products in double.
#include <cstring>

#include "cpu/direction_blocks.hpp"
#include "cpu/row_weights.hpp"

namespace vicinal::cpu {
namespace {

// Proxy-Anchor: tangents of the reductions over all rows, then every row's score.
template <class Real>
void column_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores) {
  const std::int64_t C = point.problem.classes, n = point.problem.n, ld = point.ld;
  double* sums = e.workspace.get<double>(m * 4 * C);
  std::fill(sums, sums + m * 4 * C, 0.0);
  Real* factors = e.workspace.get<Real>(m * 2 * C);
  DirectionBlocks<Real> block(e, point, {0, n}, m, direction, {false, true, 0});
  block.each_block([&] {
    for (std::int64_t q = 0; q < m; ++q) {
      double* mine = sums + q * 4 * C;
      absorb_columns<Real>(e, point, block.begin, block.rows, block.cosines, block.tangents + q * ld, m * ld,
                           {mine, mine + C, mine + 2 * C, mine + 3 * C});
    }
  });
  for (std::int64_t q = 0; q < m; ++q)
    column_tangents(point, sums + (4 * q + 2) * C, sums + (4 * q + 3) * C, factors + 2 * q * C,
                    factors + (2 * q + 1) * C);
  block.each_block([&] {
    for (std::int64_t q = 0; q < m; ++q) {
      double* out = scores + q * n + block.begin;
      score_columns<Real>(e, point, block.begin, block.rows, block.cosines, block.tangents + q * ld, m * ld,
                          factors + 2 * q * C, factors + (2 * q + 1) * C, out);
      for (std::int64_t i = 0; i < block.rows; ++i) out[i] *= static_cast<double>(n);
    }
  });
}

}  // namespace

template <class Real>
void sample_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores) {
  if (point.by_columns) return column_scores(e, point, m, direction, scores);
  const std::int64_t n = point.problem.n;
  DirectionBlocks<Real> block(e, point, {0, n}, m, direction, {false, false, 0});
  block.each_block([&] {
    block.row_derivatives();
    for (std::int64_t q = 0; q < m; ++q)
      for (std::int64_t i = 0; i < block.rows; ++i) scores[q * n + block.begin + i] = block.derivatives[i * m + q];
  });
}

template <class Real>
void fisher_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  const std::int64_t m = products.m, d = p.d, D = p.features_width, ld = point.ld, K = point.columns;
  const RowWeights<Real> weights(point, m, products.changes);
  const bool proxies = products.out.proxies != nullptr && !point.detached;
  if (products.out.proxies != nullptr && point.detached)
    std::memset(products.out.proxies, 0, static_cast<std::size_t>(m * K * d) * sizeof(Real));
  DirectionBlocks<Real> block(e, point, {0, p.n}, m, products.direction,
                              {proxies, false, m * weights.columns() + (proxies ? ld : 0)});
  Real* scale = weights.buffer(e, block.most_rows());
  Real* g = proxies ? e.workspace.get<Real>(block.most_rows() * ld) : nullptr;
  Real* sums = proxies ? e.workspace.get<Real>(m * K * d) : nullptr;
  block.each_block([&] {
    block.row_derivatives();
    const std::int64_t rows = block.rows;
    if (scale != nullptr) {
      weights.fill(block.begin, rows, scale);
      for (std::int64_t t = 0; t < rows * m; ++t) block.derivatives[t] *= static_cast<double>(scale[t]);
    }
    if (products.out.weight != nullptr) {
      Real* h = block.moved;  // w d g
      parallel_ranges(e, rows * m, 2.0 * static_cast<double>(rows * m) * static_cast<double>(d), [&](Range r) {
        for (std::int64_t t = r.begin; t < r.end; ++t) {
          const Real factor = static_cast<Real>(block.derivatives[t]);
          const Real* gradient = point.gradient + (block.begin + t / m) * d;
          for (std::int64_t j = 0; j < d; ++j) h[t * d + j] = factor * gradient[j];
        }
      });
      gemm_over_rows<Real>(e, {true, false, m * d, D, rows, h, m * d, p.features + block.begin * D, D,
                               products.out.weight, D, block.begin > 0});
    }
    for (std::int64_t q = 0; proxies && q < m; ++q) {
      parallel_ranges(e, rows, static_cast<double>(rows) * static_cast<double>(ld), [&](Range r) {
        for (std::int64_t i = r.begin; i < r.end; ++i) {
          const Real factor = static_cast<Real>(block.derivatives[i * m + q]);
          for (std::int64_t c = 0; c < K; ++c) g[i * ld + c] = factor * block.g[i * ld + c];
        }
      });
      gemm_over_rows<Real>(
          e, {true, false, K, d, rows, g, ld, point.unit + block.begin * d, d, sums + q * K * d, d, block.begin > 0});
    }
  });
  for (std::int64_t q = 0; proxies && q < m; ++q) {
    for_each_proxy(e, point, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
      k.project_rows(count, d, point.unit_proxies + row * d, point.inverse_proxies + row, sums + (q * K + row) * d,
                     nullptr, products.out.proxies + (q * K + target) * d);
    });
  }
}

#define VICINAL_INSTANTIATE(Real)                                                                               \
  template void sample_scores(Engine&, const Point<Real>&, std::int64_t, const Tangents<const Real>&, double*); \
  template void fisher_product(Engine&, const Point<Real>&, const CurvatureProducts<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
