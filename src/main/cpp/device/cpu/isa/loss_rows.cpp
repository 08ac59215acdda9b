// Row kernels of the losses that reduce over the classes of one sample: the softmax family, SoftTriple (centres
// first, then classes) and Proxy-Anchor's per-sample form.
// Computes     L_i, and dL/ds in place of the cosines; with tangents given, also the tangent of dL/ds.
// Shapes       a tile [rows, ld] of cosines; SoftTriple's columns are centre-major, k * classes + c.
// Cost         one exp per cosine (SoftTriple: two, and one per class), three passes over a row in cache.
// Determinism  sums in vector-lane order; scalars of a row in double.
#include "device/cpu/kernels.hpp"
#include "math/access.hpp"
#include "math/losses.hpp"
#include "math/softmax.hpp"

extern "C" double log(double);
extern "C" double log1p(double);
extern "C" double exp(double);

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

using math::Access;
using math::Constant;
using math::Dual;
using math::LogSumExp;
using math::tangent;
using math::value;

template <class Real>
inline Real maximum(std::int64_t n, const Real* x, Real floor) {
  Real top = floor;
#pragma omp simd reduction(max : top)
  for (std::int64_t j = 0; j < n; ++j) top = x[j] > top ? x[j] : top;
  return top;
}

template <class T, class Real>
inline T sum_of(std::int64_t n, const Real* v, const Real* t) {
  Real sv = 0, st = 0;
  if constexpr (sizeof(T) == sizeof(Real)) {
#pragma omp simd reduction(+ : sv)
    for (std::int64_t j = 0; j < n; ++j) sv += v[j];
    (void)t;
    return sv;
  } else {
#pragma omp simd reduction(+ : sv, st)
    for (std::int64_t j = 0; j < n; ++j) {
      sv += v[j];
      st += t[j];
    }
    return {sv, st};
  }
}

// One softmax row. Reads the n values a (with tangents at), writes coef * dL/da-chain into g (gt): the derivative
// with respect to the *inputs* s, whose logits are slope * s but label_logit(s) at y. exclude: y is not in the
// denominator. Returns L; *empty is set when the denominator is.
template <class T, class Loss, class Real>
double softmax_row(const Loss& loss, std::int64_t n, std::int64_t y, bool exclude, Real coef, const Real* s,
                   const Real* st, Real* g, Real* gt, bool* empty) {
  const Real k = loss.slope;
  const T sy = Access<T>::load(s, st, y);
  const T ay = loss.label_logit(sy);
  if (n == 1) {
    // No other class: with the label in the denominator L = 0 exactly, without it the denominator is empty.
    *empty = exclude;
    Access<T>::store(g, gt, 0, Constant<T>::of(Real(0)));
    return value(ay) == value(ay) ? 0.0 : static_cast<double>(value(ay));
  }
  // The largest logit but the label's, over the two segments around it.
  const Real start = y == 0 ? s[1] : s[0];
  const Real other = k * maximum(n - y - 1, s + y + 1, maximum(y, s, start));
  const Real top = exclude || other > value(ay) ? other : value(ay);
  LogSumExp<T> state = LogSumExp<T>::init();
  state.raise(top);
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) Access<T>::store(g, gt, j, state.term(k * Access<T>::load(s, st, j)));
  Access<T>::store(g, gt, y, Constant<T>::of(Real(0)));
  const T rest = sum_of<T>(n, g, gt);  // the label apart: 1 - p_y without cancellation
  const T own = exclude ? Constant<T>::of(Real(0)) : state.term(ay);
  const T all = rest + own;
  const T scale = (coef * k) / all;
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) Access<T>::store(g, gt, j, Access<T>::load(g, gt, j) * scale);
  const T label = exclude ? Constant<T>::of(Real(-1)) : -(rest / all);
  Access<T>::store(g, gt, y, coef * (loss.label_slope(sy) * label));
  const double gap = static_cast<double>(top) - static_cast<double>(value(ay));
  if (!exclude && gap <= 0) return log1p(static_cast<double>(value(rest)) / static_cast<double>(value(own)));
  return gap + log(static_cast<double>(value(all)));
}

