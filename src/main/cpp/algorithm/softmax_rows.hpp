// The Gauss-Newton block of one sample of a cosine softmax, in pieces that cost O(d): what the exact Kronecker factors
// and the exact diagonals need of every sample.
// Computes     A_i = tau^2 sum_c pi_c (p^_c - m)(p^_c - m)', m = sum_c pi_c p^_c, through differences from the label's
//              proxy: with delta = m - p^_y,
//                A_i     = tau^2 (sum_{c != y} pi_c (p^_c - p^_y)(p^_c - p^_y)' - delta delta')
//                delta   = sum_{c != y} pi_c p^_c - epsilon p^_y,   epsilon = 1 - pi_y
//                A_i z_i = tau^2 (sum_{c != y} q_c p^_c - kappa p^_y - kappa delta),
//                          q_c = pi_c (s_c - s_y), kappa = sum q_c = z . delta
//              Every term is of the size of epsilon, so nothing cancels at samples that are learned (pi_y near 1).
// Shapes       rows [rows, d], probabilities [rows, ld].
// Cost         4 N C d flops, 2 N C d more when the cosines were not kept; one exp per cosine.
// Determinism  every row is independent.
#ifndef VICINAL_ALGORITHM_SOFTMAX_ROWS_HPP_
#define VICINAL_ALGORITHM_SOFTMAX_ROWS_HPP_

#include "algorithm/point.hpp"
#include "algorithm/softmax_tile.hpp"

namespace vicinal::algorithm {

// Blocks of at most most_rows rows, whose arrays live in the engine's workspace.
template <class Device>
class SoftmaxRows {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  SoftmaxRows(Engine& e, const Point<Device>& point, std::int64_t most_rows) : e_(e), point_(point) {
    const Problem<Real>& p = point.problem;
    tile_.d = p.d;
    tile_.classes = p.classes;
    tile_.ld = point.ld;
    tile_.n = static_cast<double>(p.n);
    tile_.unit_proxies = point.unit_proxies;
    tile_.inverse_proxies = point.inverse_proxies;
    tile_.others = take<Real>(e, most_rows * point.ld);
    tile_.tilted = take<Real>(e, most_rows * point.ld);
    if (point.cosines == nullptr) own_cosines_ = take<Real>(e, most_rows * point.ld);
    tile_.delta = take<Real>(e, most_rows * p.d);
    tile_.curved = take<Real>(e, most_rows * p.d);
    for (Real** a : {&tile_.tilt, &tile_.rest, &tile_.mass, &tile_.omega, &tile_.twice}) *a = take<Real>(e, most_rows);
  }

  // Bytes of workspace per row.
  static std::int64_t bytes_per_row(const Point<Device>& point) {
    return bytes_of((point.cosines == nullptr ? 3 : 2) * point.ld + 2 * point.problem.d + 5, sizeof(Real));
  }

  // Valid until the next fill().
  const SoftmaxTile<Real>& fill(std::int64_t begin, std::int64_t rows) {
    const Problem<Real>& p = point_.problem;
    const std::int64_t d = p.d, ld = point_.ld, C = p.classes;
    tile_.rows = rows;
    tile_.labels = p.labels + begin;
    tile_.weights = p.weights == nullptr ? nullptr : p.weights + begin;
    tile_.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * C;
    tile_.unit = point_.unit + begin * d;
    tile_.inverse = point_.inverse + begin;
    tile_.cosines = kept_cosines(e_, point_, begin, rows, own_cosines_);

    typename Device::LossTile loss = loss_tile(point_, begin, rows);
    loss.s = tile_.cosines;
    loss.g = tile_.others;
    Device::loss_rows(e_, p.spec, loss, nullptr);
    const double tau = math::logits_of(p.spec).slope;
    Device::softmax_probabilities(e_, tile_, static_cast<Real>(tile_.n / tau));
    Device::gemm(e_, {false, false, rows, d, C, tile_.others, ld, point_.unit_proxies, d, tile_.delta, d, false});
    Device::gemm(e_, {false, false, rows, d, C, tile_.tilted, ld, point_.unit_proxies, d, tile_.curved, d, false});
    Device::softmax_differences(e_, tile_, static_cast<Real>(tau * tau));
    return tile_;
  }

 private:
  Engine& e_;
  const Point<Device>& point_;
  SoftmaxTile<Real> tile_{};
  Real* own_cosines_ = nullptr;
};

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_SOFTMAX_ROWS_HPP_
