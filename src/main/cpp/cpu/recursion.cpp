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
//              algorithm/tangent_product.hpp.
// Cost         4 N d D + (2 R + kBlock) N d flops a direction, (2 R + kBlock) N D for all; the steps within a block
//              4 N d C K.
// Determinism  blocks depend on sizes and workspace only; a direction is one task.
#include "cpu/recursion.hpp"

#include <cmath>

namespace vicinal::cpu {
namespace {

// Samples per block: more read h and v less often, and cost more for the Gram matrix.
constexpr std::int64_t kBlock = 256;
// Samples that are coupled one by one; earlier ones of the block through one product. Also rows per strip of the Gram
// matrix, of which the lower triangle is needed.
constexpr std::int64_t kStep = 32;
// What may be left of the state that a pass does not compute, relative to c v.
template <class Real>
constexpr double kForgotten = sizeof(Real) == sizeof(float) ? 1e-8 : 1e-15;
// The factor of h~ is multiplied in before it leaves the numbers that float32 holds well.
constexpr double kLeastFactor = 1e-20;

template <class Real>
class Recursion {
 public:
  Recursion(Engine& e, const Point<Real>& point, double damping, double scale)
      : e_(e), k_(kernels<Real>(e.isa)), point_(point), p_(point.problem), decay_(1 - damping), scale_(scale) {}

  void run(std::int64_t m, std::int64_t rank, const Real* left, const Real* right, Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, ld = point_.ld;
    rank_ = rank;
    right_ = right;
    most_ = std::min(p_.n, kBlock);
    const std::int64_t shared = most_ * (most_ + d + ld + 1 + rank);
    const std::int64_t each = (2 * most_ + rank) * d;
    const std::int64_t room = e_.workspace_bytes / static_cast<std::int64_t>(sizeof(Real)) - shared;
    const std::int64_t at_once = std::min(m, std::max<std::int64_t>(1, room / each));
    coupling_ = e_.workspace.get<Real>(most_ * most_);
    gradient_ = e_.workspace.get<Real>(most_ * d);
    beta_ = e_.workspace.get<Real>(most_);
    if (point_.cosines == nullptr) own_cosines_ = e_.workspace.get<Real>(most_ * ld);
    y_ = e_.workspace.get<Real>(most_ * at_once * d);
    u_ = e_.workspace.get<Real>(most_ * at_once * d);
    on_right_ = e_.workspace.get<Real>(most_ * rank);
    scaled_left_ = e_.workspace.get<Real>(at_once * d * rank);
    first_ = first_felt();
    for (std::int64_t q = 0; q < m; q += at_once) pass(std::min(at_once, m - q), left + q * d * rank, h + q * d * D);
  }

 private:
  // One pass over the samples for m_ directions; h holds h~ / factor_ meanwhile.
  void pass(std::int64_t m, const Real* left, Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, size = m * d * D;
    m_ = m;
    double constant = 1;  // c
    for (std::int64_t k = 0; k < first_; ++k) constant = 1 + decay_ * constant;
    factor_ = 1;
    each_element(size, [&](Range r) { std::fill(h + r.begin, h + r.end, Real(0)); });
    for (begin_ = first_; begin_ < p_.n; begin_ += most_) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(most_, p_.n - begin_);
      fill_cosines();
      project(left, h, constant);
      couple();
      const std::int64_t parts = std::min<std::int64_t>(m, e_.threads);
      Real* scratch = e_.workspace.get<Real>(m * (point_.ld + 1) + parts * (point_.ld + kRowScratch * p_.classes));
      parallel(e_, parts, [&](std::int64_t t) {
        steps(part(m, parts, t), scratch + m * (point_.ld + 1) + t * (point_.ld + kRowScratch * p_.classes), scratch);
      });
      update(h);
      for (std::int64_t k = 0; k < rows_; ++k) constant = 1 + decay_ * constant;
      e_.workspace.rewind(mark);
    }
    const Real c = static_cast<Real>(constant), f = static_cast<Real>(factor_);
    each_element(size, [&](Range r) {
      for (std::int64_t i = r.begin; i < r.end; ++i) h[i] *= f;
    });
    for (std::int64_t i = 0; i < m * d * rank_; ++i) scaled_left_[i] = c * left[i];
    gemm<Real>(e_, {false, false, m * d, D, rank_, scaled_left_, rank_, right_, D, h, D, true});
  }