// The same with soft labels t [n] in place of the one-hot label: L = sum_c t_c (lse - a_c).
template <class T, class Loss, class Real>
double soft_label_row(const Loss& loss, std::int64_t n, const Real* t, Real coef, const Real* s, const Real* st,
                      Real* g, Real* gt) {
  const Real k = loss.slope;
  LogSumExp<T> state = LogSumExp<T>::init();
  state.raise(k * maximum(n, s, s[0]));
  double mass = 0, linear = 0;  // before g, which may be s, is written
#pragma omp simd reduction(+ : mass, linear)
  for (std::int64_t j = 0; j < n; ++j) {
    mass += static_cast<double>(t[j]);
    linear += static_cast<double>(t[j]) * (static_cast<double>(state.max) - static_cast<double>(k * s[j]));
  }
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) Access<T>::store(g, gt, j, state.term(k * Access<T>::load(s, st, j)));
  const T all = sum_of<T>(n, g, gt);
  const Real own = coef * k;
  const T scale = (own * static_cast<Real>(mass)) / all;
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) Access<T>::store(g, gt, j, Access<T>::load(g, gt, j) * scale - own * t[j]);
  return linear + mass * log(static_cast<double>(value(all)));
}

// How often a row is evaluated: once for each of its tangents. The value part is the same every time.
template <class Real>
inline std::int64_t tangents_of(const LossPart<Real>& tile) {
  return tile.st == nullptr ? 1 : tile.directions;
}

template <class T, class Loss, class Real>
void softmax_tile(const Loss& loss, bool exclude, LossPart<Real>& tile) {
  tile.loss = 0;
  tile.empty = 0;
  const std::int64_t m = tangents_of(tile);
  for (std::int64_t t = 0; t < tile.rows * m; ++t) {
    const std::int64_t i = t / m;
    const Real* s = tile.s + i * tile.ld;
    const Real* st = tile.st == nullptr ? nullptr : tile.st + t * tile.ld;
    Real* g = tile.g + i * tile.ld;
    Real* gt = tile.gt == nullptr ? nullptr : tile.gt + t * tile.ld;
    const double weight = tile.weights == nullptr ? 1.0 : static_cast<double>(tile.weights[i]);
    const Real coef = static_cast<Real>(weight * tile.mean);
    double value_i;
    if (tile.soft_labels != nullptr) {
      value_i = soft_label_row<T>(loss, tile.classes, tile.soft_labels + i * tile.classes, coef, s, st, g, gt);
    } else {
      bool empty = false;
      value_i = softmax_row<T>(loss, tile.classes, tile.labels[i], exclude, coef, s, st, g, gt, &empty);
      tile.empty += empty ? 1 : 0;
    }
    if (tile.per_sample != nullptr) tile.per_sample[i] = static_cast<Real>(value_i);
    tile.loss += weight * value_i;
  }
}

