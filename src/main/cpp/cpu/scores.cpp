// Directional derivatives of the samples' losses, and the empirical Fisher matrix, which is made of them.
// Computes     per block, with u' = X V' a direction of the embeddings and p' of the proxies:
//                d_i = N (g_i . u'_i + sum_c G_ic (Z P^'')_ic)     <dL_i/dtheta, direction>
//                Fisher: sum_i w_i d_i g_i x_i', and for the proxies sum_i w_i d_i G_i' z_i, projected
//              (g and G are those of L_i / N, so one N is left in d).
//              Proxy-Anchor's column form: N times the derivative of the directional derivative by the sample's weight.
// Shapes       directions of a row lie side by side, as in tangent_product.cpp; scores [m, N].
// Cost         scores: 2 N d D flops a direction, plus 2 N C K d when the proxies move or the loss is by columns.
// Determinism  block and task partitions depend on sizes, workspace and thread count only; dot products in double.
#include <cstring>

#include "cpu/point.hpp"
#include "cpu/row_weights.hpp"

namespace vicinal::cpu {
namespace {

// The blocks of m directions: u' (or z'), tangents of the cosines, and the samples' derivatives.
template <class Real>
class Derivatives {
 public:
  Derivatives(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
              bool cosine_gradient, std::int64_t extra_per_row)
      : e_(e), k_(kernels<Real>(e.isa)), point_(point), p_(point.problem), m_(m), direction_(direction) {
    const std::int64_t d = p_.d, ld = point.ld;
    if (point.detached) direction_.proxies = nullptr;
    needs_cosines_ = cosine_gradient || point.by_columns || direction_.proxies != nullptr;
    needs_tangents_ = point.by_columns || direction_.proxies != nullptr;
    if (direction_.proxies != nullptr) {
      const std::int64_t size = point.columns * d;
      unit_proxies_t_ = e.workspace.get<Real>(m * size);
      Real* alpha = e.workspace.get<Real>(point.columns);
      for (std::int64_t q = 0; q < m; ++q)
        proxy_tangents(e, point, direction_.proxies + q * size, alpha, unit_proxies_t_ + q * size);
    }
    const std::int64_t own = needs_cosines_ && point.cosines == nullptr ? 1 : 0;
    const std::int64_t matrices = own + (needs_cosines_ ? 1 : 0) + (needs_tangents_ ? m : 0);
    per_block_ = block_rows(e, p_.n,
                            static_cast<std::int64_t>(sizeof(Real)) * (matrices * ld + m * (d + 1 + extra_per_row)) +
                                m * static_cast<std::int64_t>(sizeof(double)));
    if (own != 0) s_ = e.workspace.get<Real>(per_block_ * ld);
    if (needs_cosines_) g = e.workspace.get<Real>(per_block_ * ld);
    if (needs_tangents_) gt_ = e.workspace.get<Real>(per_block_ * m * ld);
    moved = e.workspace.get<Real>(per_block_ * m * d);
    alpha_ = e.workspace.get<Real>(per_block_ * m);
    derivatives = e.workspace.get<double>(per_block_ * m);
  }

  std::int64_t most_rows() const { return per_block_; }

  template <class Body>
  void each_block(Body&& body) {
    for (begin = 0; begin < p_.n; begin += per_block_) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows = std::min(per_block_, p_.n - begin);
      fill();
      body();
      e_.workspace.rewind(mark);
    }
  }

  // The row losses' derivatives of the block, [rows, m], and G.
  void row_derivatives() {
    const std::int64_t d = p_.d, ld = point_.ld;
    const double n = static_cast<double>(p_.n);
    if (needs_cosines_) apply_rows<Real>(e_, point_, begin, rows, cosines_, nullptr, 1, g, nullptr, nullptr, nullptr);
    const double work = 4.0 * static_cast<double>(rows * m_) * static_cast<double>(d + point_.columns);
    parallel_ranges(e_, rows, work, [&](Range r) {
      double* out = derivatives + r.begin * m_;
      if (direction_.weight != nullptr) {
        k_.dot_rows(r.size(), m_, d, point_.gradient + (begin + r.begin) * d, moved + r.begin * m_ * d, out);
      } else {
        std::fill(out, out + r.size() * m_, 0.0);
      }
      for (std::int64_t t = r.begin * m_; needs_tangents_ && t < r.end * m_; ++t) {
        double sum = 0;
        k_.dot_rows(1, 1, point_.columns, g + t / m_ * ld, gt_ + t * ld, &sum);
        derivatives[t] += sum;
      }
      for (std::int64_t t = 0; t < r.size() * m_; ++t) out[t] *= n;
    });
  }

