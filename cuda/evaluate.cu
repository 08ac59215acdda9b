// Value and gradients of a loss, streamed over blocks of rows: the twin of cpu/evaluate.cpp, which has the formulas.
// Cost         6 B C K d flops (4 N d D more with a head). Per block the cosines are written once by the product, read
//              once (long rows and columns: twice) by the loss kernel, which writes G over them or rounded beside
//              them, and G is read once by each of the two products that follow. docs/numerics.md counts the bytes.
// Determinism  blocks depend on sizes and workspace only; cuBLAS is reproducible for one stream and one workspace.
#include <cmath>

#include "point.cuh"

namespace vicinal::cuda {
namespace {

template <class Real>
class Evaluation {
 public:
  Evaluation(Engine& e, Point<Real>& point, const Gradients<Real>& out, LossTotals* totals)
      : e_(e), point_(point), p_(point.problem), out_(out), totals_(totals) {
    rows_wanted_ =
        out.embeddings != nullptr || out.weight != nullptr || out.bias != nullptr || point.gradient != nullptr;
    proxies_wanted_ = (out.proxies != nullptr || point.proxy_gradient != nullptr) && !point.detached;
  }

  void run() {
    const std::int64_t d = p_.d, n = p_.n, K = point_.columns;
    const bool head = p_.embeddings == nullptr, scaled = point_.late_weights && proxies_wanted_;
    const std::int64_t per_row =
        static_cast<std::int64_t>(sizeof(Real)) * (point_.ld + d * (head ? 3 : 2) + 2 + (scaled ? d : 0)) +
        rounded_bytes<Real>(e_) * (point_.ld + d + (scaled ? d : 0));
    const std::int64_t rows = block_rows(e_, point_, n, per_row);
    normalize_rows(e_, K, d, p_.proxies, point_.unit_proxies, point_.inverse_proxies, point_.order);
    if (proxies_wanted_) proxies_ = e_.workspace.template get<Real>(K * d);
    if (out_.bias != nullptr) {
      bias_ = e_.workspace.template get<double>(d);
      e_.zero(bias_, d);
    }
    if (head) embeddings_ = e_.workspace.template get<Real>(rows * d);
    if (point_.unit == nullptr) {
      own_unit_ = operand<Real>(e_, e_.workspace, rows * d);
      own_inverse_ = e_.workspace.template get<Real>(rows);
    }
    s_ = e_.workspace.template get<Real>(rows * point_.ld);
    g_ = product_operand(e_, e_.workspace, rows * point_.ld, s_);
    if (scaled) scaled_unit_ = operand<Real>(e_, e_.workspace, rows * d);
    if (rows_wanted_ && out_.embeddings == nullptr && point_.gradient == nullptr)
      q_ = e_.workspace.template get<Real>(rows * d);
    if (has_regulariser(point_)) centre_regulariser(e_, point_, proxies_, totals_);

    const bool at_once = point_.by_columns && rows >= n && !needs_shift() && stripes_fit<Real>(e_, n);
    if (point_.by_columns && !at_once) reduce_columns(rows);
    each_block(rows, [&] {
      if (at_once) {
        stripe_columns<Real>(e_, p_.spec, tile(), point_.counts, point_.column, g_, totals_);
      } else if (point_.by_columns) {
        apply_columns<Real>(e_, p_.spec, column_tile<Real>(point_, begin_, rows_, s_, nullptr, point_.ld),
                            point_.column, nullptr, g_, nullptr);
      } else {
        LossTile<Real> tile = loss_tile(point_, begin_, rows_);
        tile.s = s_;
        tile.g = g_;
        tile.per_sample = out_.per_sample == nullptr ? nullptr : out_.per_sample + begin_;
        loss_rows(e_, p_.spec, tile, totals_);
      }
      outputs();
    });
    finish();
  }

 private:
  // body() for every block with its cosines in s_. With one block a second sweep finds them there.
  template <class Body>
  void each_block(std::int64_t rows, Body&& body) {
    for (begin_ = 0; begin_ < p_.n; begin_ += rows) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(rows, p_.n - begin_);
      if (!(filled_ && rows >= p_.n)) fill();
      filled_ = true;
      body();
      e_.workspace.rewind(mark);
      if (rows < p_.n) e_.poll();
    }
  }

  Operand<Real> unit() const { return point_.unit == nullptr ? own_unit_ : point_.unit + begin_ * p_.d; }
  Real* inverse() const { return point_.inverse == nullptr ? own_inverse_ : point_.inverse + begin_; }