template <class T, class Real>
void soft_triple_tile(const math::SoftTriple<Real>& loss, std::int64_t centers, LossPart<Real>& tile) {
  const std::int64_t C = tile.classes;
  Real* top = tile.scratch;  // [C] each
  Real* sum = top + C;
  Real* sum_t = sum + C;
  Real* sim = sum_t + C;  // numerator, then S_c
  Real* sim_t = sim + C;
  Real* g_sim = sim_t + C;  // dL/dS
  Real* g_sim_t = g_sim + C;
  tile.loss = 0;
  tile.empty = 0;
  const std::int64_t m = tangents_of(tile);
  for (std::int64_t t = 0; t < tile.rows * m; ++t) {
    const std::int64_t i = t / m;
    const Real* s = tile.s + i * tile.ld;
    const Real* st = tile.st == nullptr ? nullptr : tile.st + t * tile.ld;
    Real* g = tile.g + i * tile.ld;
    Real* gt = tile.gt == nullptr ? nullptr : tile.gt + t * tile.ld;
    for (std::int64_t c = 0; c < C; ++c) top[c] = s[c];
    for (std::int64_t k = 1; k < centers; ++k) {
      const Real* sk = s + k * C;
#pragma omp simd
      for (std::int64_t c = 0; c < C; ++c) top[c] = sk[c] > top[c] ? sk[c] : top[c];
    }
#pragma omp simd
    for (std::int64_t c = 0; c < C; ++c) {
      Access<T>::store(sum, sum_t, c, Constant<T>::of(Real(0)));
      Access<T>::store(sim, sim_t, c, Constant<T>::of(Real(0)));
    }
    for (std::int64_t k = 0; k < centers; ++k) {
      const Real* sk = s + k * C;
      const Real* stk = st == nullptr ? nullptr : st + k * C;
#pragma omp simd
      for (std::int64_t c = 0; c < C; ++c) {
        const T x = Access<T>::load(sk, stk, c);
        const T e = loss.centre_term(x, top[c]);
        Access<T>::store(sum, sum_t, c, Access<T>::load(sum, sum_t, c) + e);
        Access<T>::store(sim, sim_t, c, Access<T>::load(sim, sim_t, c) + e * x);
      }
    }
#pragma omp simd
    for (std::int64_t c = 0; c < C; ++c) {
      const T inverse = Real(1) / Access<T>::load(sum, sum_t, c);
      Access<T>::store(sim, sim_t, c, Access<T>::load(sim, sim_t, c) * inverse);
      Access<T>::store(sum, sum_t, c, inverse);
    }
    const double weight = tile.weights == nullptr ? 1.0 : static_cast<double>(tile.weights[i]);
    bool empty = false;
    const double value_i = softmax_row<T>(loss, C, tile.labels[i], false, static_cast<Real>(weight * tile.mean), sim,
                                          sim_t, g_sim, g_sim_t, &empty);
    for (std::int64_t k = 0; k < centers; ++k) {
      const Real* sk = s + k * C;
      const Real* stk = st == nullptr ? nullptr : st + k * C;
      Real* gk = g + k * C;
      Real* gtk = gt == nullptr ? nullptr : gt + k * C;
#pragma omp simd
      for (std::int64_t c = 0; c < C; ++c) {
        const T x = Access<T>::load(sk, stk, c);
        const T q = loss.centre_term(x, top[c]) * Access<T>::load(sum, sum_t, c);
        const T slope = loss.centre_slope(q, x, Access<T>::load(sim, sim_t, c));
        Access<T>::store(gk, gtk, c, Access<T>::load(g_sim, g_sim_t, c) * slope);
      }
    }
    if (tile.per_sample != nullptr) tile.per_sample[i] = static_cast<Real>(value_i);
    tile.loss += weight * value_i;
  }
}