  // Proxy-Anchor's: tangents of the reductions over all rows, then every row's score.
  void column_scores(double* scores) {
    const std::int64_t C = p_.classes, ld = point_.ld;
    std::vector<double> sums(static_cast<std::size_t>(m_ * 4 * C));
    each_block([&] {
      for (std::int64_t q = 0; q < m_; ++q) {
        double* mine = sums.data() + q * 4 * C;
        absorb_columns<Real>(e_, point_, begin, rows, cosines_, gt_ + q * ld, m_ * ld,
                             {mine, mine + C, mine + 2 * C, mine + 3 * C});
      }
    });
    Real* factors = e_.workspace.get<Real>(m_ * 2 * C);
    for (std::int64_t q = 0; q < m_; ++q)
      column_tangents(point_, sums.data() + (4 * q + 2) * C, sums.data() + (4 * q + 3) * C, factors + 2 * q * C,
                      factors + (2 * q + 1) * C);
    const auto score = [&] {
      for (std::int64_t q = 0; q < m_; ++q) {
        double* out = scores + q * p_.n + begin;
        score_columns<Real>(e_, point_, begin, rows, cosines_, gt_ + q * ld, m_ * ld, factors + 2 * q * C,
                            factors + (2 * q + 1) * C, out);
        for (std::int64_t i = 0; i < rows; ++i) out[i] *= static_cast<double>(p_.n);
      }
    };
    if (per_block_ >= p_.n) {
      begin = 0;
      score();  // the block that the reduction filled is still there
    } else {
      each_block(score);
    }
  }

  std::int64_t begin = 0, rows = 0;
  Real* g = nullptr;              // [rows, ld] dL_i/ds / N, after row_derivatives() when it is needed
  Real* moved = nullptr;          // [rows, m, d] u'; free for the caller after row_derivatives()
  double* derivatives = nullptr;  // [rows, m]

 private:
  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Real* unit = point_.unit + begin * d;
    if (direction_.weight != nullptr) {
      affine_rows<Real>(e_, p_, begin, rows, m_ * d, direction_.weight, nullptr, moved);
      if (point_.by_columns) {  // the rows' derivatives come through the cosines
        const double work = 8.0 * static_cast<double>(rows * m_) * static_cast<double>(d);
        parallel_ranges(e_, rows, work, [&](Range r) {
          k_.tangent_rows(r.size(), m_, d, unit + r.begin * d, point_.inverse + begin + r.begin,
                          moved + r.begin * m_ * d, alpha_ + r.begin * m_, moved + r.begin * m_ * d);
        });
        gemm<Real>(e_, {false, true, rows * m_, K, d, moved, d, point_.unit_proxies, d, gt_, ld, false});
      }
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        gemm<Real>(e_, {false, true, rows, K, d, unit, d, unit_proxies_t_ + q * K * d, d, gt_ + q * ld, m_ * ld,
                        point_.by_columns && direction_.weight != nullptr});
    } else if (needs_tangents_ && direction_.weight == nullptr) {
      std::memset(gt_, 0, static_cast<std::size_t>(rows * m_ * ld) * sizeof(Real));
    }
    if (!needs_cosines_) return;
    if (point_.cosines != nullptr) {
      cosines_ = point_.cosines + begin * ld;
    } else {
      cosines_of(e_, point_, rows, unit, point_.inverse + begin, s_);
      cosines_ = s_;
    }
  }

