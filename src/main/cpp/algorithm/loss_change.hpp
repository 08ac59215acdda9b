// Change of every sample's loss when the weight moves by a matrix of low rank, W + sum_r left_r right_r'.
// Computes     with f = X right' [N, R], u' = u + f left, and no product of d x D or N x d x C:
//                |u'|^2  = r^2 + 2 r f (left z) + f (left left') f'
//                cos'_c  = (r cos_c + f (left p^_c)) / |u'|
//              then the loss kernels in double on the cosines before and after: both sums see the same rounding of the
//              cosines, so that small changes keep their digits.
// Shapes       cosines [block, ld], f [block, R].
// Cost         2 N R (D + d) flops and one read of X and Z; one exp per cosine, in double.
// Determinism  rows are independent.
#ifndef VICINAL_ALGORITHM_LOSS_CHANGE_HPP_
#define VICINAL_ALGORITHM_LOSS_CHANGE_HPP_

#include "algorithm/point.hpp"

namespace vicinal::algorithm {

// body(losses) for every block of rows, with losses' members but for the move and its result. The body itself takes
// `more_per_row` elements of the workspace per row.
template <class Device, class Body>
void each_losses(typename Device::Engine& e, const Point<Device>& point, std::int64_t more_per_row, Body&& body) {
  using Real = typename Device::Real;
  const Problem<Real>& p = point.problem;
  const std::int64_t ld = point.ld, own = point.cosines == nullptr ? ld : 0;
  const std::int64_t most = block_rows(e, point, p.n,
                                       bytes_of(own + more_per_row + 1, sizeof(Real)) +
                                           Device::moved_bytes(ld + (p.soft_labels == nullptr ? 0 : p.classes)));
  Real* s = own == 0 ? nullptr : take<Real>(e, most * ld);
  each_block(e, 0, p.n, most, [&](std::int64_t begin, std::int64_t rows) {
    MovedLosses<Real> block{};
    block.rows = rows;
    block.classes = p.classes;
    block.columns = point.columns;
    block.ld = ld;
    block.labels = p.labels + begin;
    block.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * p.classes;
    block.repetitions = point.counts;
    block.inverse = point.inverse + begin;
    block.inverse_proxies = point.inverse_proxies;
    block.cosines = kept_cosines(e, point, begin, rows, s);
    body(begin, block);
  });
}

// Every L_i [n] in double from the point's cosines.
template <class Device>
void sample_losses(typename Device::Engine& e, const Point<Device>& point, double* losses) {
  each_losses(e, point, 0, [&](std::int64_t begin, MovedLosses<typename Device::Real>& block) {
    block.out = losses + begin;
    Device::moved_losses(e, point.problem.spec, block);
  });
}

// How they [n] change; left [R, d], right [R, D].
template <class Device>
void loss_change(typename Device::Engine& e, const Point<Device>& point, const double* losses, std::int64_t R,
                 const typename Device::Real* left, const typename Device::Real* right, double* change) {
  using Real = typename Device::Real;
  const std::int64_t d = point.problem.d, K = point.columns;
  Real* onto_proxies = take<Real>(e, R * K);
  Device::gemm(e, {false, true, R, K, d, left, d, point.unit_proxies, d, onto_proxies, K, false});
  double* gram = take<double>(e, R * R);
  for (std::int64_t a = 0; a < R; ++a) Device::dot_rows(e, 1, R, d, left + a * d, left, gram + a * R);
  each_losses(e, point, 2 * R, [&](std::int64_t begin, MovedLosses<Real>& block) {
    Real* f = take<Real>(e, block.rows * R);
    Real* onto_z = take<Real>(e, block.rows * R);
    affine_rows(e, point, begin, block.rows, R, right, nullptr, f);
    Device::gemm(e, {false, true, block.rows, R, d, point.unit + begin * d, d, left, d, onto_z, R, false});
    block.R = R;
    block.f = f;
    block.onto_z = onto_z;
    block.onto_proxies = onto_proxies;
    block.gram = gram;
    block.before = losses + begin;
    block.out = change + begin;
    Device::moved_losses(e, point.problem.spec, block);
  });
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_LOSS_CHANGE_HPP_
