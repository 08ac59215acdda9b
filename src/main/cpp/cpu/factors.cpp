// The exact Kronecker factors of the Gauss-Newton matrix of the weight: the mean of A_i (x) x_i x_i' is approximated by
// the product of the means (Martens and Grosse 2015, arXiv 1503.05671); for a cosine softmax neither needs sampling.
// Computes     Sigma_x = (1/N) X' diag(w) X, upper panels, mirrored;
//              A_u     = sum_i omega_i Pi_i A_i Pi_i, with A_i of softmax_rows.cpp, Pi_i = I - z_i z_i':
//                      = T + T', T = (tau^2/2) P^' diag(D - E) P^ + sum_i omega_i (z_i (b_i z_i / 2 - c_i)'
//                                                                              - tau^2 (p^_y + delta_i / 2) delta_i')
//                        D_c = sum_i omega_i pi_ic, E_c = sum_{i: y_i = c} omega_i epsilon_i
// Shapes       features [N, D] in tiles of rows; feature [D, D], output [d, d], both exactly symmetric.
// Cost         Sigma_x: about 1.2 N D^2 flops; A_u: 4 N d (d + C).
// Determinism  tiles depend on sizes and workspace only; sums over rows as in gemm_over_rows; D and E in row order.
#include "cpu/factors.hpp"

#include <vector>

#include "cpu/softmax_rows.hpp"

namespace vicinal::cpu {
namespace {

constexpr std::int64_t kTile = 4096;  // rows of features per tile: read once from memory for all panels
constexpr std::int64_t kPanel = 256;  // columns of Sigma_x per product: half of what lies below is saved

// Copies the upper triangle to the lower, times `scale`.
template <class Real>
void mirror(const Engine& e, std::int64_t n, double scale_, Real* a) {
  const Real scale = static_cast<Real>(scale_);
  const double work = 2.0 * static_cast<double>(n) * static_cast<double>(n);
  parallel_ranges(e, n, work, [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i)
      for (std::int64_t j = i; j < n; ++j) a[i * n + j] *= scale;
  });
  parallel_ranges(e, n, work, [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i)
      for (std::int64_t j = 0; j < i; ++j) a[i * n + j] = a[j * n + i];
  });
}

template <class Real>
void feature_factor(Engine& e, const Point<Real>& point, Real* out) {
  const Problem<Real>& p = point.problem;
  const std::int64_t D = p.features_width;
  const std::int64_t rows = block_rows(e, point, std::min(p.n, kTile), D * static_cast<std::int64_t>(sizeof(Real)));
  Real* scaled = p.weights == nullptr ? nullptr : e.workspace.get<Real>(rows * D);
  for (std::int64_t begin = 0; begin < p.n; begin += rows) {
    const std::int64_t count = std::min(rows, p.n - begin);
    const Real* x = p.features + begin * D;
    if (scaled != nullptr)
      parallel_ranges(e, count, static_cast<double>(count) * static_cast<double>(D), [&](Range r) {
        for (std::int64_t i = r.begin; i < r.end; ++i)
          for (std::int64_t j = 0; j < D; ++j) scaled[i * D + j] = p.weights[begin + i] * x[i * D + j];
      });
    for (std::int64_t at = 0; at < D; at += kPanel)
      gemm_over_rows<Real>(e, {true, false, std::min(kPanel, D - at), D - at, count,
                               (scaled == nullptr ? x : scaled) + at, D, x + at, D, out + at * D + at, D, begin > 0});
  }
  mirror(e, D, 1 / static_cast<double>(p.n), out);
}

template <class Real>
class OutputFactor {
 public:
  OutputFactor(Engine& e, const Point<Real>& point)
      : e_(e), point_(point), p_(point.problem), spread_(static_cast<std::size_t>(p_.classes), 0.0) {}

