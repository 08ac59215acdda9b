// LiSSA's recursion (Agarwal et al. 2017, arXiv 1602.03943) with one sample a step and v added at every step:
//   h_0 = v,   h_{k+1} = v + a h_k - (1/sigma) H_k h_k,   a = 1 - damping, H_k the Hessian of L_k over the weight.
// Computes     exactly that, a block of samples at a time. H_k V = u_k x_k' with u_k a function of y_k = V x_k alone;
//              with h = c v + h~ (c_0 = 1, c_{k+1} = 1 + a c_k) and h~ the rest, from a block's first sample on
//                y_k = c_k v x_k + a^k h~_0 x_k - (1/sigma) sum_{j<k} a^{k-1-j} (x_j . x_k) u_j
//                h~_b = a^b h~_0 - (1/sigma) sum_{j<b} a^{b-1-j} u_j x_j'
//              v = left right has low rank R, so v x_k = left (right x_k) is cheap. One product of d x D projects a
//              block, its Gram matrix couples the samples, one product updates h~. h~ is kept as a factor times a
//              matrix, so that a^b costs no pass.
//              The recursion forgets: h_N feels h_k only through prod_{i>=k} (a I - H_i / sigma). Where bounds of these
//              norms prove that less than rounding is left of it, the pass starts at sample k, from h_k = c v.
// Shapes       left [m, d, R], right [R, D], h [m, d, D]; directions of a sample lie side by side, as in
//              tangent_product.hpp.
// Cost         4 N d D + (2 R + kBlock) N d flops a direction, (2 R + kBlock) N D for all; the steps within a block
//              4 N d C K.
// Determinism  blocks depend on sizes and workspace only; directions are independent.
#ifndef VICINAL_ALGORITHM_RECURSION_HPP_
#define VICINAL_ALGORITHM_RECURSION_HPP_

#include <utility>
#include <vector>

#include "algorithm/point.hpp"
#include "algorithm/softmax_tile.hpp"

namespace vicinal::algorithm {

template <class Device>
class Recursion {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  Recursion(Engine& e, const Point<Device>& point, double damping, double scale)
      : e_(e), point_(point), p_(point.problem), decay_(1 - damping), scale_(scale) {}

  void run(std::int64_t m, std::int64_t rank, const Real* left, const Real* right, Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, ld = point_.ld;
    rank_ = rank;
    right_ = right;
    most_ = std::min(p_.n, kBlock);
    const std::int64_t shared = most_ * (most_ + d + 2 * ld + 1 + rank + (point_.features.streamed() ? D : 0));
    const std::int64_t each = (2 * most_ + rank) * d + 2 * ld + kStepScratch * p_.classes;
    const std::int64_t room = e_.workspace_bytes / static_cast<std::int64_t>(sizeof(Real)) - shared;
    const std::int64_t at_once = std::min(m, std::max<std::int64_t>(1, room / each));
    coupling_ = take<Real>(e_, most_ * most_);
    if (point_.cosines == nullptr) own_cosines_ = take<Real>(e_, most_ * ld);
    y_ = take<Real>(e_, most_ * at_once * d);
    u_ = take<Real>(e_, most_ * at_once * d);
    on_right_ = take<Real>(e_, most_ * rank);
    scaled_left_ = take<Real>(e_, at_once * d * rank);
    first_ = first_felt();
    std::vector<double> powers(static_cast<std::size_t>(most_));
    double power = -1 / scale_;
    for (double& p : powers) {
      p = power;
      power *= decay_;
    }
    powers_ = e_.in(std::move(powers));
    for (std::int64_t q = 0; q < m; q += at_once) pass(std::min(at_once, m - q), left + q * d * rank, h + q * d * D);
  }

