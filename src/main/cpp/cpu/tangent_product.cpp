// The Hessian of a loss applied to m directions, at a point that keeps its unit rows and gradients.
// Computes     per block, with u' a direction of the embeddings (given, or X V' + v) and p' of the proxies:
//                z' = (u' - (z.u') z) / r            tangent of the unit rows; p^' likewise, once
//                S' = Z' P^' + Z P^''                tangents of the cosines, two products
//                G, G' from S, S'                    the loss kernel on dual numbers
//                Q' = G' P^ + G P^''                 tangent of dL/dz
//                out = (Q' - (z.Q') z) / r - (g.z') z - (z.u' / r) g - (z.Q / r) z'
//              and the same for the proxies from G'' Z + G' Z'. Parts whose direction or output is absent are skipped.
//              Gauss-Newton's matrix is what is left without G, g and z.Q: the logits of a cosine softmax are linear in
//              S, so G' is then diag(pi) - pi pi' applied to S'.
// Weights      a row's contribution is linear in its weight, so weights (and their changes per direction) multiply at
//              the end; Proxy-Anchor's column form has them inside.
// Shapes       directions of a row lie side by side: z', Q' [block, m, d], S', G' [block, m, ld]; the two products with
//              X are then one matrix product each for all directions.
// Cost         W only: 4 N d (D + C K) flops a direction, plus 2 N C K d when the cosines were not kept.
// Determinism  block and task partitions depend on sizes, workspace and thread count only.
#include <cstring>

#include "cpu/point.hpp"
#include "cpu/row_weights.hpp"

namespace vicinal::cpu {
namespace {

template <class Real>
class TangentProduct {
 public:
  TangentProduct(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products)
      : e_(e),
        k_(kernels<Real>(e.isa)),
        point_(point),
        p_(point.problem),
        m_(products.m),
        direction_(products.direction),
        out_(products.out),
        hessian_(products.kind == VICINAL_HESSIAN),
        weights_(point, products.m, products.changes) {
    if (point.detached) direction_.proxies = nullptr;
    rows_moved_ = direction_.embeddings != nullptr || direction_.weight != nullptr || direction_.bias != nullptr;
    rows_wanted_ = out_.embeddings != nullptr || out_.weight != nullptr || out_.bias != nullptr;
    proxies_wanted_ = out_.proxies != nullptr && !point.detached;
    proxies_turn_ = hessian_ && direction_.proxies != nullptr;
  }

  void run() {
    const std::int64_t n = p_.n, d = p_.d, ld = point_.ld;
    prepare_proxies();
    const std::int64_t own = point_.cosines == nullptr ? 1 : 0;
    const std::int64_t per_row =
        static_cast<std::int64_t>(sizeof(Real)) * ((1 + own + m_) * ld + m_ * (2 * d + 1 + weights_.columns()));
    const std::int64_t rows = block_rows(e_, n, per_row);
    if (rows_moved_) {
      moved_ = e_.workspace.get<Real>(rows * m_ * d);
      alpha_ = e_.workspace.get<Real>(rows * m_);
    }
    if (own != 0) s_ = e_.workspace.get<Real>(rows * ld);
    g_ = e_.workspace.get<Real>(rows * ld);
    gt_ = e_.workspace.get<Real>(rows * m_ * ld);
    scale_ = weights_.buffer(e_, rows);
    if (rows_wanted_ && out_.embeddings == nullptr) q_ = e_.workspace.get<Real>(rows * m_ * d);
    if (out_.bias != nullptr) {
      bias_ = e_.workspace.get<double>(m_ * d);
      for (std::int64_t j = 0; j < m_ * d; ++j) bias_[j] = 0;
    }
    if (point_.by_columns) reduce_columns(rows);
    each_block(rows, [&] {
      if (point_.by_columns) {
        apply_columns();
      } else {
        apply_rows<Real>(e_, point_, begin_, rows_, cosines_, gt_, m_, g_, gt_, nullptr, nullptr);
      }
      outputs();
    });
    finish();
  }

