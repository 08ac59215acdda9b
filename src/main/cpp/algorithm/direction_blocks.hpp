// Blocks of rows with m directions of weight and proxies: the rows' tangents u' = X V', the tangents of the cosines,
// and from either the directional derivatives of the samples' losses.
// Shapes       directions of a row lie side by side: u' [rows, m, d], tangents of cosines [rows, m, ld].
#ifndef VICINAL_ALGORITHM_DIRECTION_BLOCKS_HPP_
#define VICINAL_ALGORITHM_DIRECTION_BLOCKS_HPP_

#include "algorithm/point.hpp"

namespace vicinal::algorithm {

// What a reader of the blocks needs beside `moved`.
struct BlockNeeds {
  bool gradient;              // G = dL/ds
  bool tangents;              // of the cosines, from rows and proxies; else from the proxies alone, when they move
  std::int64_t more_per_row;  // bytes that the reader itself keeps per row
};

// Samples from .. from + count.
template <class Device>
class DirectionBlocks {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  DirectionBlocks(Engine& e, const Point<Device>& point, std::int64_t from, std::int64_t count, std::int64_t m,
                  const Tangents<const Real>& direction, const BlockNeeds& needs)
      : e_(e),
        point_(point),
        p_(point.problem),
        from_(from),
        end_(from + count),
        m_(m),
        direction_(direction),
        through_cosines_(needs.tangents) {
    const std::int64_t d = p_.d, ld = point.ld, K = point.columns;
    if (point.detached) direction_.proxies = nullptr;
    with_gradient_ = needs.gradient || (!needs.tangents && direction_.proxies != nullptr);
    with_cosines_ = with_gradient_ || needs.tangents;
    const bool with_tangents = needs.tangents || direction_.proxies != nullptr;
    if (direction_.proxies != nullptr) {
      unit_proxies_t_ = take<Real>(e, m * K * d);
      proxy_tangents(e, point, m, direction_.proxies, take<Real>(e, m * K), unit_proxies_t_);
    }
    const std::int64_t own = with_cosines_ && point.cosines == nullptr ? 1 : 0;
    const std::int64_t matrices = own + (with_gradient_ ? 1 : 0) + (with_tangents ? m : 0);
    most_rows_ = block_rows(e, point, count, bytes_of(matrices * ld + m * (d + 1), sizeof(Real)) + needs.more_per_row);
    if (own != 0) s_ = take<Real>(e, most_rows_ * ld);
    if (with_gradient_) g = take<Real>(e, most_rows_ * ld);
    if (with_tangents) tangents = take<Real>(e, most_rows_ * m * ld);
    moved = take<Real>(e, most_rows_ * m * d);
    alpha_ = take<Real>(e, most_rows_ * m);
  }

  std::int64_t most_rows() const { return most_rows_; }

  // body() for every block. A second sweep over a single block finds it as the first one left it.
  template <class Body>
  void sweep(Body&& body) {
    each_block(e_, from_, end_, most_rows_, [&](std::int64_t at, std::int64_t count) {
      begin = at;
      rows = count;
      if (!(filled_ && most_rows_ >= end_ - from_)) fill();
      filled_ = true;
      body();
    });
  }

  // Fills g, and the derivatives <dL_i/dtheta, direction> of the block's losses, those of row i and direction q at
  // out[i * row_step + q * direction_step]; not together with BlockNeeds::tangents.
  void row_derivatives(double* out, std::int64_t row_step, std::int64_t direction_step) {
    const std::int64_t d = p_.d, ld = point_.ld;
    if (with_gradient_) {
      typename Device::LossTile tile = loss_tile(point_, begin, rows);
      tile.s = cosines;
      tile.g = g;
      Device::loss_rows(e_, p_.spec, tile, nullptr);
    }
    Device::row_derivatives(
        e_, {rows, m_, d, point_.columns, ld, static_cast<double>(p_.n), point_.gradient + begin * d,
             direction_.weight == nullptr ? nullptr : moved, g, tangents, out, row_step, direction_step});
  }

  // The current block.
  std::int64_t begin = 0, rows = 0;
  const Real* cosines = nullptr;  // [rows, ld]
  Real* tangents = nullptr;       // [rows, m, ld]
  Real* g = nullptr;              // [rows, ld] dL_i/ds / N
  Real* moved = nullptr;          // [rows, m, d] u', or z' with BlockNeeds::tangents; the reader may overwrite it

 private:
  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Real* unit = point_.unit + begin * d;
    const bool rows_move = direction_.weight != nullptr;
    if (rows_move) affine_rows(e_, point_, begin, rows, m_ * d, direction_.weight, nullptr, moved);
    if (rows_move && through_cosines_) {
      Device::tangent_rows(e_, rows, m_, d, unit, point_.inverse + begin, moved, alpha_, moved, {});
      Device::gemm(e_, {false, true, rows * m_, K, d, moved, d, point_.unit_proxies, d, tangents, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        Device::gemm(e_, {false, true, rows, K, d, unit, d, unit_proxies_t_ + q * K * d, d, tangents + q * ld, m_ * ld,
                          rows_move && through_cosines_});
    } else if (through_cosines_ && !rows_move) {  // only proxies that are constants
      e_.zero(tangents, rows * m_ * ld);
    }
    if (with_cosines_) cosines = kept_cosines(e_, point_, begin, rows, s_);
  }

  Engine& e_;
  const Point<Device>& point_;
  const Problem<Real>& p_;
  std::int64_t from_, end_, m_;
  Tangents<const Real> direction_;
  bool through_cosines_;
  bool with_gradient_ = false, with_cosines_ = false;
  bool filled_ = false;
  std::int64_t most_rows_ = 0;
  Real* unit_proxies_t_ = nullptr;  // [m, columns, d] kernel order; null: the proxies do not move
  Real *s_ = nullptr, *alpha_ = nullptr;
};

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_DIRECTION_BLOCKS_HPP_
