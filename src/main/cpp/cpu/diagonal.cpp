// Exact diagonals of curvature matrices, and the quadratic form of every sample's gradient in a diagonal matrix: what
// EK-FAC needs once the caller has rotated features, weight and proxies (George et al. 2018, arXiv 1806.03884).
// Computes     weight: sum_i h_ia x_ib^2 / N with h_i the diagonal of the sample's d x d block,
//                GAUSS_NEWTON  w (tau^2 v_a - 2 z_a c_a + z_a^2 b) / r^2,  v_a = sum_c pi_c p^_ca^2 - m_a^2
//                HESSIAN       the same + w (-2 g_a z_a / r - beta (1 - z_a^2) / r^2)
//                FISHER        w g_a^2
//              with v_a through differences from the label's proxy, as in softmax_rows.cpp:
//                v_a = sum_{c != y} pi_c p^_ca^2 - epsilon p^_ya^2 - 2 p^_ya delta_a - delta_a^2
//              proxies: (tau^2 / (N rho_c^2)) sum_i w_i pi_ic (1 - pi_ic) ((z_i - s_ic p^_c)_a)^2
//              self influence: sum_ab g_ia^2 inverse_ab x_ib^2
// Shapes       tiles of rows; weight and inverse [d, D], proxies [C, d], out [N] in double.
// Cost         weight: 2 N d (D + 3 C) flops; proxies 4 N C d; self influence 2 N d D.
// Determinism  tiles depend on sizes and workspace only; sums over rows as in gemm_over_rows.
#include <cstring>

#include "cpu/factors.hpp"
#include "cpu/softmax_rows.hpp"

namespace vicinal::cpu {
namespace {

// out = x * x over n elements.
template <class Real>
void square(const Engine& e, std::int64_t n, const Real* x, Real* out) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  parallel_ranges(e, n, 8.0 * static_cast<double>(n),
                  [&](Range r) { k.multiply(r.size(), x + r.begin, x + r.begin, out + r.begin); });
}

template <class Real>
class Diagonal {
 public:
  Diagonal(Engine& e, const Point<Real>& point, int kind, Real* weight, Real* proxies)
      : e_(e), point_(point), p_(point.problem), kind_(kind), weight_(weight), proxies_(proxies) {}

  void run() {
    const std::int64_t d = p_.d, D = p_.features_width, ld = point_.ld, C = p_.classes;
    const bool softmax = kind_ != VICINAL_FISHER || proxies_ != nullptr;
    std::int64_t elements = d + (weight_ != nullptr ? D : 0) + (proxies_ != nullptr ? 2 * ld + d : 0);
    elements *= static_cast<std::int64_t>(sizeof(Real));
    const std::int64_t most =
        block_rows(e_, point_, p_.n, elements + (softmax ? SoftmaxRows<Real>::bytes_per_row(point_) : 0));
    rows_of_h_ = e_.workspace.get<Real>(most * d);
    if (weight_ != nullptr) squares_ = e_.workspace.get<Real>(most * D);
    if (softmax) {
      proxy_squares_ = e_.workspace.get<Real>(C * d);
      square(e_, C * d, point_.unit_proxies, proxy_squares_);
    }
    if (proxies_ != nullptr) {
      spread_ = e_.workspace.get<Real>(most * ld);
      tilted_ = e_.workspace.get<Real>(most * ld);
      unit_squares_ = e_.workspace.get<Real>(most * d);
      cross_ = e_.workspace.get<Real>(C * d);
      along_ = e_.workspace.get<double>(C);
      std::fill(along_, along_ + C, 0.0);
    }
    if (softmax) {
      SoftmaxRows<Real> block(e_, point_, most);
      each_block(most, [&] {
        block.fill(begin_, rows_);
        if (weight_ != nullptr && kind_ != VICINAL_FISHER) softmax_rows(block);
        if (proxies_ != nullptr) absorb_proxies(block);
      });
    } else {
      each_block(most, [] {});
    }
    if (proxies_ != nullptr) finish_proxies();
  }

