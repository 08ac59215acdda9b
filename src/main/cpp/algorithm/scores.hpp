// Directional derivatives of the samples' losses, and the empirical Fisher matrix, which is made of them.
// Computes     per block, with u' = X V' a direction of the embeddings and p' of the proxies:
//                d_i = N (g_i . u'_i + sum_c G_ic (Z P^'')_ic)     <dL_i/dtheta, direction>
//                Fisher: sum_i w_i d_i g_i x_i', and for the proxies sum_i w_i d_i G_i' z_i, projected
//              (g and G are those of L_i / N, so one N is left in d).
//              Proxy-Anchor's column form: N times the derivative of the directional derivative by the sample's weight.
// Shapes       directions of a row lie side by side, as in tangent_product.hpp; scores [m, N].
// Cost         scores: 2 N d D flops a direction, plus 2 N C K d when the proxies move or the loss is by columns.
// Determinism  blocks depend on sizes and workspace only; dot products in double.
#ifndef VICINAL_ALGORITHM_SCORES_HPP_
#define VICINAL_ALGORITHM_SCORES_HPP_

#include "algorithm/direction_blocks.hpp"

namespace vicinal::algorithm {

// Proxy-Anchor: tangents of the reductions over all rows, then every row's score.
template <class Device>
void column_scores(typename Device::Engine& e, const Point<Device>& point, std::int64_t m,
                   const Tangents<const typename Device::Real>& direction, double* scores) {
  using Real = typename Device::Real;
  const LossSpec& spec = point.problem.spec;
  const std::int64_t C = point.problem.classes, n = point.problem.n, ld = point.ld;
  double* sums = take<double>(e, m * 4 * C);
  e.zero(sums, m * 4 * C);
  Real* factors_t = take<Real>(e, m * 2 * C);
  DirectionBlocks<Device> block(e, point, 0, n, m, direction, {false, true, 0});
  const auto tile = [&](std::int64_t q) {
    return column_tile(point, block.begin, block.rows, block.cosines, block.tangents + q * ld, m * ld);
  };
  block.sweep([&] {
    for (std::int64_t q = 0; q < m; ++q) Device::absorb_columns(e, spec, tile(q), point.column, sums + q * 4 * C);
  });
  for (std::int64_t q = 0; q < m; ++q)
    Device::column_tangents(e, C, point.column, sums + (4 * q + 2) * C, factors_t + q * 2 * C);
  block.sweep([&] {
    for (std::int64_t q = 0; q < m; ++q)
      Device::score_columns(e, spec, tile(q), point.column, factors_t + q * 2 * C, static_cast<double>(n),
                            scores + q * n + block.begin);
  });
}

template <class Device>
void sample_scores(typename Device::Engine& e, const Point<Device>& point, std::int64_t m,
                   const Tangents<const typename Device::Real>& direction, double* scores) {
  if (point.by_columns) return column_scores(e, point, m, direction, scores);
  const std::int64_t n = point.problem.n;
  DirectionBlocks<Device> block(e, point, 0, n, m, direction, {false, false, 0});
  block.sweep([&] { block.row_derivatives(scores + block.begin, 1, n); });
}

template <class Device>
void fisher_product(typename Device::Engine& e, const Point<Device>& point,
                    const CurvatureProducts<typename Device::Real>& products) {
  using Real = typename Device::Real;
  const Problem<Real>& p = point.problem;
  const std::int64_t m = products.m, d = p.d, D = p.features_width, ld = point.ld, K = point.columns;
  const typename Device::RowWeights weights(e, point.late_weights ? p.weights : nullptr, m, products.changes);
  const bool proxies = products.out.proxies != nullptr && !point.detached;
  if (products.out.proxies != nullptr && point.detached) e.zero(products.out.proxies, m * K * d);
  const std::int64_t more =
      bytes_of(m, sizeof(double)) + bytes_of(m * weights.columns() + (proxies ? ld : 0), sizeof(Real));
  DirectionBlocks<Device> block(e, point, 0, p.n, m, products.direction, {proxies, false, more});
  double* derivatives = take<double>(e, block.most_rows() * m);
  Real* scale = weights.columns() == 0 ? nullptr : take<Real>(e, block.most_rows() * m);
  Real* g = proxies ? take<Real>(e, block.most_rows() * ld) : nullptr;
  Real* sums = proxies ? take<Real>(e, m * K * d) : nullptr;
  block.sweep([&] {
    const std::int64_t rows = block.rows;
    block.row_derivatives(derivatives, m, 1);
    if (scale != nullptr) weights.fill(e, block.begin, rows, scale);
    if (products.out.weight != nullptr) {
      Real* h = block.moved;  // w d g
      Device::outer_rows(e, {rows, m, d, d, 1, derivatives, scale, point.gradient + block.begin * d, h});
      Device::gemm_over_rows(e, {true, false, m * d, D, rows, h, m * d, point.features.rows(e, block.begin, rows), D,
                                 products.out.weight, D, block.begin > 0});
    }
    for (std::int64_t q = 0; proxies && q < m; ++q) {
      Device::outer_rows(e, {rows, 1, K, ld, m, derivatives + q, scale == nullptr ? nullptr : scale + q, block.g, g});
      Device::gemm_over_rows(
          e, {true, false, K, d, rows, g, ld, point.unit + block.begin * d, d, sums + q * K * d, d, block.begin > 0});
    }
  });
  for (std::int64_t q = 0; proxies && q < m; ++q)
    Device::project_rows(e, K, d, point.unit_proxies, point.inverse_proxies, sums + q * K * d, nullptr, nullptr,
                         products.out.proxies + q * K * d, point.order);
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_SCORES_HPP_
