// The reduction of the softmax family: log sum_c exp(a_c) as a mergeable state.
//   init -> raise (every logit) -> add (every logit) -> merge (any order of parts) -> finish.
// raise keeps the maximum, decided on values; add then sums exp(a - max). A part whose maximum differs is
// rescaled by merge. The probability of a logit follows from the state alone.
#ifndef VICINAL_MATH_SOFTMAX_HPP_
#define VICINAL_MATH_SOFTMAX_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class T>
struct LogSumExp {
  using Real = typename RealOf<T>::type;
  Real max;  // over the logits raised so far; meaningful only when any is true
  T sum;     // of exp(a - max)
  bool any;  // an explicit mask: an empty reduction has no maximum

  static VICINAL_HD LogSumExp init() { return {Real(0), Constant<T>::of(Real(0)), false}; }

  VICINAL_HD void raise(Real a) {
    max = any && max > a ? max : a;
    any = true;
  }
  VICINAL_HD T term(T a) const { return exp_of(a - max); }
  VICINAL_HD void add(T e) { sum = sum + e; }
  // Both forms at once, for a reader that sees every logit only once (a streaming device).
  VICINAL_HD void absorb(T a) {
    const Real v = value(a);
    if (!any || v > max) {
      if (any) sum = sum * exp_of(max - v);
      max = v;
      any = true;
    }
    sum = sum + exp_of(a - max);
  }
  VICINAL_HD void merge(const LogSumExp& o) {
    if (!o.any) return;
    if (!any) {
      *this = o;
      return;
    }
    const Real top = max > o.max ? max : o.max;
    sum = sum * exp_of(max - top) + o.sum * exp_of(o.max - top);
    max = top;
  }
  VICINAL_HD T probability(T a) const { return term(a) / sum; }
};

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_SOFTMAX_HPP_
