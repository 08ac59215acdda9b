// Value and gradients of a loss, streamed over blocks of rows.
// Computes     per block: U (given, or X W' + b), unit rows Z, cosines S = Z P^', then the loss kernel turns S into
//              G = dL/dS; Q = G P^ gives dL/dU by the projection (Q - (z.Q) z) / r; dL/dP^ sums G' Z over blocks;
//              a head's dL/dW sums dL/dU' X.
//              Proxy-Anchor reduces over all rows first: with one block its cosines stay, else they are recomputed.
//              A batch against many proxies (one block, more columns than rows) goes over tiles of proxies instead: the
//              tile is normalised and multiplied while it is in cache, and dL/dP^ is projected before it leaves it.
// Cost         6 B C K d flops (4 N d D more with a head); a block's temporaries fit the engine's workspace.
// Determinism  block and task partitions depend on sizes, workspace and thread count only.
#include <cmath>
#include <cstring>
#include <vector>

#include "cpu/point.hpp"

namespace vicinal::cpu {
namespace {

// Proxies per tile: fewer pay more for packing the batch again (256: 6 % slower), more leave the second-level cache
// (512 rows of 512 floats are 1 MiB) before they are projected.
constexpr std::int64_t kProxyTile = 512;
constexpr std::int64_t kCut = 16;  // tiles begin at multiples of a vector

constexpr double kFlopsPerLog = 60;  // of a scalar log1p and exp, for the decision how to cut the work

// The temporaries of one block.
template <class Real>
struct Block {
  std::int64_t begin, rows;
  Real* embeddings;  // only with a head
  Real *unit, *inverse, *s, *q, *beta;
};

template <class Real>
class Evaluation {
 public:
  Evaluation(Engine& e, Point<Real>& point, const Gradients<Real>& out)
      : e_(e), k_(kernels<Real>(e.isa)), point_(point), p_(point.problem), out_(out) {
    rows_wanted_ =
        out.embeddings != nullptr || out.weight != nullptr || out.bias != nullptr || point.gradient != nullptr;
    proxies_wanted_ = (out.proxies != nullptr || point.proxy_gradient != nullptr) && !point.detached;
  }

  void run() {
    const std::int64_t d = p_.d, n = p_.n;
    const std::int64_t per_row =
        static_cast<std::int64_t>(sizeof(Real)) * (point_.ld + d * (p_.embeddings == nullptr ? 3 : 2) + 2);
    const std::int64_t rows = block_rows(e_, n, per_row);
    by_proxies_ = rows == n && point_.columns > n && !point_.late_weights;
    if (!by_proxies_) normalize_proxies(e_, point_);
    if (proxies_wanted_ && (!by_proxies_ || has_regulariser(point_)))
      proxies_ = e_.workspace.get<Real>(point_.columns * d);
    if (out_.bias != nullptr) {
      bias_ = e_.workspace.get<double>(d);
      for (std::int64_t j = 0; j < d; ++j) bias_[j] = 0;
    }
    Block<Real> b{};
    if (p_.embeddings == nullptr) b.embeddings = e_.workspace.get<Real>(rows * d);
    if (point_.unit == nullptr) {
      b.unit = e_.workspace.get<Real>(rows * d);
      b.inverse = e_.workspace.get<Real>(rows);
    }
    b.s = e_.workspace.get<Real>(rows * point_.ld);
    if (rows_wanted_ && out_.embeddings == nullptr && point_.gradient == nullptr)
      b.q = e_.workspace.get<Real>(rows * d);

    if (point_.by_columns) {
      reduce_columns(b, rows);
      for (std::int64_t at = 0; at < n; at += rows) {
        const Workspace::Mark mark = e_.workspace.mark();
        b.begin = at;
        b.rows = std::min(rows, n - at);
        if (rows < n) fill(b);  // with one block the reduction left its cosines here
        apply_columns<Real>(e_, point_, b.begin, b.rows, b.s, nullptr, point_.ld, nullptr, nullptr, b.s, nullptr);
        outputs(b);
        e_.workspace.rewind(mark);
      }
    } else {
      for (std::int64_t at = 0; at < n; at += rows) {
        const Workspace::Mark mark = e_.workspace.mark();
        b.begin = at;
        b.rows = std::min(rows, n - at);
        fill(b);
        loss_ += apply_rows<Real>(e_, point_, b.begin, b.rows, b.s, nullptr, 1, b.s, nullptr,
                                  out_.per_sample == nullptr ? nullptr : out_.per_sample + b.begin, &empty_);
        outputs(b);
        e_.workspace.rewind(mark);
      }
      loss_ /= static_cast<double>(n);
    }
    finish();
  }