  template <class Body>
  void each_element(std::int64_t n, Body&& body) {
    parallel_ranges(e_, n, 8.0 * static_cast<double>(n), body);
  }

  const Real* features() const { return p_.features + begin_ * p_.features_width; }

  void fill_cosines() {
    if (own_cosines_ == nullptr) {
      cosines_ = point_.cosines + begin_ * point_.ld;
    } else {
      cosines_of(e_, point_, rows_, point_.unit + begin_ * p_.d, point_.inverse + begin_, own_cosines_);
      cosines_ = own_cosines_;
    }
  }

  // The first sample whose step the result can feel.
  std::int64_t first_felt() {
    if (!cosine_softmax(p_.spec)) return 0;
    const Workspace::Mark mark = e_.workspace.mark();
    double* norm = e_.workspace.get<double>(p_.n);       // of a I - H_i / sigma
    double* reach = e_.workspace.get<double>(p_.n + 1);  // of h_k - c_k v, relative to v
    Real* g = e_.workspace.get<Real>(most_ * point_.ld);
    for (begin_ = 0; begin_ < p_.n; begin_ += most_) {
      const Workspace::Mark block = e_.workspace.mark();
      rows_ = std::min(most_, p_.n - begin_);
      fill_cosines();
      LossTile<Real> loss = loss_tile(point_, begin_, rows_);
      loss.s = cosines_;
      loss.g = g;
      loss_rows<Real>(e_, p_.spec, loss, nullptr);
      parallel_ranges(e_, rows_, 2.0 * static_cast<double>(rows_ * (p_.features_width + p_.d)), [&](Range r) {
        for (std::int64_t k = r.begin; k < r.end; ++k) norm[begin_ + k] = step_norm(k, g + k * point_.ld);
      });
      e_.workspace.rewind(block);
    }
    double state = 1, constant = 1;
    for (std::int64_t k = 0; k < p_.n; ++k) {
      reach[k] = state + constant;
      state = 1 + norm[k] * state;
      constant = 1 + decay_ * constant;
    }
    double left = 1;
    std::int64_t first = p_.n;
    while (first > 0 && !(left * reach[first - 1] * norm[first - 1] <= kForgotten<Real> * constant))
      left *= norm[--first];
    e_.workspace.rewind(mark);
    return first == 0 ? 0 : first - 1;
  }

  // Bound of the norm of a I - H / sigma, from the three terms of the Hessian of one sample: 0 <= Gauss-Newton <=
  // tau^2 min(1, 4 epsilon) / r^2, the mixed term within -+ |g| / r, the tangential -beta / r^2; g is dL/ds / N.
  double step_norm(std::int64_t k, const Real* g) const {
    const std::int64_t i = begin_ + k, d = p_.d, D = p_.features_width;
    const double n = static_cast<double>(p_.n), tau = softmax_scale(p_.spec);
    double mass = 1, spread = 1;
    if (p_.soft_labels == nullptr) {
      spread = std::min(1.0, -4 * n * static_cast<double>(g[p_.labels[i]]) / tau);
    } else {
      mass = 0;
      for (std::int64_t c = 0; c < p_.classes; ++c) mass += static_cast<double>(p_.soft_labels[i * p_.classes + c]);
    }
    const Real* gradient = point_.gradient + i * d;
    const double inverse = static_cast<double>(point_.inverse[i]);
    const double mixed = n * std::sqrt(k_.dot(d, gradient, gradient)) * inverse;
    const double tangential = n * static_cast<double>(point_.beta[i]) * inverse * inverse;
    const double x = k_.dot(D, features() + k * D, features() + k * D) / scale_;
    const double most = mass * tau * tau * spread * inverse * inverse + mixed + std::max(0.0, -tangential);
    const double least = -mixed - std::max(0.0, tangential);
    return std::max(decay_ - least * x, most * x - decay_);
  }