 private:
  // Samples per block: more read h and v less often, and cost more for the Gram matrix.
  static constexpr std::int64_t kBlock = 256;
  // Rows per strip of the Gram matrix, of which the lower triangle is needed.
  static constexpr std::int64_t kStrip = 32;
  // Elements per class that the steps of a direction need at most.
  static constexpr std::int64_t kStepScratch = 8;
  // What may be left of the state that a pass does not compute, relative to c v.
  static constexpr double kForgotten = sizeof(Real) == sizeof(float) ? 1e-8 : 1e-15;
  // The factor of h~ is multiplied in before it leaves the numbers that float32 holds well.
  static constexpr double kLeastFactor = 1e-20;

  // One pass over the samples for m_ directions; h holds h~ / factor_ meanwhile.
  void pass(std::int64_t m, const Real* left, Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width;
    m_ = m;
    double constant = 1;  // c
    for (std::int64_t k = 0; k < first_; ++k) constant = 1 + decay_ * constant;
    factor_ = 1;
    e_.zero(h, m * d * D);
    each_block(e_, first_, p_.n, most_, [&](std::int64_t begin, std::int64_t rows) {
      begin_ = begin;
      rows_ = rows;
      cosines_ = kept_cosines(e_, point_, begin_, rows_, own_cosines_);
      constant = project(left, h, constant);
      couple();
      steps();
      update(h);
    });
    scale(m, d * D, factor_, h, h);
    scale(m, d * rank_, constant, left, scaled_left_);
    Device::gemm(e_, {false, false, m * d, D, rank_, scaled_left_, rank_, right_, D, h, D, true});
  }

  // out = factor x, [m, width].
  void scale(std::int64_t m, std::int64_t width, double factor, const Real* x, Real* out) {
    const Real* factors = e_.in(std::vector<Real>(static_cast<std::size_t>(m), static_cast<Real>(factor)));
    Device::scale_rows(e_, m, 1, width, factors, x, out);
  }

  const Real* features() const { return point_.features.rows(e_, begin_, rows_); }

  // The block's rows as they are without sample weights.
  typename Device::LossTile tile() const {
    typename Device::LossTile t = loss_tile(point_, begin_, rows_);
    t.weights = nullptr;
    t.s = cosines_;
    return t;
  }

  // The first sample whose step the result can feel.
  std::int64_t first_felt() {
    if (!math::traits_of(p_.spec).softmax) return 0;
    const auto mark = e_.workspace.mark();
    double* norms = take<double>(e_, p_.n);  // of a I - H_i / sigma
    Real* g = take<Real>(e_, most_ * point_.ld);
    each_block(e_, 0, p_.n, most_, [&](std::int64_t begin, std::int64_t rows) {
      begin_ = begin;
      rows_ = rows;
      cosines_ = kept_cosines(e_, point_, begin_, rows_, own_cosines_);
      typename Device::LossTile t = tile();
      t.g = g;
      Device::loss_rows(e_, p_.spec, t, nullptr);
      Device::step_norms(e_,
                         {rows, p_.d, p_.features_width, p_.classes, point_.ld, static_cast<double>(p_.n),
                          math::logits_of(p_.spec).slope, decay_, scale_, t.labels, t.soft_labels, g, features(),
                          point_.inverse + begin, point_.gradient + begin * p_.d, point_.beta + begin, norms + begin});
    });
    std::vector<double> norm(static_cast<std::size_t>(p_.n)), reach(norm.size());  // of h_k - c_k v, relative to v
    e_.read(norm.data(), norms, p_.n);
    e_.workspace.rewind(mark);
    double state = 1, constant = 1;
    for (std::size_t k = 0; k < norm.size(); ++k) {
      reach[k] = state + constant;
      state = 1 + norm[k] * state;
      constant = 1 + decay_ * constant;
    }
    double left = 1;
    std::size_t first = norm.size();
    while (first > 0 && !(left * reach[first - 1] * norm[first - 1] <= kForgotten * constant)) left *= norm[--first];
    return first == 0 ? 0 : static_cast<std::int64_t>(first) - 1;
  }

