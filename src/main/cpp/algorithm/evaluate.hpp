// Value and gradients of a loss, streamed over blocks of rows.
// Computes     per block: U (given, or X W' + b), unit rows Z, cosines S = Z P^', then the loss kernel turns S into
//              G = dL/dS; Q = G P^ gives dL/dU by the projection (Q - (z.Q) z) / r; dL/dP^ sums G' Z over blocks;
//              a head's dL/dW sums dL/dU' X.
//              Proxy-Anchor reduces over all rows first: with one block its cosines stay, else they are recomputed.
// Cost         6 B C K d flops (4 N d D more with a head); a block's temporaries fit the engine's workspace. Cosines
//              are written once, read by the loss kernel, which writes G over them, and G is
//              read by each of the two products that follow. docs/performance.md counts the bytes.
// Determinism  blocks depend on sizes and workspace only.
#ifndef VICINAL_ALGORITHM_EVALUATE_HPP_
#define VICINAL_ALGORITHM_EVALUATE_HPP_

#include <cmath>

#include "algorithm/point.hpp"

namespace vicinal::algorithm {

template <class Device>
class Evaluation {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  Evaluation(Engine& e, Point<Device>& point, const Gradients<Real>& out, LossTotals* totals)
      : e_(e), point_(point), p_(point.problem), out_(out), totals_(totals) {
    rows_wanted_ =
        out.embeddings != nullptr || out.weight != nullptr || out.bias != nullptr || point.gradient != nullptr;
    proxies_wanted_ = (out.proxies != nullptr || point.proxy_gradient != nullptr) && !point.detached;
  }

  void run() {
    const std::int64_t d = p_.d, n = p_.n, K = point_.columns;
    const bool head = p_.embeddings == nullptr, scaled = point_.late_weights && proxies_wanted_;
    const std::int64_t per_row = bytes_of(point_.ld + d * (head ? 3 : 2) + 2 + (scaled ? d : 0), sizeof(Real));
    const std::int64_t rows = block_rows(e_, point_, n, per_row);
    if constexpr (Device::kProxyTiles) tiled_ = rows == n && K > n && !point_.late_weights;
    if (!tiled_)
      Device::normalize_rows(e_, K, d, p_.proxies, point_.unit_proxies, point_.inverse_proxies, point_.order);
    if (proxies_wanted_ && (!tiled_ || has_regulariser(point_))) proxies_ = take<Real>(e_, K * d);
    if (out_.bias != nullptr) {
      bias_ = take<double>(e_, d);
      e_.zero(bias_, d);
    }
    if (head) embeddings_ = take<Real>(e_, rows * d);
    if (point_.unit == nullptr) {
      own_unit_ = take<Real>(e_, rows * d);
      own_inverse_ = take<Real>(e_, rows);
    }
    s_ = take<Real>(e_, rows * point_.ld);
    if (scaled) scaled_unit_ = take<Real>(e_, rows * d);
    if (rows_wanted_ && out_.embeddings == nullptr && point_.gradient == nullptr) q_ = take<Real>(e_, rows * d);

    if (point_.by_columns) reduce_columns(rows);
    sweep(rows, [&] {
      if (point_.by_columns) {
        Device::apply_columns(e_, p_.spec, columns(), point_.column, nullptr, s_, nullptr);
      } else {
        typename Device::LossTile tile = loss_tile(point_, begin_, rows_);
        tile.s = s_;
        tile.g = s_;
        tile.per_sample = out_.per_sample == nullptr ? nullptr : out_.per_sample + begin_;
        Device::loss_rows(e_, p_.spec, tile, totals_);
      }
      outputs();
    });
    finish();
  }

 private:
  // body() for every block with its cosines in s_. With one block a second sweep finds them there.
  template <class Body>
  void sweep(std::int64_t most, Body&& body) {
    each_block(e_, 0, p_.n, most, [&](std::int64_t begin, std::int64_t rows) {
      begin_ = begin;
      rows_ = rows;
      if (!(filled_ && most >= p_.n)) fill();
      filled_ = true;
      body();
    });
  }

  Real* unit() const { return point_.unit == nullptr ? own_unit_ : point_.unit + begin_ * p_.d; }
  Real* inverse() const { return point_.inverse == nullptr ? own_inverse_ : point_.inverse + begin_; }

  void fill() {
    const std::int64_t d = p_.d;
    const Real* u = p_.embeddings == nullptr ? embeddings_ : p_.embeddings + begin_ * d;
    if (p_.embeddings == nullptr) affine_rows(e_, point_, begin_, rows_, d, p_.weight, p_.bias, embeddings_);
    Device::normalize_rows(e_, rows_, d, u, unit(), inverse(), {});
    if (tiled_) {
      if constexpr (Device::kProxyTiles) Device::tiled_cosines(e_, point_, rows_, unit(), inverse(), s_);
    } else {
      cosines_of(e_, point_, rows_, unit(), inverse(), s_);
    }
    if (point_.cosines != nullptr) e_.copy(point_.cosines + begin_ * point_.ld, s_, rows_ * point_.ld);
  }

