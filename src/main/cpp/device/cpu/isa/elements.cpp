// Element-wise kernels: optimiser steps, clipping, reciprocals, the search for NaN and infinity.
// Cost         memory-bound, one pass.
// Determinism  every element is independent.
#include "device/cpu/kernels.hpp"
#include "math/dual.hpp"
#include "math/exp.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

template <class Real>
void sgd(std::int64_t n, double lr_, double momentum_, double weight_decay_, bool first, const Real* g, Real* velocity,
         Real* p) {
  const Real lr = static_cast<Real>(lr_), momentum = static_cast<Real>(momentum_);
  const Real weight_decay = static_cast<Real>(weight_decay_);
  if (momentum_ == 0) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) p[i] -= lr * (g[i] + weight_decay * p[i]);
  } else if (first) {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) {
      velocity[i] = g[i] + weight_decay * p[i];
      p[i] -= lr * velocity[i];
    }
  } else {
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) {
      velocity[i] = momentum * velocity[i] + (g[i] + weight_decay * p[i]);
      p[i] -= lr * velocity[i];
    }
  }
}

// step_size = lr / (1 - beta1^t), correction2 = sqrt(1 - beta2^t), decay = 1 - lr * weight_decay (decoupled) or 1,
// l2 = weight_decay (coupled) or 0.
template <class Real>
void adam(std::int64_t n, double step_size, double beta1, double beta2, double correction2, double eps_, double decay_,
          double l2_, const Real* g, Real* m, Real* v, Real* p) {
  const Real b1 = static_cast<Real>(beta1), b2 = static_cast<Real>(beta2);
  const Real c1 = static_cast<Real>(1 - beta1), c2 = static_cast<Real>(1 - beta2);
  const Real step = static_cast<Real>(step_size), inverse = static_cast<Real>(1 / correction2);
  const Real eps = static_cast<Real>(eps_), decay = static_cast<Real>(decay_), l2 = static_cast<Real>(l2_);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const Real gi = g[i] + l2 * p[i];
    m[i] = b1 * m[i] + c1 * gi;
    v[i] = b2 * v[i] + c2 * gi * gi;
    p[i] = decay * p[i] - step * m[i] / (math::sqrt_of(v[i]) * inverse + eps);
  }
}

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
  k.sgd = sgd<Real>;
  k.adam = adam<Real>;
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