 private:
  // body() for every block, then its share of the weight's diagonal.
  template <class Body>
  void each_block(std::int64_t most, Body&& body) {
    const std::int64_t d = p_.d, D = p_.features_width;
    for (begin_ = 0; begin_ < p_.n; begin_ += most) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(most, p_.n - begin_);
      body();
      if (weight_ != nullptr) {
        if (kind_ == VICINAL_FISHER) fisher_rows();
        if (kind_ == VICINAL_HESSIAN) add_normalisation();
        square(e_, rows_ * D, p_.features + begin_ * D, squares_);
        gemm_over_rows<Real>(e_, {true, false, d, D, rows_, rows_of_h_, d, squares_, D, weight_, D, begin_ > 0});
      }
      e_.workspace.rewind(mark);
    }
  }

  // body(row of the block) for all of them.
  template <class Body>
  void each_row(std::int64_t columns, Body&& body) {
    parallel_ranges(e_, rows_, 12.0 * static_cast<double>(rows_) * static_cast<double>(columns), [&](Range r) {
      for (std::int64_t i = r.begin; i < r.end; ++i) body(i);
    });
  }

  Real weight_of(std::int64_t i) const { return p_.weights == nullptr ? Real(1) : p_.weights[begin_ + i]; }

  // The Gauss-Newton part of h / N.
  void softmax_rows(const SoftmaxRows<Real>& block) {
    const std::int64_t d = p_.d;
    const double tau = softmax_scale(p_.spec);
    const Real square_tau = static_cast<Real>(tau * tau);
    gemm<Real>(e_,
               {false, false, rows_, d, p_.classes, block.others, point_.ld, proxy_squares_, d, rows_of_h_, d, false});
    each_row(d, [&](std::int64_t i) {
      const Real* z = point_.unit + (begin_ + i) * d;
      const Real* label = block.label_proxy(i);
      const Real* delta = block.delta + i * d;
      const Real* c = block.curved + i * d;
      Real* h = rows_of_h_ + i * d;
      const Real omega = block.weight[i], epsilon = block.rest[i], b = block.twice[i];
      for (std::int64_t a = 0; a < d; ++a) {
        const Real v = h[a] - label[a] * (epsilon * label[a] + 2 * delta[a]) - delta[a] * delta[a];
        h[a] = omega * (square_tau * v - 2 * z[a] * c[a] + z[a] * z[a] * b);
      }
    });
  }

  // What the normalisation adds; gradient and beta are those of L_i / N.
  void add_normalisation() {
    const std::int64_t d = p_.d;
    each_row(d, [&](std::int64_t i) {
      const Real* z = point_.unit + (begin_ + i) * d;
      const Real* g = point_.gradient + (begin_ + i) * d;
      Real* h = rows_of_h_ + i * d;
      const Real inverse = point_.inverse[begin_ + i], w = weight_of(i) * inverse;
      const Real tangential = point_.beta[begin_ + i] * inverse;
      for (std::int64_t a = 0; a < d; ++a) h[a] -= w * (2 * g[a] * z[a] + tangential * (1 - z[a] * z[a]));
    });
  }

  void fisher_rows() {
    const std::int64_t d = p_.d;
    const Real n = static_cast<Real>(p_.n);
    each_row(d, [&](std::int64_t i) {
      const Real* g = point_.gradient + (begin_ + i) * d;
      Real* h = rows_of_h_ + i * d;
      const Real w = weight_of(i) * n;  // N^2 of the gradients over N of the mean
      for (std::int64_t a = 0; a < d; ++a) h[a] = w * g[a] * g[a];
    });
  }