  // y_k without the block's own samples; c after the block.
  double project(const Real* left, const Real* h, double constant) {
    const std::int64_t D = p_.features_width, width = m_ * p_.d;
    const bool started = begin_ > first_;
    Device::gemm(e_, {false, true, rows_, rank_, D, features(), D, right_, D, on_right_, rank_, false});
    Device::gemm(e_, {false, true, rows_, width, rank_, on_right_, rank_, left, rank_, y_, width, false});
    if (started) Device::gemm(e_, {false, true, rows_, width, D, features(), D, h, D, u_, width, false});
    std::vector<double> factors(static_cast<std::size_t>(2 * rows_));  // of v x, then of h x
    double power = factor_;
    for (std::size_t k = 0; k < factors.size() / 2; ++k) {
      factors[k] = constant;
      factors[factors.size() / 2 + k] = power;
      constant = 1 + decay_ * constant;
      power *= decay_;
    }
    Device::combine_rows(e_, rows_, width, e_.in(std::move(factors)), started ? u_ : nullptr, y_);
    return constant;
  }

  // coupling [k, j], j < k: -(1/sigma) a^(k-1-j) x_j . x_k.
  void couple() {
    const std::int64_t D = p_.features_width;
    for (std::int64_t at = 0; at < rows_; at += kStrip) {
      const std::int64_t rows = std::min(kStrip, rows_ - at);
      Device::gemm(e_, {false, true, rows, at + rows, D, features() + at * D, D, features(), D, coupling_ + at * most_,
                        most_, false});
    }
    Device::couple_rows(e_, rows_, most_, powers_, coupling_);
  }

  // u_k for the block's samples, in order.
  void steps() {
    const std::int64_t d = p_.d;
    typename Device::LossTile t = tile();
    t.mean = 1;
    Device::recursion_steps(e_, p_.spec, t,
                            {rows_, m_, d, point_.columns, most_, static_cast<Real>(p_.n), point_.unit + begin_ * d,
                             point_.inverse + begin_, point_.gradient + begin_ * d, point_.beta + begin_,
                             point_.unit_proxies, coupling_, y_, u_});
  }

  void update(Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, width = m_ * d;
    for (std::int64_t k = 0; k < rows_; ++k) factor_ *= decay_;
    if (factor_ < kLeastFactor) {
      scale(m_, d * D, factor_, h, h);
      factor_ = 1;
    }
    std::vector<Real> powers(static_cast<std::size_t>(rows_));
    double power = -1 / (scale_ * factor_);
    for (auto p = powers.rbegin(); p != powers.rend(); ++p) {
      *p = static_cast<Real>(power);
      power *= decay_;
    }
    Device::scale_rows(e_, rows_, 1, width, e_.in(std::move(powers)), u_, u_);
    Device::gemm(e_, {true, false, width, D, rows_, u_, width, features(), D, h, D, true});
  }

  Engine& e_;
  const Point<Device>& point_;
  const Problem<Real>& p_;
  double decay_, scale_;         // a, sigma
  std::int64_t rank_ = 0;        // R
  const Real* right_ = nullptr;  // [R, D]
  Real* on_right_ = nullptr;     // [most, R] right x_k
  Real* scaled_left_ = nullptr;  // [m, d, R] c left
  std::int64_t most_ = 0, m_ = 0, first_ = 0, begin_ = 0, rows_ = 0;
  double factor_ = 1;               // h~ = factor_ h
  const double* powers_ = nullptr;  // [most] -(1/sigma) a^i
  Real* coupling_ = nullptr;        // [most, most]
  Real* y_ = nullptr;               // [most, m, d] y_k, then the tangents of the unit rows
  Real* u_ = nullptr;               // [most, m, d]
  Real* own_cosines_ = nullptr;
  const Real* cosines_ = nullptr;
};

// m recursions over the weight, of v_q = left_q right; h receives the result of one pass from h = v.
template <class Device>
void seed_recursion(typename Device::Engine& e, const Point<Device>& point, double damping, double scale,
                    std::int64_t m, std::int64_t R, const typename Device::Real* left,
                    const typename Device::Real* right, typename Device::Real* h) {
  Recursion<Device>(e, point, damping, scale).run(m, R, left, right, h);
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_RECURSION_HPP_