// Proxy-Anchor reduced over the proxies of one sample:
//   L_i = log(1 + n_y exp(x+)) + log(1 + sum_{c != y} exp(x-_c)), n_y the repetitions of the label in the batch.
template <class T, bool kEuclidean, class Real>
void anchor_tile(const math::ProxyAnchor<Real, kEuclidean>& loss, LossPart<Real>& tile) {
  const std::int64_t C = tile.classes;
  tile.loss = 0;
  tile.empty = 0;
  // d exponent / d cosine is -+ alpha times the slope of the measure.
  const std::int64_t m = tangents_of(tile);
  for (std::int64_t t = 0; t < tile.rows * m; ++t) {
    const std::int64_t i = t / m;
    const Real* s = tile.s + i * tile.ld;
    const Real* st = tile.st == nullptr ? nullptr : tile.st + t * tile.ld;
    Real* g = tile.g + i * tile.ld;
    Real* gt = tile.gt == nullptr ? nullptr : tile.gt + t * tile.ld;
    const std::int64_t y = tile.labels[i];
    const double weight = tile.weights == nullptr ? 1.0 : static_cast<double>(tile.weights[i]);
    const Real coef = static_cast<Real>(weight * tile.mean);
    const T sy = Access<T>::load(s, st, y);
    Real top = 0;  // the implicit 1 = exp(0)
#pragma omp simd reduction(max : top)
    for (std::int64_t j = 0; j < C; ++j) {
      const Real x = loss.negative_exponent(s[j]);
      const Real masked = static_cast<int>(j) == static_cast<int>(y) ? Real(0) : x;
      top = masked > top ? masked : top;
    }
    Real rest_v = 0, rest_t = 0;
#pragma omp simd reduction(+ : rest_v, rest_t)
    for (std::int64_t j = 0; j < C; ++j) {
      const T x = Access<T>::load(s, st, j);
      const T e = math::exp_of(loss.negative_exponent(x) - top);
      const Real keep = static_cast<int>(j) == static_cast<int>(y) ? Real(0) : Real(1);
      rest_v += keep * value(e);
      rest_t += keep * tangent(e);
      Access<T>::store(g, gt, j, e * loss.measure_slope(x));
    }
    T rest;
    if constexpr (sizeof(T) == sizeof(Real)) {
      rest = rest_v;
    } else {
      rest = {rest_v, rest_t};
    }
    const T scale = (coef * loss.alpha) / (rest + math::exp_of(-top));
#pragma omp simd
    for (std::int64_t j = 0; j < C; ++j) Access<T>::store(g, gt, j, Access<T>::load(g, gt, j) * scale);
    // Positive part: log(1 + n exp(x)) with the larger of the two terms taken out.
    const Real n = tile.repetitions[y];
    const T x = loss.positive_exponent(sy);
    const Real up = value(x) > 0 ? value(x) : Real(0);
    const T e = n * math::exp_of(x - up);
    const T p = e / (e + math::exp_of(-up));
    Access<T>::store(g, gt, y, (-coef * loss.alpha) * (p * loss.measure_slope(sy)));
    const double negative =
        top > 0 ? static_cast<double>(top) + log(exp(-static_cast<double>(top)) + static_cast<double>(value(rest)))
                : log1p(static_cast<double>(value(rest)));
    const double positive =
        up > 0 ? static_cast<double>(up) + log(exp(-static_cast<double>(up)) + static_cast<double>(value(e)))
               : log1p(static_cast<double>(value(e)));
    const double value_i = negative + positive;
    if (tile.per_sample != nullptr) tile.per_sample[i] = static_cast<Real>(value_i);
    tile.loss += weight * value_i;
  }
}

// A tile by the kind of its rows.
template <class T, class Loss, class Real>
void tile_of(const Loss& loss, const LossSpec& spec, LossPart<Real>& tile) {
  softmax_tile<T>(loss, spec.exclude_positive, tile);
}
template <class T, class Real>
void tile_of(const math::SoftTriple<Real>& loss, const LossSpec& spec, LossPart<Real>& tile) {
  soft_triple_tile<T>(loss, spec.centers, tile);
}
template <class T, bool kEuclidean, class Real>
void tile_of(const math::ProxyAnchor<Real, kEuclidean>& loss, const LossSpec&, LossPart<Real>& tile) {
  anchor_tile<T>(loss, tile);
}

template <class Real>
void loss_rows(const LossSpec& spec, LossPart<Real>& tile) {
  math::visit_loss<Real>(spec, [&](const auto& loss) {
    if (tile.st == nullptr) {
      tile_of<Real>(loss, spec, tile);
    } else {
      tile_of<Dual<Real>>(loss, spec, tile);
    }
  });
}

}  // namespace

void fill_loss_rows(Kernels<float>& k) {
  k.loss_rows = loss_rows<float>;
}
void fill_loss_rows(Kernels<double>& k) {
  k.loss_rows = loss_rows<double>;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
