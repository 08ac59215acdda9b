// Reading and writing T = Real or Dual<Real> at index i of arrays that keep values and tangents apart.
#ifndef VICINAL_MATH_ACCESS_HPP_
#define VICINAL_MATH_ACCESS_HPP_

#include "math/dual.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

template <class T>
struct Access {
  using Real = T;
  static VICINAL_HD T load(const Real* v, const Real*, std::int64_t i) { return v[i]; }
  static VICINAL_HD void store(Real* v, Real*, std::int64_t i, T x) { v[i] = x; }
};
template <class R>
struct Access<Dual<R>> {
  using Real = R;
  static VICINAL_HD Dual<R> load(const R* v, const R* t, std::int64_t i) { return {v[i], t[i]}; }
  static VICINAL_HD void store(R* v, R* t, std::int64_t i, Dual<R> x) {
    v[i] = x.v;
    t[i] = x.t;
  }
};

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_ACCESS_HPP_
