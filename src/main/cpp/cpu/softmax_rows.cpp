// What the exact Kronecker factors and the exact diagonals need of every sample of a cosine softmax.
// Computes     A_i = tau^2 sum_c pi_c (p^_c - m)(p^_c - m)', m = sum_c pi_c p^_c, through differences from the label's
//              proxy: with delta = m - p^_y,
//                A_i     = tau^2 (sum_{c != y} pi_c (p^_c - p^_y)(p^_c - p^_y)' - delta delta')
//                delta   = sum_{c != y} pi_c p^_c - epsilon p^_y,   epsilon = 1 - pi_y
//                A_i z_i = tau^2 (sum_{c != y} q_c p^_c - kappa p^_y - kappa delta),
//                          q_c = pi_c (s_c - s_y), kappa = sum q_c = z . delta
//              Every term is of the size of epsilon, so nothing cancels at samples that are learned (pi_y near 1).
// Shapes       rows [rows, d], probabilities [rows, ld].
// Cost         4 N C d flops, 2 N C d more when the cosines were not kept; one exp per cosine.
// Determinism  every row is independent.
#include "cpu/softmax_rows.hpp"

namespace vicinal::cpu {

double softmax_scale(const vicinal_loss& spec) {
  switch (spec.kind) {
    case VICINAL_PROXY_NCA:
      return 2 * spec.scale;
    case VICINAL_PROXY_NCA_PP:
      return 2 * spec.scale * spec.scale;
    case VICINAL_NORMALIZED_SOFTMAX:
      return 1 / spec.scale;
    default:  // SOFT_TRIPLE with one centre, COSFACE
      return spec.scale;
  }
}

template <class Real>
std::int64_t SoftmaxRows<Real>::bytes_per_row(const Point<Real>& point) {
  return static_cast<std::int64_t>(sizeof(Real)) * (3 * point.ld + 2 * point.problem.d + 5);
}

template <class Real>
SoftmaxRows<Real>::SoftmaxRows(Engine& e, const Point<Real>& point, std::int64_t most_rows)
    : e_(e), k_(kernels<Real>(e.isa)), point_(point) {
  Workspace& w = e.workspace;
  others = w.get<Real>(most_rows * point.ld);
  tilted_ = w.get<Real>(most_rows * point.ld);
  if (point.cosines == nullptr) own_cosines_ = w.get<Real>(most_rows * point.ld);
  delta = w.get<Real>(most_rows * point.problem.d);
  curved = w.get<Real>(most_rows * point.problem.d);
  for (Real** a : {&rest, &mass, &weight, &twice, &tilt_}) *a = w.get<Real>(most_rows);
}

template <class Real>
void SoftmaxRows<Real>::fill(std::int64_t begin, std::int64_t rows) {
  const std::int64_t d = point_.problem.d, ld = point_.ld, C = point_.columns;
  begin_ = begin;
  if (own_cosines_ == nullptr) {
    cosines = point_.cosines + begin * ld;
  } else {
    cosines_of(e_, point_, rows, point_.unit + begin * d, point_.inverse + begin, own_cosines_);
    cosines = own_cosines_;
  }
  // The loss kernel gives (tau / N) (mass pi_c - t_c), with 1 - pi_y free of cancellation.
  LossTile<Real> loss = loss_tile(point_, begin, rows);
  loss.s = cosines;
  loss.g = others;
  loss_rows<Real>(e_, point_.problem.spec, loss, nullptr);
  parallel_ranges(e_, rows, 8.0 * static_cast<double>(rows) * static_cast<double>(C),
                  [&](Range r) { probabilities(r); });
  gemm<Real>(e_, {false, false, rows, d, C, others, ld, point_.unit_proxies, d, delta, d, false});
  gemm<Real>(e_, {false, false, rows, d, C, tilted_, ld, point_.unit_proxies, d, curved, d, false});
  parallel_ranges(e_, rows, 8.0 * static_cast<double>(rows) * static_cast<double>(d), [&](Range r) { project(r); });
}

template <class Real>
void SoftmaxRows<Real>::probabilities(Range r) {
  const Problem<Real>& p = point_.problem;
  const std::int64_t C = p.classes, ld = point_.ld;
  const Real from = static_cast<Real>(static_cast<double>(p.n) / softmax_scale(p.spec));
  for (std::int64_t i = r.begin; i < r.end; ++i) {
    const std::int64_t at = begin_ + i, y = p.labels[at];
    const Real* t = p.soft_labels == nullptr ? nullptr : p.soft_labels + at * C;
    const Real* s = cosines + i * ld;
    Real* pi = others + i * ld;
    Real* q = tilted_ + i * ld;
    double total = t == nullptr ? 1.0 : 0.0;
    for (std::int64_t c = 0; t != nullptr && c < C; ++c) total += static_cast<double>(t[c]);
    const Real scale = total > 0 ? static_cast<Real>(1 / total) : Real(0);
    const auto cosine = [&](std::int64_t c) {  // a zero proxy's logit may stand for another cosine than its own
      return point_.inverse_proxies[c] == Real(0) ? Real(0) : s[c];
    };
    const Real own = cosine(y);
    double sum = 0, tilt = 0;
    for (std::int64_t c = 0; c < C; ++c) {
      const Real share = (from * pi[c] + (t == nullptr ? Real(0) : t[c])) * scale;
      pi[c] = c == y ? Real(0) : share;
      q[c] = pi[c] * (cosine(c) - own);
      sum += static_cast<double>(pi[c]);
      tilt += static_cast<double>(q[c]);
    }
    const double w = p.weights == nullptr ? 1.0 : static_cast<double>(p.weights[at]);
    const double inverse = static_cast<double>(point_.inverse[at]);
    rest[i] = static_cast<Real>(sum);
    tilt_[i] = static_cast<Real>(tilt);
    mass[i] = static_cast<Real>(total);
    weight[i] = static_cast<Real>(w * total * inverse * inverse / static_cast<double>(p.n));
  }
}

template <class Real>
void SoftmaxRows<Real>::project(Range r) {
  const std::int64_t d = point_.problem.d;
  const double tau = softmax_scale(point_.problem.spec);
  const Real square = static_cast<Real>(tau * tau);
  for (std::int64_t i = r.begin; i < r.end; ++i) {
    const Real* label = label_proxy(i);
    Real* m = delta + i * d;
    Real* c = curved + i * d;
    const Real epsilon = rest[i], kappa = tilt_[i];
    for (std::int64_t a = 0; a < d; ++a) {
      m[a] -= epsilon * label[a];
      c[a] = square * (c[a] - kappa * (label[a] + m[a]));
    }
    twice[i] = static_cast<Real>(k_.dot(d, point_.unit + (begin_ + i) * d, c));
  }
}

template class SoftmaxRows<float>;
template class SoftmaxRows<double>;

}  // namespace vicinal::cpu