 private:
  Real* unit_of(const Block<Real>& b) const { return point_.unit == nullptr ? b.unit : point_.unit + b.begin * p_.d; }
  Real* inverse_of(const Block<Real>& b) const {
    return point_.inverse == nullptr ? b.inverse : point_.inverse + b.begin;
  }

  // Unit rows and cosines of a block.
  void fill(const Block<Real>& b) {
    const Real* u = embeddings_of(e_, p_, b.begin, b.rows, b.embeddings);
    Real* unit = unit_of(b);
    Real* inverse = inverse_of(b);
    const std::int64_t d = p_.d;
    parallel_ranges(e_, b.rows, 8.0 * static_cast<double>(b.rows) * static_cast<double>(d), [&](Range r) {
      k_.normalize_rows(r.size(), d, u + r.begin * d, unit + r.begin * d, inverse + r.begin);
    });
    if (by_proxies_) {
      over_proxy_tiles([&](std::int64_t, Range r) {
        normalize_proxies(k_, point_, r);
        gemm_serial<Real>({false, true, b.rows, r.size(), d, unit, d, point_.unit_proxies + r.begin * d, d,
                           b.s + r.begin, point_.ld, false});
      });
      count_zero_proxies(point_);
      put_zero_cosines(point_, b.rows, inverse, b.s);
    } else {
      cosines_of(e_, point_, b.rows, unit, inverse, b.s);
    }
    if (point_.cosines != nullptr)
      std::memcpy(point_.cosines + b.begin * point_.ld, b.s,
                  static_cast<std::size_t>(b.rows * point_.ld) * sizeof(Real));
  }

  // body(part, range of kernel-ordered proxies), tile after tile; a part is one task's contiguous share.
  std::int64_t proxy_parts() const {
    const double flops =
        2.0 * static_cast<double>(p_.n) * static_cast<double>(point_.columns) * static_cast<double>(p_.d);
    return std::min<std::int64_t>(flops < kSerialFlops ? 1 : e_.threads,
                                  (point_.columns + kProxyTile - 1) / kProxyTile);
  }
  template <class Body>
  void over_proxy_tiles(Body&& body) {
    const std::int64_t parts = proxy_parts();
    parallel(e_, parts, [&](std::int64_t t) {
      const Range mine = part(point_.columns, parts, t, kCut);
      const std::int64_t tiles = (mine.size() + kProxyTile - 1) / kProxyTile;
      for (std::int64_t i = 0; i < tiles; ++i) {
        const Range r = part(mine.size(), tiles, i, kCut);
        e_.poll();
        body(t, Range{mine.begin + r.begin, mine.begin + r.end});
      }
    });
  }

  // Where dL/dU of a block goes before and after its projection.
  Real* rows_target(const Block<Real>& b) const {
    return point_.gradient != nullptr   ? point_.gradient + b.begin * p_.d
           : out_.embeddings != nullptr ? out_.embeddings + b.begin * p_.d
                                        : b.q;
  }

  // b.s holds G: the gradients that follow from it.
  void outputs(const Block<Real>& b) {
    const std::int64_t d = p_.d, K = point_.columns;
    const Real* unit = unit_of(b);
    if (b.begin == 0 && has_regulariser(point_)) regulariser_ = centre_regulariser(e_, point_, proxies_);
    if (by_proxies_) {
      outputs_by_proxies(b);
    } else {
      if (rows_wanted_) {
        Real* q = rows_target(b);
        gemm<Real>(e_, {false, false, b.rows, d, K, b.s, point_.ld, point_.unit_proxies, d, q, d, false});
        project_block(b, q, {q});
      }
      if (proxies_wanted_ && point_.late_weights) weigh(b);
      if (proxies_wanted_)
        gemm_over_rows<Real>(e_, {true, false, K, d, b.rows, b.s, point_.ld, unit, d, proxies_, d,
                                  b.begin > 0 || has_regulariser(point_)});
    }
    if (rows_wanted_) head_outputs(b, rows_target(b));
  }

  // Multiplies the rows of G by the samples' weights: the proxies' gradient is a sum over samples.
  void weigh(const Block<Real>& b) {
    const std::int64_t ld = point_.ld;
    parallel_ranges(e_, b.rows, static_cast<double>(b.rows) * static_cast<double>(ld), [&](Range r) {
      for (std::int64_t i = r.begin; i < r.end; ++i)
        for (std::int64_t c = 0; c < point_.columns; ++c) b.s[i * ld + c] *= p_.weights[b.begin + i];
    });
  }

