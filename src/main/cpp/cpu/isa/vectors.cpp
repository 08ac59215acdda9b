// Vector kernels of iterative solvers: inner product, scaled sums, the element-wise product.
// Cost         memory-bound, one pass.
// Determinism  a sum is taken in the order of its vector lanes, in double.
#include "cpu/kernels.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

// Four quarters at once: one chain of dependent additions would wait for each other.
template <class Real>
double dot(std::int64_t n, const Real* a, const Real* b) {
  const std::int64_t q = n / 4;
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (std::int64_t i = 0; i < q; ++i) {
    s0 += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    s1 += static_cast<double>(a[q + i]) * static_cast<double>(b[q + i]);
    s2 += static_cast<double>(a[2 * q + i]) * static_cast<double>(b[2 * q + i]);
    s3 += static_cast<double>(a[3 * q + i]) * static_cast<double>(b[3 * q + i]);
  }
  for (std::int64_t i = 4 * q; i < n; ++i) s0 += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return (s0 + s1) + (s2 + s3);
}

template <class Real>
void axpy(std::int64_t n, double alpha, const Real* x, Real* y) {
  const Real a = static_cast<Real>(alpha);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class Real>
void xpby(std::int64_t n, const Real* x, double beta, Real* y) {
  const Real b = static_cast<Real>(beta);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] + b * y[i];
}

template <class Real>
void multiply(std::int64_t n, const Real* a, const Real* b, Real* out) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) out[i] = a[i] * b[i];
}

template <class Real>
void fill(Kernels<Real>& k) {
  k.dot = dot<Real>;
  k.axpy = axpy<Real>;
  k.xpby = xpby<Real>;
  k.multiply = multiply<Real>;
}

}  // namespace

void fill_vectors(Kernels<float>& k) {
  fill(k);
}
void fill_vectors(Kernels<double>& k) {
  fill(k);
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