  // y_k without the block's own samples, and what the steps need of every row.
  void project(const Real* left, const Real* h, double constant) {
    const std::int64_t d = p_.d, D = p_.features_width, width = m_ * d;
    gemm<Real>(e_, {false, true, rows_, rank_, D, features(), D, right_, D, on_right_, rank_, false});
    gemm<Real>(e_, {false, true, rows_, width, rank_, on_right_, rank_, left, rank_, y_, width, false});
    if (begin_ > first_) gemm<Real>(e_, {false, true, rows_, width, D, features(), D, h, D, u_, width, false});
    double* on_v = e_.workspace.get<double>(rows_);
    double* on_h = e_.workspace.get<double>(rows_);
    double power = factor_;
    for (std::int64_t k = 0; k < rows_; ++k) {
      on_v[k] = constant;
      on_h[k] = power;
      constant = 1 + decay_ * constant;
      power *= decay_;
    }
    const double n = static_cast<double>(p_.n);  // the point keeps the derivatives of L_i / N
    parallel_ranges(e_, rows_, 8.0 * static_cast<double>(rows_ * width), [&](Range r) {
      for (std::int64_t k = r.begin; k < r.end; ++k) {
        const Real c = static_cast<Real>(on_v[k]);
        const Real f = static_cast<Real>(on_h[k]);
        Real* y = y_ + k * width;
        const Real* hx = u_ + k * width;
        for (std::int64_t j = 0; j < width; ++j) y[j] = c * y[j] + (begin_ > first_ ? f * hx[j] : Real(0));
        for (std::int64_t j = 0; j < d; ++j)
          gradient_[k * d + j] = static_cast<Real>(n * static_cast<double>(point_.gradient[(begin_ + k) * d + j]));
        beta_[k] = static_cast<Real>(n * static_cast<double>(point_.beta[begin_ + k]));
      }
    });
  }

  // coupling [k, j], j < k: -(1/sigma) a^(k-1-j) x_j . x_k.
  void couple() {
    const std::int64_t D = p_.features_width;
    for (std::int64_t at = 0; at < rows_; at += kStep) {
      const std::int64_t rows = std::min(kStep, rows_ - at);
      gemm<Real>(e_, {false, true, rows, at + rows, D, features() + at * D, D, features(), D, coupling_ + at * most_,
                      most_, false});
    }
    for (std::int64_t k = 0; k < rows_; ++k) {
      double power = -1 / scale_;
      for (std::int64_t j = k - 1; j >= 0; --j) {
        coupling_[k * most_ + j] *= static_cast<Real>(power);
        power *= decay_;
      }
    }
  }

  // u_k for the block's samples, in order, of a range of directions.
  void steps(Range directions, Real* mine, Real* shared) {
    const std::int64_t d = p_.d, width = m_ * d, from = directions.begin * d, count = directions.size();
    for (std::int64_t at = 0; at < rows_; at += kStep) {
      e_.poll();
      const std::int64_t end = std::min(rows_, at + kStep);
      if (at > 0)
        gemm_serial<Real>({false, false, end - at, count * d, at, coupling_ + at * most_, most_, u_ + from, width,
                           y_ + at * width + from, width, true});
      for (std::int64_t k = at; k < end; ++k) {
        for (std::int64_t j = at; j < k; ++j)
          k_.axpy(count * d, static_cast<double>(coupling_[k * most_ + j]), u_ + j * width + from,
                  y_ + k * width + from);
        step(k, count, y_ + k * width + from, u_ + k * width + from, mine, shared + directions.begin * (point_.ld + 1));
      }
    }
  }