  // Per tile of proxies: its share of Q, summed per part and then over parts in order, and its finished gradient.
  void outputs_by_proxies(const Block<Real>& b) {
    const std::int64_t d = p_.d, parts = proxy_parts(), ld = point_.ld;
    const Real* unit = unit_of(b);
    std::vector<Real*> shares(static_cast<std::size_t>(parts)), tiles(shares.size());
    for (std::int64_t t = 0; t < parts; ++t) {
      const std::size_t at = static_cast<std::size_t>(t);
      if (rows_wanted_) shares[at] = t == 0 ? rows_target(b) : e_.workspace.get<Real>(b.rows * d);
      if (proxies_wanted_ && proxies_ == nullptr) tiles[at] = e_.workspace.get<Real>((kProxyTile + kCut) * d);
    }
    over_proxy_tiles([&](std::int64_t t, Range r) {
      const std::size_t at = static_cast<std::size_t>(t);
      const bool first = r.begin == part(point_.columns, parts, t, kCut).begin;
      if (rows_wanted_)
        gemm_serial<Real>({false, false, b.rows, d, r.size(), b.s + r.begin, ld, point_.unit_proxies + r.begin * d, d,
                           shares[at], d, !first});
      if (proxies_wanted_) {
        Real* tile = proxies_ == nullptr ? tiles[at] : proxies_ + r.begin * d;
        gemm_serial<Real>({true, false, r.size(), d, b.rows, b.s + r.begin, ld, unit, d, tile, d, proxies_ != nullptr});
        project_proxies(r, tile);
      }
    });
    if (rows_wanted_) project_block(b, rows_target(b), shares);
  }

  // q = (sum of shares), projected.
  void project_block(const Block<Real>& b, Real* q, const std::vector<Real*>& shares) {
    const std::int64_t d = p_.d;
    const Real* unit = unit_of(b);
    const Real* inverse = inverse_of(b);
    Real* beta = point_.beta == nullptr ? nullptr : point_.beta + b.begin;
    parallel_ranges(e_, b.rows, 8.0 * static_cast<double>(b.rows) * static_cast<double>(d), [&](Range r) {
      for (std::size_t t = 1; t < shares.size(); ++t)
        for (std::int64_t j = r.begin * d; j < r.end * d; ++j) q[j] += shares[t][j];
      k_.project_rows(r.size(), d, unit + r.begin * d, inverse + r.begin, q + r.begin * d,
                      beta == nullptr ? nullptr : beta + r.begin, q + r.begin * d);
    });
    if (point_.gradient != nullptr && out_.embeddings != nullptr)
      std::memcpy(out_.embeddings + b.begin * d, q, static_cast<std::size_t>(b.rows * d) * sizeof(Real));
  }

  void head_outputs(const Block<Real>& b, const Real* q) {
    const std::int64_t d = p_.d, D = p_.features_width;
    if (out_.weight != nullptr)
      gemm_over_rows<Real>(
          e_, {true, false, d, D, b.rows, q, d, p_.features + b.begin * D, D, out_.weight, D, b.begin > 0});
    if (out_.bias != nullptr)
      for (std::int64_t i = 0; i < b.rows; ++i)
        for (std::int64_t j = 0; j < d; ++j) bias_[j] += static_cast<double>(q[i * d + j]);
  }

  // dL/dP from dL/dP^ of a range of kernel-ordered proxies.
  void project_proxies(Range r, const Real* from) {
    const std::int64_t d = p_.d;
    for_each_proxy(point_, r, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
      Real* to = point_.proxy_gradient == nullptr ? out_.proxies + target * d : point_.proxy_gradient + row * d;
      k_.project_rows(count, d, point_.unit_proxies + row * d, point_.inverse_proxies + row, from + (row - r.begin) * d,
                      point_.proxy_beta == nullptr ? nullptr : point_.proxy_beta + row, to);
      if (point_.proxy_gradient != nullptr && out_.proxies != nullptr)
        std::memcpy(out_.proxies + target * d, to, static_cast<std::size_t>(count * d) * sizeof(Real));
    });
  }

