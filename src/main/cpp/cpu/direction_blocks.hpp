// Blocks of rows with m directions of weight and proxies: the rows' tangents u' = X V', the tangents of the cosines,
// and from either the directional derivatives of the samples' losses. Shapes       directions of a row lie side by
// side: u' [rows, m, d], tangents of cosines [rows, m, ld].
#ifndef VICINAL_CPU_DIRECTION_BLOCKS_HPP_
#define VICINAL_CPU_DIRECTION_BLOCKS_HPP_

#include <algorithm>
#include <cstring>

#include "cpu/point.hpp"

namespace vicinal::cpu {

// What a reader of the blocks needs beside `moved`.
struct BlockNeeds {
  bool gradient;              // G = dL/ds
  bool tangents;              // of the cosines, from rows and proxies; else from the proxies alone, when they move
  std::int64_t more_per_row;  // elements that the reader itself keeps per row
};

template <class Real>
class DirectionBlocks {
 public:
  DirectionBlocks(Engine& e, const Point<Real>& point, Range range, std::int64_t m,
                  const Tangents<const Real>& direction, const BlockNeeds& needs)
      : e_(e),
        k_(kernels<Real>(e.isa)),
        point_(point),
        p_(point.problem),
        range_(range),
        m_(m),
        direction_(direction),
        through_cosines_(needs.tangents) {
    const std::int64_t d = p_.d, ld = point.ld;
    if (point.detached) direction_.proxies = nullptr;
    with_gradient_ = needs.gradient || (!needs.tangents && direction_.proxies != nullptr);
    with_cosines_ = with_gradient_ || needs.tangents;
    with_tangents_ = needs.tangents || direction_.proxies != nullptr;
    if (direction_.proxies != nullptr) {
      const std::int64_t size = point.columns * d;
      unit_proxies_t_ = e.workspace.get<Real>(m * size);
      Real* alpha = e.workspace.get<Real>(point.columns);
      for (std::int64_t q = 0; q < m; ++q)
        proxy_tangents(e, point, direction_.proxies + q * size, alpha, unit_proxies_t_ + q * size);
    }
    const std::int64_t own = with_cosines_ && point.cosines == nullptr ? 1 : 0;
    const std::int64_t matrices = own + (with_gradient_ ? 1 : 0) + (with_tangents_ ? m : 0);
    const std::int64_t doubles = static_cast<std::int64_t>(sizeof(double) / sizeof(Real));
    most_rows_ = block_rows(
        e, range.size(),
        static_cast<std::int64_t>(sizeof(Real)) * (matrices * ld + m * (d + 1 + doubles) + needs.more_per_row));
    if (own != 0) s_ = e.workspace.get<Real>(most_rows_ * ld);
    if (with_gradient_) g = e.workspace.get<Real>(most_rows_ * ld);
    if (with_tangents_) tangents = e.workspace.get<Real>(most_rows_ * m * ld);
    moved = e.workspace.get<Real>(most_rows_ * m * d);
    alpha_ = e.workspace.get<Real>(most_rows_ * m);
    derivatives = e.workspace.get<double>(most_rows_ * m);
  }

  std::int64_t most_rows() const { return most_rows_; }
  bool one_block() const { return most_rows_ >= range_.size(); }

  // body() for every block. A second pass over a single block finds it as the first one left it.
  template <class Body>
  void each_block(Body&& body) {
    for (std::int64_t at = range_.begin; at < range_.end; at += most_rows_) {
      const Workspace::Mark mark = e_.workspace.mark();
      begin = at;
      rows = std::min(most_rows_, range_.end - at);
      if (!(filled_ && one_block())) fill();
      filled_ = true;
      body();
      e_.workspace.rewind(mark);
    }
  }

  // Fills g and the row losses' derivatives of the block; not together with BlockNeeds::tangents.
  void row_derivatives() {
    const std::int64_t d = p_.d, ld = point_.ld;
    const double n = static_cast<double>(p_.n);
    if (with_gradient_) apply_rows<Real>(e_, point_, begin, rows, cosines, nullptr, 1, g, nullptr, nullptr, nullptr);
    const double work = 4.0 * static_cast<double>(rows * m_) * static_cast<double>(d + point_.columns);
    parallel_ranges(e_, rows, work, [&](Range r) {
      double* out = derivatives + r.begin * m_;
      if (direction_.weight != nullptr) {
        k_.dot_rows(r.size(), m_, d, point_.gradient + (begin + r.begin) * d, moved + r.begin * m_ * d, out);
      } else {
        std::fill(out, out + r.size() * m_, 0.0);
      }
      for (std::int64_t t = r.begin * m_; t < r.end * m_; ++t) {
        double by_proxies = 0;
        if (with_tangents_) k_.dot_rows(1, 1, point_.columns, g + t / m_ * ld, tangents + t * ld, &by_proxies);
        derivatives[t] = n * (derivatives[t] + by_proxies);
      }
    });
  }

  // The current block.
  std::int64_t begin = 0, rows = 0;
  const Real* cosines = nullptr;  // [rows, ld]
  Real* tangents = nullptr;       // [rows, m, ld]
  Real* g = nullptr;              // [rows, ld] dL_i/ds / N
  Real* moved = nullptr;          // [rows, m, d] u', or z' with BlockNeeds::tangents; the reader may overwrite it
  double* derivatives = nullptr;  // [rows, m] <dL_i/dtheta, direction>

 private:
  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Real* unit = point_.unit + begin * d;
    const bool rows_move = direction_.weight != nullptr;
    if (rows_move) affine_rows<Real>(e_, p_, begin, rows, m_ * d, direction_.weight, nullptr, moved);
    if (rows_move && through_cosines_) {
      const double work = 8.0 * static_cast<double>(rows * m_) * static_cast<double>(d);
      parallel_ranges(e_, rows, work, [&](Range r) {
        Real* mine = moved + r.begin * m_ * d;
        k_.tangent_rows(r.size(), m_, d, unit + r.begin * d, point_.inverse + begin + r.begin, mine,
                        alpha_ + r.begin * m_, mine);
      });
      gemm<Real>(e_, {false, true, rows * m_, K, d, moved, d, point_.unit_proxies, d, tangents, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        gemm<Real>(e_, {false, true, rows, K, d, unit, d, unit_proxies_t_ + q * K * d, d, tangents + q * ld, m_ * ld,
                        rows_move && through_cosines_});
    } else if (through_cosines_ && !rows_move) {  // only proxies that are constants
      std::memset(tangents, 0, static_cast<std::size_t>(rows * m_ * ld) * sizeof(Real));
    }
    if (!with_cosines_) return;
    if (point_.cosines != nullptr) {
      cosines = point_.cosines + begin * ld;
    } else {
      cosines_of(e_, point_, rows, unit, point_.inverse + begin, s_);
      cosines = s_;
    }
  }

  Engine& e_;
  const Kernels<Real>& k_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  Range range_;
  std::int64_t m_;
  Tangents<const Real> direction_;
  bool through_cosines_;
  bool with_gradient_ = false, with_cosines_ = false, with_tangents_ = false;
  bool filled_ = false;
  std::int64_t most_rows_ = 0;
  Real* unit_proxies_t_ = nullptr;  // [m, columns, d] kernel order; null: the proxies do not move
  Real *s_ = nullptr, *alpha_ = nullptr;
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_DIRECTION_BLOCKS_HPP_