  void fill() {
    const std::int64_t d = p_.d;
    const Real* u = p_.embeddings == nullptr ? embeddings_ : p_.embeddings + begin_ * d;
    if (p_.embeddings == nullptr) affine_rows<Real>(e_, point_, begin_, rows_, d, p_.weight, p_.bias, embeddings_);
    normalize_rows(e_, rows_, d, u, unit(), inverse());
    cosines_of<Real>(e_, point_, rows_, unit(), inverse(), s_);
    if (point_.cosines != nullptr) e_.copy(point_.cosines + begin_ * point_.ld, s_, rows_ * point_.ld);
  }

  // g_ holds G: the gradients that follow from it.
  void outputs() {
    const std::int64_t d = p_.d, K = point_.columns;
    Real* q = nullptr;
    if (rows_wanted_) {
      q = point_.gradient != nullptr   ? point_.gradient + begin_ * d
          : out_.embeddings != nullptr ? out_.embeddings + begin_ * d
                                       : q_;
      gemm<Real>(e_, {false, false, rows_, d, K, g_, point_.ld, point_.unit_proxies, d, q, d, false});
      project_rows<Real>(e_, rows_, d, unit(), inverse(), q, point_.beta == nullptr ? nullptr : point_.beta + begin_,
                         q);
      if (point_.gradient != nullptr && out_.embeddings != nullptr) e_.copy(out_.embeddings + begin_ * d, q, rows_ * d);
    }
    if (proxies_wanted_) {
      // Late weights multiply the rows' unit embeddings, which are fewer than their G.
      if (point_.late_weights) scale_rows<Real>(e_, rows_, 1, d, p_.weights + begin_, unit(), scaled_unit_);
      gemm<Real>(e_, {true, false, K, d, rows_, g_, point_.ld, point_.late_weights ? scaled_unit_ : unit(), d, proxies_,
                      d, begin_ > 0 || has_regulariser(point_)});
    }
    if (out_.weight != nullptr) {
      const std::int64_t D = p_.features_width;
      gemm<Real>(
          e_, {true, false, d, D, rows_, q, d, point_.features.rows(e_, begin_, rows_), D, out_.weight, D, begin_ > 0});
    }
    if (out_.bias != nullptr) add_column_sums(e_, rows_, d, q, bias_);
  }

  // Proxy-Anchor: the reductions over all rows, and the loss.
  void reduce_columns(std::int64_t rows) {
    double* sums = point_.column.sums;
    if (needs_shift()) each_block(rows, [&] { raise_columns(e_, p_.spec, tile(), point_.column); });
    each_block(rows, [&] { absorb_columns(e_, p_.spec, tile(), point_.column, sums); });
    finish_columns(e_, p_.spec, p_.classes, p_.n, point_.counts, sums, point_.column, totals_);
  }
  ColumnTile<Real> tile() const { return column_tile<Real>(point_, begin_, rows_, s_, nullptr, point_.ld); }

  // Whether the exponents could overflow, so that the reductions need their maxima first. Weights lie on the device and
  // can be anything: then always.
  bool needs_shift() const {
    const double safe = sizeof(Real) == sizeof(float) ? 80.0 : 700.0;
    const double reach = (p_.spec.flags & VICINAL_EUCLIDEAN) != 0 ? 2.0 : 1.0;
    const double largest = std::fabs(p_.spec.scale) * (reach + 1e-3 + std::fabs(p_.spec.margin));
    return p_.weights != nullptr || largest + std::log(static_cast<double>(p_.n)) > safe;
  }

  void finish() {
    const std::int64_t d = p_.d, K = point_.columns;
    if (out_.bias != nullptr) to_real(e_, d, bias_, out_.bias);
    if (point_.detached) {
      if (out_.proxies != nullptr) e_.zero(out_.proxies, K * d);
    } else if (proxies_wanted_) {
      project_rows<Real>(e_, K, d, point_.unit_proxies, point_.inverse_proxies, proxies_, point_.proxy_beta,
                         point_.proxy_gradient, out_.proxies, point_.order);
    }
  }

  Engine& e_;
  Point<Real>& point_;
  const Problem<Real>& p_;
  const Gradients<Real>& out_;
  LossTotals* totals_;
  bool rows_wanted_ = false, proxies_wanted_ = false;
  bool filled_ = false;
  std::int64_t begin_ = 0, rows_ = 0;
  Real *embeddings_ = nullptr, *own_inverse_ = nullptr, *s_ = nullptr, *q_ = nullptr;
  Operand<Real> own_unit_, scaled_unit_, g_;
  Real* proxies_ = nullptr;  // dL/dP^ [columns, d], kernel order
  double* bias_ = nullptr;
};

}  // namespace

template <class Real>
void evaluate(Engine& e, Point<Real>& point, const Gradients<Real>& out, LossTotals* totals) {
  Evaluation<Real>(e, point, out, totals).run();
}
template void evaluate<float>(Engine&, Point<float>&, const Gradients<float>&, LossTotals*);
template void evaluate<double>(Engine&, Point<double>&, const Gradients<double>&, LossTotals*);

}  // namespace vicinal::cuda