  // u = (Hessian of L_k over its embedding) y, of `count` directions; as a block of algorithm/tangent_product.hpp with
  // one row.
  void step(std::int64_t k, std::int64_t count, Real* y, Real* u, Real* scratch, Real* tangents) {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns, i = begin_ + k;
    const Real* unit = point_.unit + i * d;
    Real* alpha = tangents + count * ld;
    k_.tangent_rows(1, count, d, unit, point_.inverse + i, y, alpha, y);
    gemm_serial<Real>({false, true, count, K, d, y, d, point_.unit_proxies, d, tangents, ld, false});
    LossTile<Real> tile = loss_tile(point_, i, 1);
    tile.directions = count;
    tile.weights = nullptr;
    tile.mean = 1;
    tile.s = cosines_ + k * ld;
    tile.st = tangents;
    tile.g = scratch;
    tile.gt = tangents;
    tile.scratch = scratch + ld;
    k_.loss_rows(p_.spec, tile);
    gemm_serial<Real>({false, false, count, d, K, tangents, ld, point_.unit_proxies, d, u, d, false});
    k_.project_rows_tangent(1, count, d, unit, point_.inverse + i, u, gradient_ + k * d, beta_ + k, y, alpha, nullptr,
                            u);
  }

  void update(Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, width = m_ * d;
    for (std::int64_t k = 0; k < rows_; ++k) factor_ *= decay_;
    if (factor_ < kLeastFactor) {
      const Real f = static_cast<Real>(factor_);
      each_element(width * D, [&](Range r) {
        for (std::int64_t i = r.begin; i < r.end; ++i) h[i] *= f;
      });
      factor_ = 1;
    }
    double* powers = e_.workspace.get<double>(rows_);
    double power = -1 / (scale_ * factor_);
    for (std::int64_t k = rows_ - 1; k >= 0; --k) {
      powers[k] = power;
      power *= decay_;
    }
    parallel_ranges(e_, rows_, static_cast<double>(rows_ * width), [&](Range r) {
      for (std::int64_t k = r.begin; k < r.end; ++k) {
        const Real f = static_cast<Real>(powers[k]);
        for (std::int64_t j = 0; j < width; ++j) u_[k * width + j] *= f;
      }
    });
    gemm<Real>(e_, {true, false, width, D, rows_, u_, width, features(), D, h, D, true});
  }

  Engine& e_;
  const Kernels<Real>& k_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  double decay_, scale_;         // a, sigma
  std::int64_t rank_ = 0;        // R
  const Real* right_ = nullptr;  // [R, D]
  Real* on_right_ = nullptr;     // [most, R] right x_k
  Real* scaled_left_ = nullptr;  // [m, d, R] c left
  std::int64_t most_ = 0, m_ = 0, first_ = 0, begin_ = 0, rows_ = 0;
  double factor_ = 1;         // h~ = factor_ h
  Real* coupling_ = nullptr;  // [most, most]
  Real* gradient_ = nullptr;  // [most, d] g_k
  Real* beta_ = nullptr;      // [most]
  Real* y_ = nullptr;         // [most, m, d] y_k, then the tangents of the unit rows
  Real* u_ = nullptr;         // [most, m, d]
  Real* own_cosines_ = nullptr;
  const Real* cosines_ = nullptr;
};

}  // namespace

template <class Real>
void seed_recursion(Engine& e, const Point<Real>& point, double damping, double scale, std::int64_t m, std::int64_t R,
                    const Real* left, const Real* right, Real* h) {
  Recursion<Real>(e, point, damping, scale).run(m, R, left, right, h);
}
template void seed_recursion(Engine&, const Point<float>&, double, double, std::int64_t, std::int64_t, const float*,
                             const float*, float*);
template void seed_recursion(Engine&, const Point<double>&, double, double, std::int64_t, std::int64_t, const double*,
                             const double*, double*);

}  // namespace vicinal::cpu
