// Blocks of rows with m directions of weight and proxies: the rows' tangents u' = X V', the tangents of the cosines,
// and from either the directional derivatives of the samples' losses. The twin of cpu/direction_blocks.hpp.
// Shapes       directions of a row lie side by side: u' [rows, m, d], tangents of cosines [rows, m, ld].
// Threads      derivatives: one warp per row and direction.
// Determinism  blocks depend on sizes and workspace only; derivatives are summed in double, in the order of the lanes.
#ifndef VICINAL_CUDA_DIRECTION_BLOCKS_CUH_
#define VICINAL_CUDA_DIRECTION_BLOCKS_CUH_

#include "point.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {

// out[i * row_step + q * direction_step] = n (g_i . u'_iq + G_i . s'_iq), either part absent when its tangents are
// null.
template <class Real>
struct RowDerivatives {
  std::int64_t rows, m, d, columns, ld;
  double n;
  const Real* gradient;  // [rows, d]
  const Real* moved;     // [rows, m, d] or null
  const Real* g;         // [rows, ld]
  const Real* tangents;  // [rows, m, ld] or null
  double* out;
  std::int64_t row_step, direction_step;
};
template <class Real>
__global__ void derivative_kernel(RowDerivatives<Real> r) {
  const std::int64_t t = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (t >= r.rows * r.m) return;
  const std::int64_t i = t / r.m, lane = threadIdx.x % kWarp;
  const auto dot = [&](std::int64_t width, const Real* a, const Real* b) {
    double sum = 0;
    for (std::int64_t j = lane; j < width; j += kWarp) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
    return warp_sum(sum);
  };
  double sum = 0;
  if (r.moved != nullptr) sum += dot(r.d, r.gradient + i * r.d, r.moved + t * r.d);
  if (r.tangents != nullptr) sum += dot(r.columns, r.g + i * r.ld, r.tangents + t * r.ld);
  if (lane == 0) r.out[i * r.row_step + t % r.m * r.direction_step] = r.n * sum;
}

// What a reader of the blocks needs beside `moved`.
struct BlockNeeds {
  bool gradient;              // G = dL/ds
  bool tangents;              // of the cosines, from rows and proxies; else from the proxies alone, when they move
  std::int64_t more_per_row;  // bytes that the reader itself keeps per row
};

// Samples from .. from + count.
template <class Real>
class DirectionBlocks {
 public:
  DirectionBlocks(Engine& e, const Point<Real>& point, std::int64_t from, std::int64_t count, std::int64_t m,
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
    with_tangents_ = needs.tangents || direction_.proxies != nullptr;
    if (direction_.proxies != nullptr) {
      unit_proxies_t_ = operand<Real>(e, e.workspace, m * K * d);
      Real* alpha = get(K);
      for (std::int64_t q = 0; q < m; ++q)
        tangent_rows<Real>(e, K, 1, d, point.unit_proxies, point.inverse_proxies, direction_.proxies + q * K * d, alpha,
                           unit_proxies_t_ + q * K * d, point.order);
    }
    const std::int64_t own = with_cosines_ && point.cosines == nullptr ? 1 : 0;
    const std::int64_t matrices = own + (with_gradient_ ? 1 : 0) + (with_tangents_ ? m : 0);
    most_rows_ = block_rows(e, point, count,
                            static_cast<std::int64_t>(sizeof(Real)) * (matrices * ld + m * (d + 1)) +
                                rounded_bytes<Real>(e) * m * d + needs.more_per_row);
    if (own != 0) s_ = get(most_rows_ * ld);
    if (with_gradient_) g = get(most_rows_ * ld);
    if (with_tangents_) tangents = get(most_rows_ * m * ld);
    moved = operand<Real>(e, e.workspace, most_rows_ * m * d);
    weight_ = direction_.weight;
    if (point.features.rounded()) weight_ = rounded_copy(e, m * d * p_.features_width, direction_.weight);
    alpha_ = get(most_rows_ * m);
  }

  std::int64_t most_rows() const { return most_rows_; }

  // body() for every block. A second pass over a single block finds it as the first one left it.
  template <class Body>
  void each_block(Body&& body) {
    for (begin = from_; begin < end_; begin += most_rows_) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows = std::min(most_rows_, end_ - begin);
      if (!(filled_ && most_rows_ >= end_ - from_)) fill();
      filled_ = true;
      body();
      e_.workspace.rewind(mark);
      e_.poll();
    }
  }

  // Fills g, and the derivatives <dL_i/dtheta, direction> of the block's losses; not together with
  // BlockNeeds::tangents.
  void row_derivatives(double* out, std::int64_t row_step, std::int64_t direction_step) {
    const std::int64_t d = p_.d, ld = point_.ld;
    if (with_gradient_) {
      LossTile<Real> tile = loss_tile(point_, begin, rows);
      tile.s = cosines;
      tile.g = g;
      loss_rows<Real>(e_, p_.spec, tile, nullptr);
    }
    constexpr unsigned kThreads = 128;
    const RowDerivatives<Real> r{rows,
                                 m_,
                                 d,
                                 point_.columns,
                                 ld,
                                 static_cast<double>(p_.n),
                                 point_.gradient + begin * d,
                                 direction_.weight == nullptr ? nullptr : moved,
                                 g,
                                 tangents,
                                 out,
                                 row_step,
                                 direction_step};
    launch(derivative_kernel<Real>, dim3(static_cast<unsigned>(ceil_div(rows * m_ * kWarp, kThreads))), dim3(kThreads),
           0, e_.stream, r);
  }

  // The current block.
  std::int64_t begin = 0, rows = 0;
  const Real* cosines = nullptr;  // [rows, ld]
  Real* tangents = nullptr;       // [rows, m, ld]
  Real* g = nullptr;              // [rows, ld] dL_i/ds / N
  Operand<Real> moved;            // [rows, m, d] u', or z' with BlockNeeds::tangents; the reader may overwrite it

 private:
  Real* get(std::int64_t count) { return e_.workspace.template get<Real>(count); }

  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Operand<Real> unit = point_.unit + begin * d;
    const bool rows_move = direction_.weight != nullptr;
    if (rows_move) affine_rows<Real>(e_, point_, begin, rows, m_ * d, weight_, nullptr, moved);
    if (rows_move && through_cosines_) {
      tangent_rows<Real>(e_, rows, m_, d, unit, point_.inverse + begin, moved, alpha_, moved);
      gemm<Real>(e_, {false, true, rows * m_, K, d, moved, d, point_.unit_proxies, d, tangents, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        gemm<Real>(e_, {false, true, rows, K, d, unit, d, unit_proxies_t_ + q * K * d, d, tangents + q * ld, m_ * ld,
                        rows_move && through_cosines_});
    } else if (through_cosines_ && !rows_move) {  // only proxies that are constants
      e_.zero(tangents, rows * m_ * ld);
    }
    if (!with_cosines_) return;
    if (point_.cosines != nullptr) {
      cosines = point_.cosines + begin * ld;
    } else {
      cosines_of<Real>(e_, point_, rows, unit, point_.inverse + begin, s_);
      cosines = s_;
    }
  }

  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  std::int64_t from_, end_, m_;
  Tangents<const Real> direction_;
  bool through_cosines_;
  bool with_gradient_ = false, with_cosines_ = false, with_tangents_ = false;
  bool filled_ = false;
  std::int64_t most_rows_ = 0;
  Operand<Real> unit_proxies_t_;  // [m, columns, d] kernel order; null: the proxies do not move
  Operand<const Real> weight_;
  Real *s_ = nullptr, *alpha_ = nullptr;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_DIRECTION_BLOCKS_CUH_
