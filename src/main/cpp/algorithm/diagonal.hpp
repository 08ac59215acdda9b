// Exact diagonals of curvature matrices, and the quadratic form of every sample's gradient in a diagonal matrix: what
// EK-FAC needs once the caller has rotated features, weight and proxies (George et al. 2018, arXiv 1806.03884).
// Computes     weight: sum_i h_ia x_ib^2 / N with h_i the diagonal of the sample's d x d block,
//                GAUSS_NEWTON  w (tau^2 v_a - 2 z_a c_a + z_a^2 b) / r^2,  v_a = sum_c pi_c p^_ca^2 - m_a^2
//                HESSIAN       the same + w (-2 g_a z_a / r - beta (1 - z_a^2) / r^2)
//                FISHER        w g_a^2
//              with v_a through differences from the label's proxy, as in softmax_rows.hpp:
//                v_a = sum_{c != y} pi_c p^_ca^2 - epsilon p^_ya^2 - 2 p^_ya delta_a - delta_a^2
//              proxies: (tau^2 / (N rho_c^2)) sum_i w_i pi_ic (1 - pi_ic) ((z_i - s_ic p^_c)_a)^2
//              self influence: sum_ab g_ia^2 inverse_ab x_ib^2
// Shapes       tiles of rows; weight and inverse [d, D], proxies [C, d], out [N] in double.
// Cost         weight: 2 N d (D + 3 C) flops; proxies 4 N C d; self influence 2 N d D.
// Determinism  tiles depend on sizes and workspace only; f s^2 in row order, in double.
#ifndef VICINAL_ALGORITHM_DIAGONAL_HPP_
#define VICINAL_ALGORITHM_DIAGONAL_HPP_

#include "algorithm/softmax_rows.hpp"

namespace vicinal::algorithm {

template <class Device>
class Diagonal {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  Diagonal(Engine& e, const Point<Device>& point, CurvatureKind kind, Real* weight, Real* proxies)
      : e_(e), point_(point), p_(point.problem), terms_(terms_of(kind)), weight_(weight), proxies_(proxies) {}

  void run() {
    const std::int64_t d = p_.d, D = p_.features_width, ld = point_.ld, C = p_.classes;
    const bool softmax = terms_.gauss_newton || proxies_ != nullptr;
    const std::int64_t elements = d + (weight_ != nullptr ? D : 0) + (proxies_ != nullptr ? 2 * ld + d : 0);
    const std::int64_t most =
        block_rows(e_, point_, p_.n,
                   bytes_of(elements, sizeof(Real)) + (softmax ? SoftmaxRows<Device>::bytes_per_row(point_) : 0));
    h_ = take<Real>(e_, most * d);
    if (weight_ != nullptr) squares_ = take<Real>(e_, most * D);
    if (softmax) {
      proxy_squares_ = take<Real>(e_, C * d);
      Device::square(e_, C * d, point_.unit_proxies, proxy_squares_);
    }
    if (proxies_ != nullptr) {
      spread_ = take<Real>(e_, most * ld);
      tilted_ = take<Real>(e_, most * ld);
      unit_squares_ = take<Real>(e_, most * d);
      cross_ = take<Real>(e_, C * d);
      along_ = take<double>(e_, C);
      e_.zero(along_, C);
    }
    if (softmax) {
      SoftmaxRows<Device> block(e_, point_, most);
      sweep(most, [&] {
        const SoftmaxTile<Real>& tile = block.fill(begin_, rows_);
        if (weight_ != nullptr && terms_.gauss_newton) softmax_rows(tile);
        if (proxies_ != nullptr) absorb_proxies(tile);
      });
    } else {
      sweep(most, [] {});
    }
    if (proxies_ != nullptr) {
      const double tau = math::logits_of(p_.spec).slope;
      Device::proxy_diagonal(e_, C, d, tau * tau / static_cast<double>(p_.n), point_.unit_proxies,
                             point_.inverse_proxies, cross_, along_, proxies_);
    }
  }

