// The Hessian of a loss applied to a direction, at a point that keeps its unit rows and gradients.
// Computes     per block, with u' the direction of the embeddings (given, or X V' + v) and p' of the proxies:
//                z' = (u' - (z.u') z) / r            tangent of the unit rows; p^' likewise, once
//                S' = Z' P^' + Z P^''                tangents of the cosines, two products
//                G, G' from S, S'                    the loss kernel on dual numbers
//                Q' = G' P^ + G P^''                 tangent of dL/dz
//                out = (Q' - (z.Q') z) / r - (g.z') z - (z.u' / r) g - (z.Q / r) z'
//              and the same for the proxies from G'' Z + G' Z'. Parts whose direction or output is absent are skipped.
// Cost         W only: 4 N d (D + C K) flops, plus 2 N C K d when the cosines were not kept.
// Determinism  block and task partitions depend on sizes, workspace and thread count only.
#include <cstring>

#include "cpu/point.hpp"

namespace vicinal::cpu {
namespace {

template <class Real>
class TangentProduct {
 public:
  TangentProduct(Engine& e, const Point<Real>& point, const Tangents<const Real>& direction, const Tangents<Real>& out)
      : e_(e), k_(kernels<Real>(e.isa)), point_(point), p_(point.problem), direction_(direction), out_(out) {
    if (point.detached) direction_.proxies = nullptr;
    rows_moved_ = direction.embeddings != nullptr || direction.weight != nullptr || direction.bias != nullptr;
    rows_wanted_ = out.embeddings != nullptr || out.weight != nullptr || out.bias != nullptr;
    proxies_wanted_ = out.proxies != nullptr && !point.detached;
  }

  void run() {
    const std::int64_t n = p_.n, d = p_.d, ld = point_.ld, C = p_.classes;
    prepare_proxies();
    const std::int64_t own = point_.cosines == nullptr ? 1 : 0;
    const std::int64_t per_row = static_cast<std::int64_t>(sizeof(Real)) * ((2 + own) * ld + 2 * d + 1);
    const std::int64_t rows = block_rows(e_, n, per_row);
    if (rows_moved_) {
      moved_ = e_.workspace.get<Real>(rows * d);
      alpha_ = e_.workspace.get<Real>(rows);
    }
    if (own != 0) s_ = e_.workspace.get<Real>(rows * ld);
    g_ = e_.workspace.get<Real>(rows * ld);
    gt_ = e_.workspace.get<Real>(rows * ld);
    if (rows_wanted_ && out_.embeddings == nullptr) q_ = e_.workspace.get<Real>(rows * d);
    if (out_.bias != nullptr) {
      bias_ = e_.workspace.get<double>(d);
      for (std::int64_t j = 0; j < d; ++j) bias_[j] = 0;
    }
    if (point_.by_columns) {
      double* sums = e_.workspace.get<double>(4 * C);
      for (std::int64_t j = 0; j < 4 * C; ++j) sums[j] = 0;
      const ColumnSums<Real> column{sums, sums + C, sums + 2 * C, sums + 3 * C};
      each_block(rows, [&] { absorb_columns<Real>(e_, point_, begin_, rows_, cosines_, gt_, column); });
      finish_columns(column);
    }
    each_block(rows, [&] {
      if (point_.by_columns) {
        apply_columns<Real>(e_, point_, begin_, rows_, cosines_, gt_, factor_positive_t_, factor_negative_t_, g_, gt_);
      } else {
        apply_rows<Real>(e_, point_, begin_, rows_, cosines_, gt_, g_, gt_, nullptr, nullptr);
      }
      outputs();
    });
    finish();
  }

 private:
  double row_work(std::int64_t rows) const { return 8.0 * static_cast<double>(rows) * static_cast<double>(p_.d); }

  // Unit tangents of the proxies, in kernel order.
  void prepare_proxies() {
    const std::int64_t d = p_.d;
    if (direction_.proxies != nullptr) {
      unit_proxies_t_ = e_.workspace.get<Real>(point_.columns * d);
      proxy_alpha_ = e_.workspace.get<Real>(point_.columns);
      for_each_proxy(e_, point_, [&](std::int64_t row, std::int64_t source, std::int64_t count) {
        k_.tangent_rows(count, d, point_.unit_proxies + row * d, point_.inverse_proxies + row,
                        direction_.proxies + source * d, proxy_alpha_ + row, unit_proxies_t_ + row * d);
      });
    }
    if (proxies_wanted_) proxies_t_ = e_.workspace.get<Real>(point_.columns * d);
  }