 private:
  double row_work(std::int64_t rows) const {
    return 8.0 * static_cast<double>(rows) * static_cast<double>(m_) * static_cast<double>(p_.d);
  }
  std::int64_t proxy_size() const { return point_.columns * p_.d; }

  // Unit tangents of the proxies, in kernel order.
  void prepare_proxies() {
    if (direction_.proxies != nullptr) {
      unit_proxies_t_ = e_.workspace.get<Real>(m_ * proxy_size());
      proxy_alpha_ = e_.workspace.get<Real>(m_ * point_.columns);
      for (std::int64_t q = 0; q < m_; ++q)
        proxy_tangents(e_, point_, direction_.proxies + q * proxy_size(), proxy_alpha_ + q * point_.columns, unit_t(q));
    }
    if (proxies_wanted_) {
      proxies_t_ = e_.workspace.get<Real>(m_ * proxy_size());
      if (proxies_turn_ && weights_.changed()) {
        changed_gradient_ = e_.workspace.get<Real>(m_ * proxy_size());
        std::memset(changed_gradient_, 0, static_cast<std::size_t>(m_ * proxy_size()) * sizeof(Real));
      }
    }
  }
  Real* unit_t(std::int64_t q) const { return unit_proxies_t_ + q * proxy_size(); }

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
        affine_rows(e_, p_, begin_, rows_, m_ * d, direction_.weight, direction_.bias, moved_);
      }
      parallel_ranges(e_, rows_, row_work(rows_), [&](Range r) {
        k_.tangent_rows(r.size(), m_, d, unit + r.begin * d, point_.inverse + begin_ + r.begin, v + r.begin * m_ * d,
                        alpha_ + r.begin * m_, moved_ + r.begin * m_ * d);
      });
      gemm<Real>(e_, {false, true, rows_ * m_, K, d, moved_, d, point_.unit_proxies, d, gt_, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        gemm<Real>(e_, {false, true, rows_, K, d, unit, d, unit_t(q), d, gt_ + q * ld, m_ * ld, rows_moved_});
    } else if (!rows_moved_) {
      std::memset(gt_, 0, static_cast<std::size_t>(rows_ * m_ * ld) * sizeof(Real));
    }
    if (point_.cosines != nullptr) {
      cosines_ = point_.cosines + begin_ * ld;
    } else {
      cosines_of(e_, point_, rows_, unit, point_.inverse + begin_, s_);
      cosines_ = s_;
    }
  }

  // Proxy-Anchor: the tangents of its reductions, then of its factors: f = c / D, so f' = -f D' / D.
  void reduce_columns(std::int64_t rows) {
    const std::int64_t C = p_.classes, ld = point_.ld;
    double* sums = e_.workspace.get<double>(m_ * 4 * C);
    for (std::int64_t j = 0; j < m_ * 4 * C; ++j) sums[j] = 0;
    each_block(rows, [&] {
      for (std::int64_t q = 0; q < m_; ++q) {
        double* mine = sums + q * 4 * C;
        absorb_columns<Real>(e_, point_, begin_, rows_, cosines_, gt_ + q * ld, m_ * ld,
                             {mine, mine + C, mine + 2 * C, mine + 3 * C});
      }
    });
    factor_positive_t_ = e_.workspace.get<Real>(m_ * C);
    factor_negative_t_ = e_.workspace.get<Real>(m_ * C);
    for (std::int64_t q = 0; q < m_; ++q)
      column_tangents(point_, sums + q * 4 * C + 2 * C, sums + q * 4 * C + 3 * C, factor_positive_t_ + q * C,
                      factor_negative_t_ + q * C);
  }

