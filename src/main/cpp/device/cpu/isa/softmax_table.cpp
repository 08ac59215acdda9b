// What a cosine softmax's sample contributes along a direction, split by proxy, and what it would contribute with
// another label.
// Computes     from cosines s and their tangents s', with logits k s and the margin m taken off the label's cosine:
//                by_proxy_c = k (pi_c - t_c) s'_c                          their sum is <dL_i/dtheta, direction>
//                score(c)   = k (sum_j pi_j s'_j - s'_c), pi with the margin at c
//                           = k sum_{j != c} e_j (s'_j - s'_c) / (sum_{j != c} e_j + e_c exp(-k m)),  e_j = exp(k s_j)
//                relabel_c  = score(c) - the sample's own score
//              Tangents are taken relative to that of the largest logit, so that nothing cancels when one probability
//              is close to 1.
// Shapes       a tile [rows, ld] of cosines and tangents, [rows, classes] of doubles out.
// Cost         one exp per cosine, in double; O(1) more per class.
#include "device/cpu/kernels.hpp"
#include "math/losses.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

// Exponentials are taken relative to the second largest cosine, the largest apart: a sum without any one class then
// neither cancels nor vanishes, whatever the margin. g brings them to the scale of the largest.
template <class Real>
void row(const math::Logits& loss, const TablePart<Real>& table, std::int64_t i) {
  const std::int64_t C = table.classes, y = table.labels[i];
  const Real* s = table.s + i * table.ld;
  const Real* st = table.st + i * table.ld;
  double* by_proxy = table.by_proxy == nullptr ? nullptr : table.by_proxy + i * C;
  double* relabel = table.relabel == nullptr ? nullptr : table.relabel + i * C;
  if (C == 1) {  // a constant loss
    if (by_proxy != nullptr) by_proxy[0] = 0;
    if (relabel != nullptr) relabel[0] = 0;
    return;
  }
  std::int64_t top = 0, second = 1;
  for (std::int64_t c = 1; c < C; ++c) {
    if (s[c] > s[top]) {
      second = top;
      top = c;
    } else if (c != second && s[c] > s[second]) {
      second = c;
    }
  }
  const double k = loss.slope, drop = k * loss.margin;
  const double s_top = static_cast<double>(s[top]), s_second = static_cast<double>(s[second]);
  const double st_top = static_cast<double>(st[top]), g = math::exp_of(k * (s_second - s_top));
  double* e = table.scratch;  // exp(k (s - s_second)), 0 at the top
  double* shifted = e + C;    // s' - s'_top
  double rest = 0, sum = 0;   // of e, and of e times shifted
#pragma omp simd reduction(+ : rest, sum)
  for (std::int64_t c = 0; c < C; ++c) {
    const double x =
        static_cast<int>(c) == static_cast<int>(top) ? 0.0 : math::exp_of(k * (static_cast<double>(s[c]) - s_second));
    const double d = static_cast<double>(st[c]) - st_top;
    e[c] = x;
    shifted[c] = d;
    rest += x;
    sum += x * d;
  }
  // The softmax with label c: exponentials of the others, and all with the label's own. The top is on its own scale.
  const auto others = [&](std::int64_t c) { return c == top ? rest : g * (rest - e[c]) + 1; };
  const auto own = [&](std::int64_t c) {
    return math::exp_of(k * (static_cast<double>(s[c]) - (c == top ? s_second : s_top)) - drop);
  };
  const auto score = [&](std::int64_t c) {
    const double weighted = c == top ? sum : g * (sum - rest * shifted[c]) - shifted[c];
    return k * weighted / (others(c) + own(c));
  };
  double own_score = 0;
  if (table.soft_labels != nullptr) {  // losses without a margin
    const Real* t = table.soft_labels + i * C;
    const double all = g * rest + 1;
    double mass = 0;
    for (std::int64_t c = 0; c < C; ++c) mass += static_cast<double>(t[c]);
    for (std::int64_t c = 0; c < C; ++c) {
      const double probability = (c == top ? 1 : g * e[c]) / all;
      const double part = k * (mass * probability - static_cast<double>(t[c])) * static_cast<double>(st[c]);
      own_score += part;
      if (by_proxy != nullptr) by_proxy[c] = part;
    }
  } else {
    own_score = score(y);
    if (by_proxy != nullptr) {
      const double factor = k / (others(y) + own(y)), scale = y == top ? factor : factor * g;
#pragma omp simd
      for (std::int64_t c = 0; c < C; ++c) by_proxy[c] = scale * e[c] * static_cast<double>(st[c]);
      by_proxy[top] = factor * st_top;
      by_proxy[y] = -factor * others(y) * static_cast<double>(st[y]);
    }
  }
  if (relabel != nullptr) {
#pragma omp simd
    for (std::int64_t c = 0; c < C; ++c) {
      const double mine = math::exp_of(k * (static_cast<double>(s[c]) - s_top) - drop);
      relabel[c] = k * (g * (sum - rest * shifted[c]) - shifted[c]) / (g * (rest - e[c]) + 1 + mine) - own_score;
    }
    relabel[top] = score(top) - own_score;
    if (table.soft_labels == nullptr) relabel[y] = 0;
  }
}

template <class Real>
void softmax_table(const LossSpec& spec, const TablePart<Real>& table) {
  const math::Logits loss = math::logits_of(spec);
  for (std::int64_t i = 0; i < table.rows; ++i) row(loss, table, i);
}

}  // namespace

void fill_softmax_table(Kernels<float>& k) {
  k.softmax_table = softmax_table<float>;
}
void fill_softmax_table(Kernels<double>& k) {
  k.softmax_table = softmax_table<double>;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
