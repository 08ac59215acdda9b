// Element-wise kernels: clipping, reciprocals, the search for NaN and infinity.
// Cost         memory-bound, one pass.
// Determinism  every element is independent.
#include "device/cpu/kernels.hpp"
#include "math/dual.hpp"
#include "math/exp.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

template <class Real>
void clip(std::int64_t n, double low_, double high_, Real* x) {
  const Real low = static_cast<Real>(low_), high = static_cast<Real>(high_);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    Real v = x[i];
    v = v > high ? high : v;  // comparisons with NaN are false: NaN stays
    x[i] = v < low ? low : v;
  }
}

template <class Real>
void reciprocal(std::int64_t n, double shift, const Real* x, Real* out) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<Real>(1 / (static_cast<double>(x[i]) + shift));
}

template <class Real>
std::int64_t find_nonfinite(std::int64_t n, const Real* x) {
  constexpr std::int64_t kBlock = 4096;
  for (std::int64_t b = 0; b < n; b += kBlock) {
    const std::int64_t end = b + kBlock < n ? b + kBlock : n;
    Real sum = 0;  // x * 0 is NaN exactly for NaN and infinities
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = b; i < end; ++i) sum += x[i] * Real(0);
    if (sum == sum) continue;
    for (std::int64_t i = b; i < end; ++i) {
      const Real z = x[i] * Real(0);
      if (z != z) return i;
    }
  }
  return -1;
}

template <class Real>
void exp_array(std::int64_t n, const Real* x, Real* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = math::exp_of(x[i]);
}

template <class Real>
void fill(Kernels<Real>& k) {
  k.clip = clip<Real>;
  k.reciprocal = reciprocal<Real>;
  k.find_nonfinite = find_nonfinite<Real>;
  k.exp_array = exp_array<Real>;
}

}  // namespace

void fill_elements(Kernels<float>& k) {
  fill(k);
}
void fill_elements(Kernels<double>& k) {
  fill(k);
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