  void apply_columns() {
    const std::int64_t C = p_.classes, ld = point_.ld;
    for (std::int64_t q = 0; q < m_; ++q)
      cpu::apply_columns<Real>(e_, point_, begin_, rows_, cosines_, gt_ + q * ld, m_ * ld, factor_positive_t_ + q * C,
                               factor_negative_t_ + q * C, g_, gt_ + q * ld);
  }

  void outputs() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns, md = m_ * d;
    const Real* unit = point_.unit + begin_ * d;
    const bool turned = hessian_ && rows_moved_;
    if (scale_ != nullptr) weights_.fill(begin_, rows_, scale_);
    if (rows_wanted_) {
      Real* q = out_.embeddings != nullptr ? out_.embeddings + begin_ * d : q_;
      gemm<Real>(e_, {false, false, rows_ * m_, d, K, gt_, ld, point_.unit_proxies, d, q, d, false});
      for (std::int64_t t = 0; proxies_turn_ && t < m_; ++t)
        gemm<Real>(e_, {false, false, rows_, d, K, g_, ld, unit_t(t), d, q + t * d, md, true});
      parallel_ranges(e_, rows_, row_work(rows_), [&](Range r) {
        k_.project_rows_tangent(r.size(), m_, d, unit + r.begin * d, point_.inverse + begin_ + r.begin,
                                q + r.begin * md, point_.gradient + (begin_ + r.begin) * d,
                                point_.beta + begin_ + r.begin, turned ? moved_ + r.begin * md : nullptr,
                                turned ? alpha_ + r.begin * m_ : nullptr,
                                scale_ == nullptr ? nullptr : scale_ + r.begin * m_, q + r.begin * md);
      });
      if (out_.weight != nullptr) {
        const std::int64_t D = p_.features_width;
        gemm_over_rows<Real>(
            e_, {true, false, md, D, rows_, q, md, p_.features + begin_ * D, D, out_.weight, D, begin_ > 0});
      }
      if (out_.bias != nullptr)
        for (std::int64_t i = 0; i < rows_; ++i)
          for (std::int64_t j = 0; j < md; ++j) bias_[j] += static_cast<double>(q[i * md + j]);
    }
    if (proxies_wanted_) {
      if (changed_gradient_ != nullptr) change_gradients(unit);
      if (scale_ != nullptr) weigh();
      for (std::int64_t q = 0; q < m_; ++q) {
        Real* sum = proxies_t_ + q * proxy_size();
        gemm_over_rows<Real>(e_, {true, false, K, d, rows_, gt_ + q * ld, m_ * ld, unit, d, sum, d, begin_ > 0});
        if (turned) gemm_over_rows<Real>(e_, {true, false, K, d, rows_, g_, ld, moved_ + q * d, md, sum, d, true});
      }
    }
  }

  // The sums over samples for the proxies take G' and z' times the weights.
  void weigh() {
    const std::int64_t d = p_.d, ld = point_.ld;
    parallel_ranges(e_, rows_ * m_, static_cast<double>(rows_ * m_) * static_cast<double>(ld + d), [&](Range r) {
      for (std::int64_t t = r.begin; t < r.end; ++t) {
        for (std::int64_t c = 0; c < point_.columns; ++c) gt_[t * ld + c] *= scale_[t];
        for (std::int64_t j = 0; hessian_ && rows_moved_ && j < d; ++j) moved_[t * d + j] *= scale_[t];
      }
    });
  }

  // What the changed weights add to the proxies' gradient, per direction: delta G_i' z_i.
  void change_gradients(const Real* unit) {
    const std::int64_t d = p_.d, ld = point_.ld;
    const double work = 2.0 * static_cast<double>(proxy_size()) * static_cast<double>(weights_.changes());
    parallel_ranges(e_, point_.columns, work, [&](Range r) {
      weights_.for_each_change(begin_, rows_, [&](std::int64_t q, std::int64_t i, double delta) {
        for (std::int64_t c = r.begin; c < r.end; ++c) {
          const Real factor = static_cast<Real>(delta * static_cast<double>(g_[i * ld + c]));
          Real* sum = changed_gradient_ + q * proxy_size() + c * d;
          for (std::int64_t j = 0; j < d; ++j) sum[j] += factor * unit[i * d + j];
        }
      });
    });
  }

