// Column kernels of Proxy-Anchor: reductions over the samples of a tile, per class, and dL/ds from the finished
// reductions. Each row has exactly one positive entry, its label's; every other entry is a negative.
// Computes     raise: the largest exponents; absorb: sums of w exp(x - shift); apply: dL/ds = factor w exp(x - shift)
//              times the slope of the measure. With tangents, the tangents of all of these. score: what a row adds to
//              the loss's directional derivative, per unit of its weight.
// Shapes       a tile [rows, ld] of cosines, [classes] per reduction.
// Cost         one exp per cosine and kernel; rows outside, classes inside, so every access is contiguous.
// Determinism  a class's sum runs over the tile's rows in order; tiles are merged in order by the caller.
#include "device/cpu/kernels.hpp"
#include "math/access.hpp"
#include "math/losses.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

using math::Access;
using math::Constant;
using math::Dual;
using math::value;

template <class Real, class Loss>
void raise(const Loss& loss, ColumnPart<Real>& tile) {
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const Real* s = tile.s + i * tile.ld;
    if (tile.weights != nullptr && tile.weights[i] == Real(0)) continue;  // no term, so not the largest one
    const std::int64_t y = tile.labels[i];
    const Real kept = tile.negative[y];
    Real* top = tile.negative;
#pragma omp simd
    for (std::int64_t c = 0; c < tile.classes; ++c) {
      const Real x = loss.negative_exponent(s[c]);
      top[c] = x > top[c] ? x : top[c];
    }
    tile.negative[y] = kept;
    const Real x = loss.positive_exponent(s[y]);
    if (x > tile.positive[y]) tile.positive[y] = x;
  }
}

template <class T, class Loss, class Real>
void absorb(const Loss& loss, ColumnPart<Real>& tile) {
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const Real* s = tile.s + i * tile.ld;
    const Real* st = tile.st == nullptr ? nullptr : tile.st + i * tile.ld_t;
    const Real w = tile.weights == nullptr ? Real(1) : tile.weights[i];
    if (w == Real(0)) continue;  // its exponents may lie above the shift
    const std::int64_t y = tile.labels[i];
    const T kept = Access<T>::load(tile.negative, tile.negative_t, y);
#pragma omp simd
    for (std::int64_t c = 0; c < tile.classes; ++c) {
      const T e = w * math::exp_of(loss.negative_exponent(Access<T>::load(s, st, c)) - tile.shift_negative[c]);
      Access<T>::store(tile.negative, tile.negative_t, c, Access<T>::load(tile.negative, tile.negative_t, c) + e);
    }
    Access<T>::store(tile.negative, tile.negative_t, y, kept);
    const T e = w * math::exp_of(loss.positive_exponent(Access<T>::load(s, st, y)) - tile.shift_positive[y]);
    Access<T>::store(tile.positive, tile.positive_t, y, Access<T>::load(tile.positive, tile.positive_t, y) + e);
  }
}

template <class T, class Loss, class Real>
void apply(const Loss& loss, ColumnPart<Real>& tile) {
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const Real* s = tile.s + i * tile.ld;
    const Real* st = tile.st == nullptr ? nullptr : tile.st + i * tile.ld_t;
    Real* g = tile.g + i * tile.ld;
    Real* gt = tile.gt == nullptr ? nullptr : tile.gt + i * tile.ld_t;
    const Real w = tile.weights == nullptr ? Real(1) : tile.weights[i];
    if (w == Real(0)) {
#pragma omp simd
      for (std::int64_t c = 0; c < tile.classes; ++c) Access<T>::store(g, gt, c, Constant<T>::of(Real(0)));
      continue;
    }
    const std::int64_t y = tile.labels[i];
    const T sy = Access<T>::load(s, st, y);
    const T e = w * math::exp_of(loss.positive_exponent(sy) - tile.shift_positive[y]);
    const T positive = e * loss.measure_slope(sy) * Access<T>::load(tile.factor_positive, tile.factor_positive_t, y);
#pragma omp simd
    for (std::int64_t c = 0; c < tile.classes; ++c) {
      const T x = Access<T>::load(s, st, c);
      const T n = w * math::exp_of(loss.negative_exponent(x) - tile.shift_negative[c]);
      const T f = Access<T>::load(tile.factor_negative, tile.factor_negative_t, c);
      Access<T>::store(g, gt, c, n * loss.measure_slope(x) * f);
    }
    Access<T>::store(g, gt, y, positive);
  }
}

// The loss along a direction is L' = sum_c f D'_c / c0, with D' = sum_i w_i e x' and f = c0 / D (c0 = -+ alpha share).
// By w_i: sum_c f e x' / c0 - f e D'_c / (c0 D_c), where x' = -+ alpha slope s' and f' = -f D' / D:
//   sum_c e (f slope s' + f' / (-+ alpha)).
// A row of weight 0 may lie above the shift, so the exponential is taken in double there and everywhere.
template <class Real, class Loss>
void score(const Loss& loss, ColumnPart<Real>& tile) {
  const double alpha = static_cast<double>(loss.alpha);
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const Real* s = tile.s + i * tile.ld;
    const Real* st = tile.st + i * tile.ld_t;
    const std::int64_t y = tile.labels[i];
    const auto term = [&](std::int64_t c, Real exponent, Real shift, Real f, Real ft, double sign_alpha) {
      const double e = math::exp_of(static_cast<double>(exponent) - static_cast<double>(shift));
      return e * (static_cast<double>(f * loss.measure_slope(s[c]) * st[c]) + static_cast<double>(ft) / sign_alpha);
    };
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t c = 0; c < tile.classes; ++c) {
      const double negative = term(c, loss.negative_exponent(s[c]), tile.shift_negative[c], tile.factor_negative[c],
                                   tile.factor_negative_t[c], alpha);
      sum += static_cast<int>(c) == static_cast<int>(y) ? 0.0 : negative;
    }
    tile.scores[i] = sum + term(y, loss.positive_exponent(s[y]), tile.shift_positive[y], tile.factor_positive[y],
                                tile.factor_positive_t[y], -alpha);
  }
}

template <class Real>
void raise_columns(const LossSpec& spec, ColumnPart<Real>& tile) {
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) { raise<Real>(loss, tile); });
}
template <class Real>
void absorb_columns(const LossSpec& spec, ColumnPart<Real>& tile) {
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    if (tile.st == nullptr) {
      absorb<Real>(loss, tile);
    } else {
      absorb<Dual<Real>>(loss, tile);
    }
  });
}
template <class Real>
void apply_columns(const LossSpec& spec, ColumnPart<Real>& tile) {
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    if (tile.st == nullptr) {
      apply<Real>(loss, tile);
    } else {
      apply<Dual<Real>>(loss, tile);
    }
  });
}

template <class Real>
void score_columns(const LossSpec& spec, ColumnPart<Real>& tile) {
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) { score<Real>(loss, tile); });
}

template <class Real>
void fill(Kernels<Real>& k) {
  k.raise_columns = raise_columns<Real>;
  k.absorb_columns = absorb_columns<Real>;
  k.apply_columns = apply_columns<Real>;
  k.score_columns = score_columns<Real>;
}

}  // namespace

void fill_columns(Kernels<float>& k) {
  fill(k);
}
void fill_columns(Kernels<double>& k) {
  fill(k);
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