  // body() for every block, with cosines_ and gt_ (the tangents of the cosines) filled.
  template <class Body>
  void each_block(std::int64_t rows, Body&& body) {
    for (begin_ = 0; begin_ < p_.n; begin_ += rows) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(rows, p_.n - begin_);
      if (!(filled_ && rows >= p_.n)) fill();
      filled_ = true;
      body();
      e_.workspace.rewind(mark);
    }
  }

  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Real* unit = point_.unit + begin_ * d;
    if (rows_moved_) {
      const Real* v = moved_;
      if (direction_.embeddings != nullptr) {
        v = direction_.embeddings + begin_ * d;
      } else {
        affine_rows(e_, p_, begin_, rows_, direction_.weight, direction_.bias, moved_);
      }
      parallel_ranges(e_, rows_, row_work(rows_), [&](Range r) {
        k_.tangent_rows(r.size(), d, unit + r.begin * d, point_.inverse + begin_ + r.begin, v + r.begin * d,
                        alpha_ + r.begin, moved_ + r.begin * d);
      });
      gemm<Real>(e_, {false, true, rows_, K, d, moved_, d, point_.unit_proxies, d, gt_, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      gemm<Real>(e_, {false, true, rows_, K, d, unit, d, unit_proxies_t_, d, gt_, ld, rows_moved_});
    } else if (!rows_moved_) {
      std::memset(gt_, 0, static_cast<std::size_t>(rows_ * ld) * sizeof(Real));
    }
    if (point_.cosines != nullptr) {
      cosines_ = point_.cosines + begin_ * ld;
    } else {
      cosines_of(e_, point_, rows_, unit, point_.inverse + begin_, s_);
      cosines_ = s_;
    }
  }

  // Tangents of Proxy-Anchor's factors: f = c / D, so f' = -f D' / D.
  void finish_columns(const ColumnSums<Real>& sums) {
    const std::int64_t C = p_.classes;
    factor_positive_t_ = e_.workspace.get<Real>(C);
    factor_negative_t_ = e_.workspace.get<Real>(C);
    const Columns<Real>& column = point_.column;
    for (std::int64_t c = 0; c < C; ++c) {
      factor_positive_t_[c] =
          static_cast<Real>(-static_cast<double>(column.factor_positive[c]) * sums.positive_t[c] / column.positive[c]);
      factor_negative_t_[c] =
          static_cast<Real>(-static_cast<double>(column.factor_negative[c]) * sums.negative_t[c] / column.negative[c]);
    }
  }

  void outputs() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Real* unit = point_.unit + begin_ * d;
    if (rows_wanted_) {
      Real* q = out_.embeddings != nullptr ? out_.embeddings + begin_ * d : q_;
      gemm<Real>(e_, {false, false, rows_, d, K, gt_, ld, point_.unit_proxies, d, q, d, false});
      if (unit_proxies_t_ != nullptr)
        gemm<Real>(e_, {false, false, rows_, d, K, g_, ld, unit_proxies_t_, d, q, d, true});
      parallel_ranges(e_, rows_, row_work(rows_), [&](Range r) {
        k_.project_rows_tangent(r.size(), d, unit + r.begin * d, point_.inverse + begin_ + r.begin, q + r.begin * d,
                                point_.gradient + (begin_ + r.begin) * d, point_.beta + begin_ + r.begin,
                                rows_moved_ ? moved_ + r.begin * d : nullptr, rows_moved_ ? alpha_ + r.begin : nullptr,
                                q + r.begin * d);
      });
      if (out_.weight != nullptr) {
        const std::int64_t D = p_.features_width;
        gemm_over_rows<Real>(e_,
                             {true, false, d, D, rows_, q, d, p_.features + begin_ * D, D, out_.weight, D, begin_ > 0});
      }
      if (out_.bias != nullptr)
        for (std::int64_t i = 0; i < rows_; ++i)
          for (std::int64_t j = 0; j < d; ++j) bias_[j] += static_cast<double>(q[i * d + j]);
    }
    if (proxies_wanted_) {
      gemm_over_rows<Real>(e_, {true, false, K, d, rows_, gt_, ld, unit, d, proxies_t_, d, begin_ > 0});
      if (rows_moved_) gemm_over_rows<Real>(e_, {true, false, K, d, rows_, g_, ld, moved_, d, proxies_t_, d, true});
    }
  }

  void finish() {
    const std::int64_t d = p_.d;
    if (out_.bias != nullptr)
      for (std::int64_t j = 0; j < d; ++j) out_.bias[j] = static_cast<Real>(bias_[j]);
    if (proxies_wanted_) {
      centre_regulariser_tangent(e_, point_, unit_proxies_t_, proxies_t_);
      for_each_proxy(e_, point_, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
        const bool moved = unit_proxies_t_ != nullptr;
        k_.project_rows_tangent(count, d, point_.unit_proxies + row * d, point_.inverse_proxies + row,
                                proxies_t_ + row * d, point_.proxy_gradient + row * d, point_.proxy_beta + row,
                                moved ? unit_proxies_t_ + row * d : nullptr, moved ? proxy_alpha_ + row : nullptr,
                                out_.proxies + target * d);
      });
    } else if (out_.proxies != nullptr) {
      std::memset(out_.proxies, 0, static_cast<std::size_t>(point_.columns * d) * sizeof(Real));
    }
  }

  Engine& e_;
  const Kernels<Real>& k_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  Tangents<const Real> direction_;
  const Tangents<Real>& out_;
  bool rows_moved_ = false, rows_wanted_ = false, proxies_wanted_ = false;

  // Proxies, kernel order.
  Real* unit_proxies_t_ = nullptr;  // null: the proxies do not move
  Real* proxy_alpha_ = nullptr;
  Real* proxies_t_ = nullptr;  // tangent of dL/dP^
  // The current block.
  std::int64_t begin_ = 0, rows_ = 0;
  bool filled_ = false;
  Real* moved_ = nullptr;  // z'
  Real* alpha_ = nullptr;  // z . u'
  Real* s_ = nullptr;
  const Real* cosines_ = nullptr;
  Real *g_ = nullptr, *gt_ = nullptr;
  Real* q_ = nullptr;
  double* bias_ = nullptr;
  Real *factor_positive_t_ = nullptr, *factor_negative_t_ = nullptr;
};

}  // namespace

template <class Real>
void tangent_product(Engine& e, const Point<Real>& point, const Tangents<const Real>& direction,
                     const Tangents<Real>& out) {
  TangentProduct<Real>(e, point, direction, out).run();
}
template void tangent_product<float>(Engine&, const Point<float>&, const Tangents<const float>&,
                                     const Tangents<float>&);
template void tangent_product<double>(Engine&, const Point<double>&, const Tangents<const double>&,
                                      const Tangents<double>&);

}  // namespace vicinal::cpu