  // s_ holds G: the gradients that follow from it.
  void outputs() {
    const std::int64_t d = p_.d, K = point_.columns;
    if (begin_ == 0 && has_regulariser(point_)) Device::centre_regulariser(e_, point_, proxies_, totals_);
    Real* q = nullptr;
    if (rows_wanted_)
      q = point_.gradient != nullptr   ? point_.gradient + begin_ * d
          : out_.embeddings != nullptr ? out_.embeddings + begin_ * d
                                       : q_;
    Real* beta = point_.beta == nullptr ? nullptr : point_.beta + begin_;
    if (tiled_) {
      if constexpr (Device::kProxyTiles)
        Device::tiled_gradients(e_, point_,
                                {rows_, s_, unit(), inverse(), q, beta, proxies_wanted_, proxies_, out_.proxies});
    } else {
      if (rows_wanted_) {
        Device::gemm(e_, {false, false, rows_, d, K, s_, point_.ld, point_.unit_proxies, d, q, d, false});
        Device::project_rows(e_, rows_, d, unit(), inverse(), q, beta, q, nullptr, {});
      }
      if (proxies_wanted_) {
        if (point_.late_weights) Device::scale_rows(e_, rows_, 1, d, p_.weights + begin_, unit(), scaled_unit_);
        Device::gemm_over_rows(
            e_, {true, false, K, d, rows_, s_, point_.ld, point_.late_weights ? scaled_unit_ : unit(), d, proxies_, d,
                 begin_ > 0 || has_regulariser(point_)});
      }
    }
    if (q != nullptr && point_.gradient != nullptr && out_.embeddings != nullptr)
      e_.copy(out_.embeddings + begin_ * d, q, rows_ * d);
    if (out_.weight != nullptr) {
      const std::int64_t D = p_.features_width;
      Device::gemm_over_rows(
          e_, {true, false, d, D, rows_, q, d, point_.features.rows(e_, begin_, rows_), D, out_.weight, D, begin_ > 0});
    }
    if (out_.bias != nullptr) Device::add_column_sums(e_, rows_, d, q, bias_);
  }

  // Proxy-Anchor: the reductions over all rows, and the loss.
  void reduce_columns(std::int64_t rows) {
    double* sums = point_.column.sums;
    if (needs_shift()) sweep(rows, [&] { Device::raise_columns(e_, p_.spec, columns(), point_.column); });
    sweep(rows, [&] { Device::absorb_columns(e_, p_.spec, columns(), point_.column, sums); });
    Device::finish_columns(e_, p_.spec, p_.classes, p_.n, point_.counts, sums, point_.column, totals_);
  }
  ColumnTile<Real> columns() const { return column_tile(point_, begin_, rows_, s_, nullptr, point_.ld); }

  // Whether the exponents could overflow, so that the reductions need their maxima first.
  bool needs_shift() const {
    const double safe = sizeof(Real) == sizeof(float) ? 80.0 : 700.0;  // a sum of such exponentials stays finite
    const double reach = p_.spec.euclidean ? 2.0 : 1.0;
    const double largest = std::fabs(p_.spec.scale) * (reach + 1e-3 + std::fabs(p_.spec.margin));
    const double weight = p_.weights == nullptr ? 1 : std::max(1.0, Device::largest(p_.n, p_.weights));
    return largest + std::log(weight * static_cast<double>(p_.n)) > safe;
  }

  void finish() {
    const std::int64_t d = p_.d, K = point_.columns;
    if (out_.bias != nullptr) Device::to_real(e_, d, 1, bias_, out_.bias);
    if (point_.detached) {
      if (out_.proxies != nullptr) e_.zero(out_.proxies, K * d);
    } else if (proxies_wanted_ && !tiled_) {
      Device::project_rows(e_, K, d, point_.unit_proxies, point_.inverse_proxies, proxies_, point_.proxy_beta,
                           point_.proxy_gradient, out_.proxies, point_.order);
    }
  }

  Engine& e_;
  Point<Device>& point_;
  const Problem<Real>& p_;
  const Gradients<Real>& out_;
  LossTotals* totals_;
  bool rows_wanted_ = false, proxies_wanted_ = false;
  bool tiled_ = false;  // one block, cut over proxies (device/cpu/proxy_tiles.hpp)
  bool filled_ = false;
  std::int64_t begin_ = 0, rows_ = 0;
  Real *embeddings_ = nullptr, *own_unit_ = nullptr, *own_inverse_ = nullptr, *scaled_unit_ = nullptr, *q_ = nullptr;
  Real* s_ = nullptr;        // S, then G
  Real* proxies_ = nullptr;  // dL/dP^ [columns, d], kernel order
  double* bias_ = nullptr;
};

// The loss and the number of its empty rows are added to `totals`, or go nowhere when it is null.
template <class Device>
void evaluate(typename Device::Engine& e, Point<Device>& point, const Gradients<typename Device::Real>& out,
              LossTotals* totals) {
  Evaluation<Device>(e, point, out, totals).run();
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_EVALUATE_HPP_