  // Proxy-Anchor: the reductions over all rows, and the loss.
  void reduce_columns(Block<Real>& b, std::int64_t rows) {
    const std::int64_t C = p_.classes, n = p_.n;
    Columns<Real>& column = point_.column;
    const auto sweep = [&](const auto& body) {
      for (std::int64_t at = 0; at < n; at += rows) {
        const Workspace::Mark mark = e_.workspace.mark();
        b.begin = at;
        b.rows = std::min(rows, n - at);
        fill(b);
        body();
        e_.workspace.rewind(mark);
      }
    };
    const auto absorb = [&] {
      absorb_columns<Real>(e_, point_, b.begin, b.rows, b.s, nullptr, point_.ld,
                           {column.positive, column.negative, nullptr, nullptr});
    };
    if (needs_shift(point_)) {
      sweep([&] { raise_columns(e_, point_, b.begin, b.rows, b.s); });
      if (rows < n) {
        sweep(absorb);
      } else {
        absorb();
      }
    } else {
      sweep(absorb);
    }
    const double alpha = (p_.spec.flags & VICINAL_EUCLIDEAN) != 0 ? -p_.spec.scale : p_.spec.scale;
    const bool repeat = (p_.spec.flags & VICINAL_REPEAT_LABELS) != 0;
    const double share_negative = 1 / static_cast<double>(C);
    const std::int64_t tasks = task_count(e_, kFlopsPerLog * 2 * static_cast<double>(C));
    std::vector<double> losses(static_cast<std::size_t>(tasks), 0.0);
    parallel(e_, tasks, [&](std::int64_t t) {
      const Range r = part(C, tasks, t);
      double loss = 0;
      for (std::int64_t c = r.begin; c < r.end; ++c) {
        // A class weighs 1 / (classes present), or its share of the batch; absent classes have no positive term.
        const double count = static_cast<double>(point_.repetitions[c]);
        const double share = repeat ? count / static_cast<double>(n) : count > 0 ? 1 / point_.present : 0;
        loss += share * finish_sum(column.shift_positive[c], &column.positive[c]);
        loss += share_negative * finish_sum(column.shift_negative[c], &column.negative[c]);
        column.factor_positive[c] = static_cast<Real>(-alpha * share / column.positive[c]);
        column.factor_negative[c] = static_cast<Real>(alpha * share_negative / column.negative[c]);
      }
      losses[static_cast<std::size_t>(t)] = loss;
    });
    for (double loss : losses) loss_ += loss;
  }

  // log(1 + sum) from the shifted sum, which becomes D = exp(-shift) + sum.
  static double finish_sum(Real shift_, double* sum) {
    const double shift = static_cast<double>(shift_);
    const double plain = *sum;
    *sum += std::exp(-shift);
    return shift == 0 ? std::log1p(plain) : shift + std::log(*sum);
  }

  void finish() {
    const std::int64_t d = p_.d;
    loss_ += regulariser_;
    if (out_.bias != nullptr)
      for (std::int64_t j = 0; j < d; ++j) out_.bias[j] = static_cast<Real>(bias_[j]);
    if (point_.detached) {
      if (out_.proxies != nullptr)
        std::memset(out_.proxies, 0, static_cast<std::size_t>(point_.columns * d) * sizeof(Real));
    } else if (proxies_wanted_ && !by_proxies_) {
      parallel_ranges(e_, point_.columns, 8.0 * static_cast<double>(point_.columns) * static_cast<double>(d),
                      [&](Range r) { project_proxies(r, proxies_ + r.begin * d); });
    }
    if (out_.loss != nullptr) *out_.loss = loss_;
    if (out_.empty != nullptr) *out_.empty = empty_;
  }

  Engine& e_;
  const Kernels<Real>& k_;
  Point<Real>& point_;
  const Problem<Real>& p_;
  const Gradients<Real>& out_;
  bool rows_wanted_ = false, proxies_wanted_ = false;
  bool by_proxies_ = false;  // one block, cut over proxies
  double regulariser_ = 0;
  Real* proxies_ = nullptr;  // dL/dP^ in kernel order; over tiles of proxies only when the regulariser starts it
  double* bias_ = nullptr;
  double loss_ = 0;
  std::int64_t empty_ = 0;
};

}  // namespace

template <class Real>
void evaluate(Engine& e, Point<Real>& point, const Gradients<Real>& out) {
  Evaluation<Real>(e, point, out).run();
}
template void evaluate<float>(Engine&, Point<float>&, const Gradients<float>&);
template void evaluate<double>(Engine&, Point<double>&, const Gradients<double>&);

}  // namespace vicinal::cpu
