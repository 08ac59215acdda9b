// Value and gradients of a loss, streamed over blocks of rows.
// Computes     per block: U (given, or X W' + b), unit rows Z, cosines S = Z P^', then the loss kernel turns S into
//              G = dL/dS; Q = G P^ gives dL/dU by the projection (Q - (z.Q) z) / r; dL/dP^ sums G' Z over blocks;
//              a head's dL/dW sums dL/dU' X.
//              Proxy-Anchor reduces over all rows first: with one block its cosines stay, else they are recomputed.
// Cost         6 B C K d flops (4 N d D more with a head); a block's temporaries fit the engine's workspace.
// Determinism  block and task partitions depend on sizes, workspace and thread count only.
#include <cmath>
#include <cstring>

#include "cpu/point.hpp"

namespace vicinal::cpu {
namespace {

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
    if (proxies_wanted_) {
      proxies_ = e_.workspace.get<Real>(point_.columns * d);
    }
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
        apply_columns<Real>(e_, point_, b.begin, b.rows, b.s, nullptr, nullptr, nullptr, b.s, nullptr);
        outputs(b);
        e_.workspace.rewind(mark);
      }
    } else {
      for (std::int64_t at = 0; at < n; at += rows) {
        const Workspace::Mark mark = e_.workspace.mark();
        b.begin = at;
        b.rows = std::min(rows, n - at);
        fill(b);
        loss_ += apply_rows<Real>(e_, point_, b.begin, b.rows, b.s, nullptr, b.s, nullptr,
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
    cosines_of(e_, point_, b.rows, unit, inverse, b.s);
    if (point_.cosines != nullptr)
      std::memcpy(point_.cosines + b.begin * point_.ld, b.s,
                  static_cast<std::size_t>(b.rows * point_.ld) * sizeof(Real));
  }

  // b.s holds G: the gradients that follow from it.
  void outputs(const Block<Real>& b) {
    const std::int64_t d = p_.d, K = point_.columns;
    const Real* unit = unit_of(b);
    if (rows_wanted_) {
      Real* q = point_.gradient != nullptr   ? point_.gradient + b.begin * d
                : out_.embeddings != nullptr ? out_.embeddings + b.begin * d
                                             : b.q;
      Real* beta = point_.beta == nullptr ? nullptr : point_.beta + b.begin;
      const Real* inverse = inverse_of(b);
      gemm<Real>(e_, {false, false, b.rows, d, K, b.s, point_.ld, point_.unit_proxies, d, q, d, false});
      parallel_ranges(e_, b.rows, 8.0 * static_cast<double>(b.rows) * static_cast<double>(d), [&](Range r) {
        k_.project_rows(r.size(), d, unit + r.begin * d, inverse + r.begin, q + r.begin * d,
                        beta == nullptr ? nullptr : beta + r.begin, q + r.begin * d);
      });
      if (point_.gradient != nullptr && out_.embeddings != nullptr)
        std::memcpy(out_.embeddings + b.begin * d, q, static_cast<std::size_t>(b.rows * d) * sizeof(Real));
      if (out_.weight != nullptr) {
        const std::int64_t D = p_.features_width;
        gemm<Real>(e_, {true, false, d, D, b.rows, q, d, p_.features + b.begin * D, D, out_.weight, D, b.begin > 0});
      }
      if (out_.bias != nullptr)
        for (std::int64_t i = 0; i < b.rows; ++i)
          for (std::int64_t j = 0; j < d; ++j) bias_[j] += static_cast<double>(q[i * d + j]);
    }
    if (proxies_wanted_) gemm<Real>(e_, {true, false, K, d, b.rows, b.s, point_.ld, unit, d, proxies_, d, b.begin > 0});
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
      absorb_columns<Real>(e_, point_, b.begin, b.rows, b.s, nullptr,
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
    for (std::int64_t c = 0; c < C; ++c) {
      // A class weighs 1 / (classes present), or its share of the batch; absent classes have no positive term.
      const double count = static_cast<double>(point_.repetitions[c]);
      const double share = repeat ? count / static_cast<double>(n) : count > 0 ? 1 / point_.present : 0;
      const double share_negative = 1 / static_cast<double>(C);
      loss_ += share * finish_sum(column.shift_positive[c], &column.positive[c]);
      loss_ += share_negative * finish_sum(column.shift_negative[c], &column.negative[c]);
      column.factor_positive[c] = static_cast<Real>(-alpha * share / column.positive[c]);
      column.factor_negative[c] = static_cast<Real>(alpha * share_negative / column.negative[c]);
    }
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
    if (p_.spec.kind == VICINAL_SOFT_TRIPLE) loss_ += centre_regulariser(e_, point_, proxies_);
    if (out_.bias != nullptr)
      for (std::int64_t j = 0; j < d; ++j) out_.bias[j] = static_cast<Real>(bias_[j]);
    if (point_.detached) {
      if (out_.proxies != nullptr)
        std::memset(out_.proxies, 0, static_cast<std::size_t>(point_.columns * d) * sizeof(Real));
    } else if (proxies_wanted_) {
      for_each_proxy(e_, point_, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
        Real* to = point_.proxy_gradient == nullptr ? out_.proxies + target * d : point_.proxy_gradient + row * d;
        k_.project_rows(count, d, point_.unit_proxies + row * d, point_.inverse_proxies + row, proxies_ + row * d,
                        point_.proxy_beta == nullptr ? nullptr : point_.proxy_beta + row, to);
        if (point_.proxy_gradient != nullptr && out_.proxies != nullptr)
          std::memcpy(out_.proxies + target * d, to, static_cast<std::size_t>(count * d) * sizeof(Real));
      });
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
  Real* proxies_ = nullptr;  // dL/dP^ in kernel order
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