  Engine& e_;
  const Kernels<Real>& k_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  std::int64_t m_;
  Tangents<const Real> direction_;
  bool needs_cosines_ = false;   // G, from the row kernels
  bool needs_tangents_ = false;  // of the cosines
  std::int64_t per_block_ = 0;
  Real* unit_proxies_t_ = nullptr;
  Real *s_ = nullptr, *gt_ = nullptr, *alpha_ = nullptr;
  const Real* cosines_ = nullptr;
};

}  // namespace

template <class Real>
void sample_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores) {
  const std::int64_t n = point.problem.n;
  Derivatives<Real> block(e, point, m, direction, false, 0);
  if (point.by_columns) return block.column_scores(scores);
  block.each_block([&] {
    block.row_derivatives();
    for (std::int64_t q = 0; q < m; ++q)
      for (std::int64_t i = 0; i < block.rows; ++i) scores[q * n + block.begin + i] = block.derivatives[i * m + q];
  });
}

template <class Real>
void fisher_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  const std::int64_t m = products.m, d = p.d, D = p.features_width, ld = point.ld, K = point.columns;
  const RowWeights<Real> weights(point, m, products.changes);
  const bool proxies = products.out.proxies != nullptr && !point.detached;
  if (products.out.proxies != nullptr && point.detached)
    std::memset(products.out.proxies, 0, static_cast<std::size_t>(m * K * d) * sizeof(Real));
  Derivatives<Real> block(e, point, m, products.direction, proxies, weights.columns() + (proxies ? ld : 0));
  Real* scale = weights.buffer(e, block.most_rows());
  Real* g = proxies ? e.workspace.get<Real>(block.most_rows() * ld) : nullptr;
  Real* sums = proxies ? e.workspace.get<Real>(m * K * d) : nullptr;
  block.each_block([&] {
    block.row_derivatives();
    const std::int64_t rows = block.rows;
    if (scale != nullptr) {
      weights.fill(block.begin, rows, scale);
      for (std::int64_t t = 0; t < rows * m; ++t) block.derivatives[t] *= static_cast<double>(scale[t]);
    }
    if (products.out.weight != nullptr) {
      Real* h = block.moved;  // w d g
      parallel_ranges(e, rows * m, 2.0 * static_cast<double>(rows * m) * static_cast<double>(d), [&](Range r) {
        for (std::int64_t t = r.begin; t < r.end; ++t) {
          const Real factor = static_cast<Real>(block.derivatives[t]);
          const Real* gradient = point.gradient + (block.begin + t / m) * d;
          for (std::int64_t j = 0; j < d; ++j) h[t * d + j] = factor * gradient[j];
        }
      });
      gemm_over_rows<Real>(e, {true, false, m * d, D, rows, h, m * d, p.features + block.begin * D, D,
                               products.out.weight, D, block.begin > 0});
    }
    for (std::int64_t q = 0; proxies && q < m; ++q) {
      parallel_ranges(e, rows, static_cast<double>(rows) * static_cast<double>(ld), [&](Range r) {
        for (std::int64_t i = r.begin; i < r.end; ++i) {
          const Real factor = static_cast<Real>(block.derivatives[i * m + q]);
          for (std::int64_t c = 0; c < K; ++c) g[i * ld + c] = factor * block.g[i * ld + c];
        }
      });
      gemm_over_rows<Real>(
          e, {true, false, K, d, rows, g, ld, point.unit + block.begin * d, d, sums + q * K * d, d, block.begin > 0});
    }
  });
  for (std::int64_t q = 0; proxies && q < m; ++q) {
    for_each_proxy(e, point, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
      k.project_rows(count, d, point.unit_proxies + row * d, point.inverse_proxies + row, sums + (q * K + row) * d,
                     nullptr, products.out.proxies + (q * K + target) * d);
    });
  }
}

#define VICINAL_INSTANTIATE(Real)                                                                               \
  template void sample_scores(Engine&, const Point<Real>&, std::int64_t, const Tangents<const Real>&, double*); \
  template void fisher_product(Engine&, const Point<Real>&, const CurvatureProducts<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
