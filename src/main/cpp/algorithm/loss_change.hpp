// Change of every sample's loss when the weight moves by a matrix of low rank, W + sum_r left_r right_r'.
// Computes     with f = X right' [N, R], u' = u + f left, and no product of d x D or N x d x C:
//                |u'|^2  = r^2 + 2 r f (left z) + f (left left') f'
//                cos'_c  = (r cos_c + f (left p^_c)) / |u'|
//              then the loss kernels in double on the cosines before and after: both sums see the same rounding of the
//              cosines, so that small changes keep their digits.
// Shapes       cosines [block, ld] and in double, f [block, R].
// Cost         2 N R (D + d) flops and one read of X and Z; one exp per cosine, in double.
// Determinism  rows are independent.
#ifndef VICINAL_ALGORITHM_LOSS_CHANGE_HPP_
#define VICINAL_ALGORITHM_LOSS_CHANGE_HPP_

#include "algorithm/point.hpp"

namespace vicinal::algorithm {

// Blocks of rows with their cosines, and their losses in double.
template <class Device>
class LossBlocks {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  // The reader itself keeps `more_per_row` bytes per row.
  LossBlocks(Engine& e, const Point<Device>& point, std::int64_t more_per_row)
      : e_(e), point_(point), p_(point.problem) {
    const std::int64_t soft = p_.soft_labels == nullptr ? 0 : p_.classes, ld = point.ld;
    const bool own = point.cosines == nullptr;
    const std::int64_t per_row =
        bytes_of(ld + soft, sizeof(double)) + bytes_of(own ? ld : 0, sizeof(Real)) + more_per_row;
    most_rows_ = block_rows(e, point, std::min(p_.n, Device::most_loss_rows(e, per_row)), per_row);
    if (own) s_ = take<Real>(e, most_rows_ * ld);
    in_double = take<double>(e, most_rows_ * ld);
    if (soft > 0) soft_labels_ = take<double>(e, most_rows_ * soft);
    if (point.counts != nullptr) {
      repetitions_ = take<double>(e, p_.classes);
      Device::widen(e, p_.classes, point.counts, repetitions_);
    }
  }

  std::int64_t most_rows() const { return most_rows_; }

  template <class Body>
  void sweep(Body&& body) {
    each_block(e_, 0, p_.n, most_rows_, [&](std::int64_t at, std::int64_t count) {
      begin = at;
      rows = count;
      cosines = kept_cosines(e_, point_, begin, rows, s_);
      body();
    });
  }

  // out [rows] = L at in_double, which it overwrites.
  void losses(double* out) {
    if (soft_labels_ != nullptr)
      Device::widen(e_, rows * p_.classes, p_.soft_labels + begin * p_.classes, soft_labels_);
    typename Device::InDouble::LossTile tile{};
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
    Device::InDouble::loss_rows(e_, p_.spec, tile, nullptr);
  }

  // The current block.
  std::int64_t begin = 0, rows = 0;
  const Real* cosines = nullptr;  // [rows, ld] at the point
  double* in_double = nullptr;    // [rows, ld] the reader's

 private:
  Engine& e_;
  const Point<Device>& point_;
  const Problem<Real>& p_;
  std::int64_t most_rows_ = 0;
  Real* s_ = nullptr;
  double *soft_labels_ = nullptr, *repetitions_ = nullptr;
};

// Every L_i [n] in double from the point's cosines.
template <class Device>
void sample_losses(typename Device::Engine& e, const Point<Device>& point, double* losses) {
  LossBlocks<Device> block(e, point, 0);
  block.sweep([&] {
    Device::widen(e, block.rows * point.ld, block.cosines, block.in_double);
    block.losses(losses + block.begin);
  });
}

// How they [n] change; left [R, d], right [R, D].
template <class Device>
void loss_change(typename Device::Engine& e, const Point<Device>& point, const double* losses, std::int64_t R,
                 const typename Device::Real* left, const typename Device::Real* right, double* change) {
  using Real = typename Device::Real;
  const std::int64_t n = point.problem.n, d = point.problem.d, K = point.columns;
  Real* onto_proxies = take<Real>(e, R * K);
  Device::gemm(e, {false, true, R, K, d, left, d, point.unit_proxies, d, onto_proxies, K, false});
  double* gram = take<double>(e, R * R);
  for (std::int64_t a = 0; a < R; ++a) Device::dot_rows(e, 1, R, d, left + a * d, left, gram + a * R);
  LossBlocks<Device> block(e, point, bytes_of(2 * R, sizeof(Real)));
  Real* f = take<Real>(e, block.most_rows() * R);
  Real* onto_z = take<Real>(e, block.most_rows() * R);
  block.sweep([&] {
    affine_rows(e, point, block.begin, block.rows, R, right, nullptr, f);
    Device::gemm(e, {false, true, block.rows, R, d, point.unit + block.begin * d, d, left, d, onto_z, R, false});
    Device::moved_cosines(e, {block.rows, R, K, point.ld, zero_cosines(point.problem.spec), point.inverse + block.begin,
                              point.inverse_proxies, block.cosines, f, onto_z, onto_proxies, gram, block.in_double});
    block.losses(change + block.begin);
  });
  Device::subtract(e, n, losses, change);
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_LOSS_CHANGE_HPP_