 private:
  // body() for every block, then its share of the weight's diagonal.
  template <class Body>
  void sweep(std::int64_t most, Body&& body) {
    const std::int64_t d = p_.d, D = p_.features_width;
    each_block(e_, 0, p_.n, most, [&](std::int64_t begin, std::int64_t count) {
      begin_ = begin;
      rows_ = count;
      body();
      if (weight_ == nullptr) return;
      if (terms_.gradients) Device::fisher_diagonal(e_, rows(), h_);
      if (terms_.normalisation) Device::normalisation_diagonal(e_, rows(), h_);
      Device::square(e_, rows_ * D, point_.features.rows(e_, begin_, rows_), squares_);
      Device::gemm_over_rows(e_, {true, false, d, D, rows_, h_, d, squares_, D, weight_, D, begin_ > 0});
    });
  }

  PointRows<Real> rows() const {
    return {rows_,
            p_.d,
            static_cast<double>(p_.n),
            p_.weights == nullptr ? nullptr : p_.weights + begin_,
            point_.unit + begin_ * p_.d,
            point_.inverse + begin_,
            point_.gradient + begin_ * p_.d,
            point_.beta + begin_};
  }

  // The Gauss-Newton part of h / N.
  void softmax_rows(const SoftmaxTile<Real>& tile) {
    const std::int64_t d = p_.d;
    const double tau = math::logits_of(p_.spec).slope;
    Device::gemm(e_, {false, false, rows_, d, p_.classes, tile.others, tile.ld, proxy_squares_, d, h_, d, false});
    Device::softmax_diagonal(e_, tile, static_cast<Real>(tau * tau), h_);
  }

  // Sums over rows of f z^2, f s z and f s^2 with f = w mass pi (1 - pi), per proxy.
  void absorb_proxies(const SoftmaxTile<Real>& tile) {
    const std::int64_t d = p_.d, C = p_.classes, ld = tile.ld;
    Device::spread_proxies(e_, tile, spread_, tilted_, along_);
    Device::square(e_, rows_ * d, tile.unit, unit_squares_);
    Device::gemm_over_rows(e_, {true, false, C, d, rows_, spread_, ld, unit_squares_, d, proxies_, d, begin_ > 0});
    Device::gemm_over_rows(e_, {true, false, C, d, rows_, tilted_, ld, tile.unit, d, cross_, d, begin_ > 0});
  }

  Engine& e_;
  const Point<Device>& point_;
  const Problem<Real>& p_;
  CurvatureTerms terms_;
  Real *weight_, *proxies_;
  std::int64_t begin_ = 0, rows_ = 0;
  Real* h_ = nullptr;              // [rows, d] the rows' diagonals / N
  Real* squares_ = nullptr;        // [rows, D] of the features
  Real* proxy_squares_ = nullptr;  // [C, d]
  Real *spread_ = nullptr, *tilted_ = nullptr, *unit_squares_ = nullptr, *cross_ = nullptr;
  double* along_ = nullptr;  // [C]
};

// weight [d, D], and Gauss-Newton's for the proxies [C, d]. Either null.
template <class Device>
void diagonal(typename Device::Engine& e, const Point<Device>& point, CurvatureKind kind, typename Device::Real* weight,
              typename Device::Real* proxies) {
  Diagonal<Device>(e, point, kind, weight, proxies).run();
}

// out [N].
template <class Device>
void self_influence(typename Device::Engine& e, const Point<Device>& point, const typename Device::Real* inverse,
                    double* out) {
  using Real = typename Device::Real;
  const Problem<Real>& p = point.problem;
  const std::int64_t d = p.d, D = p.features_width;
  const std::int64_t most = block_rows(e, point, p.n, bytes_of(D + d, sizeof(Real)));
  Real* squares = take<Real>(e, most * D);
  Real* forms = take<Real>(e, most * d);  // of the squared features: [rows, d]
  each_block(e, 0, p.n, most, [&](std::int64_t begin, std::int64_t rows) {
    Device::square(e, rows * D, point.features.rows(e, begin, rows), squares);
    Device::gemm(e, {false, true, rows, d, D, squares, D, inverse, D, forms, d, false});
    Device::quadratic_forms(e, rows, d, static_cast<double>(p.n), point.gradient + begin * d, forms, out + begin);
  });
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_DIAGONAL_HPP_