  void finish() {
    const std::int64_t d = p_.d, K = point_.columns;
    if (out_.bias != nullptr)
      for (std::int64_t j = 0; j < m_ * d; ++j) out_.bias[j] = static_cast<Real>(bias_[j]);
    if (proxies_wanted_) {
      const bool changed = changed_gradient_ != nullptr;
      Real* beta = changed ? e_.workspace.get<Real>(K) : nullptr;
      for (std::int64_t q = 0; q < m_; ++q) {
        Real* tangent = proxies_t_ + q * proxy_size();
        Real* gradient = changed ? changed_gradient_ + q * proxy_size() : nullptr;
        if (hessian_) centre_regulariser_tangent(e_, point_, proxies_turn_ ? unit_t(q) : nullptr, tangent);
        for_each_proxy(e_, point_, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
          const Real* unit = point_.unit_proxies + row * d;
          const Real* inverse = point_.inverse_proxies + row;
          if (changed) {
            k_.project_rows(count, d, unit, inverse, gradient + row * d, beta + row, gradient + row * d);
            for (std::int64_t j = row * d; j < (row + count) * d; ++j) gradient[j] += point_.proxy_gradient[j];
            for (std::int64_t c = row; c < row + count; ++c) beta[c] += point_.proxy_beta[c];
          }
          k_.project_rows_tangent(
              count, 1, d, unit, inverse, tangent + row * d, (changed ? gradient : point_.proxy_gradient) + row * d,
              (changed ? beta : point_.proxy_beta) + row, proxies_turn_ ? unit_t(q) + row * d : nullptr,
              proxies_turn_ ? proxy_alpha_ + q * K + row : nullptr, nullptr,
              out_.proxies + q * proxy_size() + target * d);
        });
      }
    } else if (out_.proxies != nullptr) {
      std::memset(out_.proxies, 0, static_cast<std::size_t>(m_ * proxy_size()) * sizeof(Real));
    }
  }

  Engine& e_;
  const Kernels<Real>& k_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  std::int64_t m_;
  Tangents<const Real> direction_;
  Tangents<Real> out_;
  bool hessian_;
  RowWeights<Real> weights_;
  bool rows_moved_ = false, rows_wanted_ = false, proxies_wanted_ = false;
  bool proxies_turn_ = false;  // terms with p^' beside those of S'

  // Proxies, kernel order, [m, columns, d].
  Real* unit_proxies_t_ = nullptr;  // null: the proxies do not move
  Real* proxy_alpha_ = nullptr;
  Real* proxies_t_ = nullptr;         // tangent of dL/dP^
  Real* changed_gradient_ = nullptr;  // what changed weights add to dL/dP^
  // The current block.
  std::int64_t begin_ = 0, rows_ = 0;
  bool filled_ = false;
  Real* moved_ = nullptr;  // z'
  Real* alpha_ = nullptr;  // z . u'
  Real* s_ = nullptr;
  const Real* cosines_ = nullptr;
  Real *g_ = nullptr, *gt_ = nullptr;
  Real* scale_ = nullptr;  // weights, or null: ones
  Real* q_ = nullptr;
  double* bias_ = nullptr;
  Real *factor_positive_t_ = nullptr, *factor_negative_t_ = nullptr;
};

}  // namespace

template <class Real>
void tangent_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products) {
  TangentProduct<Real>(e, point, products).run();
}
template void tangent_product<float>(Engine&, const Point<float>&, const CurvatureProducts<float>&);
template void tangent_product<double>(Engine&, const Point<double>&, const CurvatureProducts<double>&);

}  // namespace vicinal::cpu