  void run(Real* out) {
    const std::int64_t d = p_.d;
    const std::int64_t per_row = SoftmaxRows<Real>::bytes_per_row(point_) + d * static_cast<std::int64_t>(sizeof(Real));
    const std::int64_t most = block_rows(e_, point_, p_.n, per_row);
    SoftmaxRows<Real> block(e_, point_, most);
    Real* side = e_.workspace.get<Real>(most * d);
    for (std::int64_t begin = 0; begin < p_.n; begin += most) {
      const Workspace::Mark mark = e_.workspace.mark();
      const std::int64_t rows = std::min(most, p_.n - begin);
      block.fill(begin, rows);
      absorb(block, begin, rows, side, out);
      e_.workspace.rewind(mark);
    }
    finish(out);
  }

 private:
  // out = T so far; `side` is the left factor of the second product.
  void absorb(const SoftmaxRows<Real>& block, std::int64_t begin, std::int64_t rows, Real* side, Real* out) {
    const std::int64_t d = p_.d;
    const double tau = softmax_scale(p_.spec);
    const Real square = static_cast<Real>(-tau * tau);
    parallel_ranges(e_, rows, 8.0 * static_cast<double>(rows) * static_cast<double>(d), [&](Range r) {
      for (std::int64_t i = r.begin; i < r.end; ++i) {
        const Real* z = point_.unit + (begin + i) * d;
        const Real* label = block.label_proxy(i);
        const Real* delta = block.delta + i * d;
        Real* c = block.curved + i * d;
        const Real omega = block.weight[i], half = block.twice[i] / 2;
        for (std::int64_t a = 0; a < d; ++a) {
          c[a] = omega * (half * z[a] - c[a]);
          side[i * d + a] = square * omega * (label[a] + delta[a] / 2);
        }
      }
    });
    gemm_over_rows<Real>(e_, {true, false, d, d, rows, point_.unit + begin * d, d, block.curved, d, out, d, begin > 0});
    gemm_over_rows<Real>(e_, {true, false, d, d, rows, side, d, block.delta, d, out, d, true});
    for (std::int64_t i = 0; i < rows; ++i) {
      const double omega = static_cast<double>(block.weight[i]);
      const Real* pi = block.others + i * point_.ld;
      for (std::int64_t c = 0; c < p_.classes; ++c)
        spread_[static_cast<std::size_t>(c)] += omega * static_cast<double>(pi[c]);
      spread_[static_cast<std::size_t>(p_.labels[begin + i])] -= omega * static_cast<double>(block.rest[i]);
    }
  }

  void finish(Real* out) {
    const std::int64_t d = p_.d, C = p_.classes;
    const double tau = softmax_scale(p_.spec);
    const Workspace::Mark mark = e_.workspace.mark();
    Real* scaled = e_.workspace.get<Real>(C * d);
    for (std::int64_t c = 0; c < C; ++c) {
      const Real factor = static_cast<Real>(tau * tau / 2 * spread_[static_cast<std::size_t>(c)]);
      for (std::int64_t a = 0; a < d; ++a) scaled[c * d + a] = factor * point_.unit_proxies[c * d + a];
    }
    gemm_over_rows<Real>(e_, {true, false, d, d, C, scaled, d, point_.unit_proxies, d, out, d, true});
    e_.workspace.rewind(mark);
    for (std::int64_t i = 0; i < d; ++i)
      for (std::int64_t j = i; j < d; ++j) out[i * d + j] += out[j * d + i];  // the diagonal doubles
    mirror(e_, d, 1.0, out);
  }

  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  std::vector<double> spread_;  // D - E
};

}  // namespace

template <class Real>
void factors(Engine& e, const Point<Real>& point, Real* feature, Real* output) {
  const Workspace::Mark mark = e.workspace.mark();
  if (feature != nullptr) feature_factor(e, point, feature);
  e.workspace.rewind(mark);
  if (output != nullptr) OutputFactor<Real>(e, point).run(output);
}

template void factors(Engine&, const Point<float>&, float*, float*);
template void factors(Engine&, const Point<double>&, double*, double*);

}  // namespace vicinal::cpu