  // Sums over rows of f z^2, f s z and f s^2 with f = w mass pi (1 - pi), per proxy.
  void absorb_proxies(const SoftmaxRows<Real>& block) {
    const std::int64_t d = p_.d, C = p_.classes, ld = point_.ld;
    each_row(C, [&](std::int64_t i) {
      const std::int64_t y = p_.labels[begin_ + i];
      const Real* pi = block.others + i * ld;
      const Real* s = block.cosines + i * ld;
      const Real w = weight_of(i) * block.mass[i];
      for (std::int64_t c = 0; c < C; ++c) {
        const Real f = w * (c == y ? block.rest[i] * (1 - block.rest[i]) : pi[c] * (1 - pi[c]));
        spread_[i * ld + c] = f;
        tilted_[i * ld + c] = f * s[c];
      }
    });
    for (std::int64_t i = 0; i < rows_; ++i)
      for (std::int64_t c = 0; c < C; ++c)
        along_[c] += static_cast<double>(tilted_[i * ld + c]) * static_cast<double>(block.cosines[i * ld + c]);
    const Real* unit = point_.unit + begin_ * d;
    square(e_, rows_ * d, unit, unit_squares_);
    gemm_over_rows<Real>(e_, {true, false, C, d, rows_, spread_, ld, unit_squares_, d, proxies_, d, begin_ > 0});
    gemm_over_rows<Real>(e_, {true, false, C, d, rows_, tilted_, ld, unit, d, cross_, d, begin_ > 0});
  }

  void finish_proxies() {
    const std::int64_t d = p_.d;
    const double tau = softmax_scale(p_.spec);
    for (std::int64_t c = 0; c < p_.classes; ++c) {
      const double inverse = static_cast<double>(point_.inverse_proxies[c]);
      const Real factor = static_cast<Real>(tau * tau * inverse * inverse / static_cast<double>(p_.n));
      const Real along = static_cast<Real>(along_[c]);
      const Real* unit = point_.unit_proxies + c * d;
      for (std::int64_t a = 0; a < d; ++a) {
        const Real sum = proxies_[c * d + a] - unit[a] * (2 * cross_[c * d + a] - along * unit[a]);
        proxies_[c * d + a] = factor * std::max(sum, Real(0));  // a sum of squares
      }
    }
  }

  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  int kind_;
  Real *weight_, *proxies_;
  std::int64_t begin_ = 0, rows_ = 0;
  Real* rows_of_h_ = nullptr;      // [rows, d] h / N
  Real* squares_ = nullptr;        // [rows, D] of the features
  Real* proxy_squares_ = nullptr;  // [C, d]
  Real *spread_ = nullptr, *tilted_ = nullptr, *unit_squares_ = nullptr, *cross_ = nullptr;
  double* along_ = nullptr;  // [C]
};

}  // namespace

template <class Real>
void diagonal(Engine& e, const Point<Real>& point, int kind, Real* weight, Real* proxies) {
  Diagonal<Real>(e, point, kind, weight, proxies).run();
}

template <class Real>
void self_influence(Engine& e, const Point<Real>& point, const Real* inverse, double* out) {
  const Problem<Real>& p = point.problem;
  const std::int64_t d = p.d, D = p.features_width;
  const std::int64_t most = block_rows(e, point, p.n, (D + d) * static_cast<std::int64_t>(sizeof(Real)));
  Real* squares = e.workspace.get<Real>(most * D);
  Real* forms = e.workspace.get<Real>(most * d);
  const double n = static_cast<double>(p.n);
  for (std::int64_t begin = 0; begin < p.n; begin += most) {
    const std::int64_t rows = std::min(most, p.n - begin);
    square(e, rows * D, p.features + begin * D, squares);
    gemm<Real>(e, {false, true, rows, d, D, squares, D, inverse, D, forms, d, false});
    parallel_ranges(e, rows, 4.0 * static_cast<double>(rows) * static_cast<double>(d), [&](Range r) {
      for (std::int64_t i = r.begin; i < r.end; ++i) {
        double sum = 0;
        for (std::int64_t a = 0; a < d; ++a) {
          const double g = n * static_cast<double>(point.gradient[(begin + i) * d + a]);  // kept of L_i / N
          sum += g * g * static_cast<double>(forms[i * d + a]);
        }
        out[begin + i] = sum;
      }
    });
  }
}

#define VICINAL_INSTANTIATE(Real)                                         \
  template void diagonal(Engine&, const Point<Real>&, int, Real*, Real*); \
  template void self_influence(Engine&, const Point<Real>&, const Real*, double*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
