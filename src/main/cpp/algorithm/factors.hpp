// The exact Kronecker factors of the Gauss-Newton matrix of the weight: the mean of A_i (x) x_i x_i' is approximated by
// the product of the means (Martens and Grosse 2015, arXiv 1503.05671); for a cosine softmax neither needs sampling.
// Computes     Sigma_x = (1/N) X' diag(w) X, upper panels, mirrored;
//              A_u     = sum_i omega_i Pi_i A_i Pi_i, with A_i of softmax_rows.hpp, Pi_i = I - z_i z_i':
//                      = T + T', T = (tau^2/2) P^' diag(D - E) P^ + sum_i omega_i (z_i (b_i z_i / 2 - c_i)'
//                                                                              - tau^2 (p^_y + delta_i / 2) delta_i')
//                        D_c = sum_i omega_i pi_ic, E_c = sum_{i: y_i = c} omega_i epsilon_i
// Shapes       features [N, D] in tiles of rows; feature [D, D], output [d, d], both exactly symmetric.
// Cost         Sigma_x: N D (D + panel) flops, about half of a full product; A_u: 4 N d (d + C).
// Determinism  tiles depend on sizes and workspace only; D and E in row order, in double.
#ifndef VICINAL_ALGORITHM_FACTORS_HPP_
#define VICINAL_ALGORITHM_FACTORS_HPP_

#include "algorithm/softmax_rows.hpp"

namespace vicinal::algorithm {

template <class Device>
void feature_factor(typename Device::Engine& e, const Point<Device>& point, typename Device::Real* out) {
  using Real = typename Device::Real;
  constexpr std::int64_t kPanel = Device::kFactorPanel;
  const Problem<Real>& p = point.problem;
  const std::int64_t D = p.features_width;
  const std::int64_t most = block_rows(e, point, std::min(p.n, Device::kFactorRows), bytes_of(D, sizeof(Real)));
  Real* scaled = p.weights == nullptr ? nullptr : take<Real>(e, most * D);
  each_block(e, 0, p.n, most, [&](std::int64_t begin, std::int64_t rows) {
    const Real* x = point.features.rows(e, begin, rows);
    if (scaled != nullptr) Device::scale_rows(e, rows, 1, D, p.weights + begin, x, scaled);
    for (std::int64_t at = 0; at < D; at += kPanel)
      Device::gemm_over_rows(e, {true, false, std::min(kPanel, D - at), D - at, rows,
                                 (scaled == nullptr ? x : scaled) + at, D, x + at, D, out + at * D + at, D, begin > 0});
  });
  Device::mirror(e, D, static_cast<Real>(1 / static_cast<double>(p.n)), out);
}

template <class Device>
void output_factor(typename Device::Engine& e, const Point<Device>& point, typename Device::Real* out) {
  using Real = typename Device::Real;
  const Problem<Real>& p = point.problem;
  const std::int64_t d = p.d, C = p.classes;
  const double tau = math::logits_of(p.spec).slope;
  double* spread = take<double>(e, C);  // D - E
  e.zero(spread, C);
  const std::int64_t most =
      block_rows(e, point, p.n, SoftmaxRows<Device>::bytes_per_row(point) + bytes_of(d, sizeof(Real)));
  SoftmaxRows<Device> block(e, point, most);
  Real* side = take<Real>(e, most * d);
  each_block(e, 0, p.n, most, [&](std::int64_t begin, std::int64_t rows) {
    const SoftmaxTile<Real>& tile = block.fill(begin, rows);
    Device::factor_sides(e, tile, static_cast<Real>(-tau * tau), side);
    Device::gemm_over_rows(e, {true, false, d, d, rows, tile.unit, d, tile.curved, d, out, d, begin > 0});
    Device::gemm_over_rows(e, {true, false, d, d, rows, side, d, tile.delta, d, out, d, true});
    Device::add_spread(e, tile, spread);
  });
  Real* factor = take<Real>(e, C);
  Real* scaled = take<Real>(e, C * d);
  Device::to_real(e, C, tau * tau / 2, spread, factor);
  Device::scale_rows(e, C, 1, d, factor, point.unit_proxies, scaled);
  Device::gemm_over_rows(e, {true, false, d, d, C, scaled, d, point.unit_proxies, d, out, d, true});
  Device::fold(e, d, out);
}

// feature [D, D] = (1/N) X' diag(w) X; output [d, d] = (1/N) sum_i w_i of the samples' Gauss-Newton blocks. Either
// null.
template <class Device>
void factors(typename Device::Engine& e, const Point<Device>& point, typename Device::Real* feature,
             typename Device::Real* output) {
  const auto mark = e.workspace.mark();
  if (feature != nullptr) feature_factor(e, point, feature);
  e.workspace.rewind(mark);
  if (output != nullptr) output_factor(e, point, output);
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_FACTORS_HPP_
