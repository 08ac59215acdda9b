// Row kernels of the normalisation x -> x / |x| and its derivatives.
// Computes     unit rows, the gradient through them, and the tangents of both (docs/losses/README.md).
// Shapes       n rows of d columns, compact; one inverse norm per row.
// Cost         memory-bound: one or two passes over each row, which stays in the first-level cache.
// Determinism  a row's sum is taken in the order of its vector lanes, whatever the thread.
#include "device/cpu/kernels.hpp"
#include "math/dual.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

// Smallest norm that is not treated as zero: its reciprocal is still finite.
template <class Real>
struct Smallest;
template <>
struct Smallest<float> {
  static constexpr double kNorm = 1.1754943508222875e-38;
};
template <>
struct Smallest<double> {
  static constexpr double kNorm = 2.2250738585072014e-308;
};
// Reciprocals in this range have all their digits.
template <class Real>
struct Safe;
template <>
struct Safe<float> {
  static constexpr float kLow = 1e-37f, kHigh = 1e37f;
};
template <>
struct Safe<double> {
  static constexpr double kLow = 1e-307, kHigh = 1e307;
};

// sum of a[j] b[j] in Sum. Four quarters at once: one chain of dependent additions would wait for each other.
template <class Sum, class Real>
inline Sum dot(std::int64_t d, const Real* a, const Real* b) {
  const std::int64_t q = d / 4;
  Sum s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (std::int64_t j = 0; j < q; ++j) {
    s0 += static_cast<Sum>(a[j]) * static_cast<Sum>(b[j]);
    s1 += static_cast<Sum>(a[q + j]) * static_cast<Sum>(b[q + j]);
    s2 += static_cast<Sum>(a[2 * q + j]) * static_cast<Sum>(b[2 * q + j]);
    s3 += static_cast<Sum>(a[3 * q + j]) * static_cast<Sum>(b[3 * q + j]);
  }
  for (std::int64_t j = 4 * q; j < d; ++j) s0 += static_cast<Sum>(a[j]) * static_cast<Sum>(b[j]);
  return (s0 + s1) + (s2 + s3);
}

// Squares whose sum lies in this range can have lost nothing to overflow or underflow.
template <class Real>
struct Square;
template <>
struct Square<float> {
  static constexpr float kLow = 1e-30f, kHigh = 1e30f;
};
template <>
struct Square<double> {
  static constexpr double kLow = 1e-280, kHigh = 1e280;
};

// Euclidean norm. Outside the safe range the squares of floats are summed in double, where they can neither overflow
// nor vanish, and doubles are rescaled by their largest magnitude.
template <class Real>
double norm(std::int64_t d, const Real* x) {
  const Real plain = dot<Real>(d, x, x);
  if (plain > Square<Real>::kLow && plain < Square<Real>::kHigh) return __builtin_sqrt(static_cast<double>(plain));
  double sum = dot<double>(d, x, x);
  if (sum > 1e-280 && sum < 1e280) return __builtin_sqrt(sum);
  double top = 0;
  for (std::int64_t j = 0; j < d; ++j) {
    const double a = __builtin_fabs(static_cast<double>(x[j]));
    top = a > top || a != a ? a : top;
  }
  if (!(top > 0) || top > 1.7976931348623157e308) return top;  // 0, NaN or infinity
  sum = 0;
  for (std::int64_t j = 0; j < d; ++j) {
    const double a = static_cast<double>(x[j]) / top;
    sum += a * a;
  }
  return top * __builtin_sqrt(sum);
}

template <class Real>
void normalize_rows(std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm) {
  for (std::int64_t i = 0; i < n; ++i) {
    const Real* xi = x + i * d;
    Real* ui = unit + i * d;
    const double r = norm(d, xi);
    if (r < Smallest<Real>::kNorm) {
      if (inverse_norm != nullptr) inverse_norm[i] = 0;
      for (std::int64_t j = 0; j < d; ++j) ui[j] = 0;
      continue;
    }
    const double inverse = 1 / r;
    if (inverse_norm != nullptr) inverse_norm[i] = static_cast<Real>(inverse);
    const Real factor = static_cast<Real>(inverse);
    if (factor >= Safe<Real>::kLow && factor <= Safe<Real>::kHigh) {
#pragma omp simd
      for (std::int64_t j = 0; j < d; ++j) ui[j] = xi[j] * factor;
    } else {  // the factor is not a normal number
      for (std::int64_t j = 0; j < d; ++j) ui[j] = static_cast<Real>(static_cast<double>(xi[j]) / r);
    }
  }
}

template <class Real>
void project_rows(std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm, const Real* q, Real* beta,
                  Real* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    const Real* z = unit + i * d;
    const Real* qi = q + i * d;
    Real* oi = out + i * d;
    const Real along = dot<Real>(d, z, qi);
    const Real inverse = inverse_norm[i];
    if (beta != nullptr) beta[i] = along;
#pragma omp simd
    for (std::int64_t j = 0; j < d; ++j) oi[j] = (qi[j] - along * z[j]) * inverse;
  }
}

// (v - (z.v) z) / r has the form of the gradient.
template <class Real>
void tangent_rows(std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit, const Real* inverse_norm,
                  const Real* v, Real* alpha, Real* out) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t t = i * m; t < (i + 1) * m; ++t)
      project_rows<Real>(1, d, unit + i * d, inverse_norm + i, v + t * d, alpha + t, out + t * d);
}

template <class Real>
void project_rows_tangent(std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit, const Real* inverse_norm,
                          const Real* qt, const Real* g, const Real* beta, const Real* zt, const Real* alpha,
                          const Real* scale, Real* out) {
  for (std::int64_t t = 0; t < n * m; ++t) {
    const std::int64_t i = t / m;
    const Real* z = unit + i * d;
    const Real* qi = qt + t * d;
    Real* oi = out + t * d;
    const Real factor = scale == nullptr ? Real(1) : scale[t];
    const Real inverse = inverse_norm[i] * factor;
    const Real along = dot<Real>(d, z, qi);
    if (zt == nullptr) {
#pragma omp simd
      for (std::int64_t j = 0; j < d; ++j) oi[j] = (qi[j] - along * z[j]) * inverse;
      continue;
    }
    const Real* gi = g + i * d;
    const Real* zi = zt + t * d;
    const Real radial = dot<Real>(d, gi, zi);
    const Real on_z = along * inverse + radial * factor;
    const Real on_g = alpha[t] * inverse;
    const Real on_zt = beta[i] * inverse;
#pragma omp simd
    for (std::int64_t j = 0; j < d; ++j) oi[j] = qi[j] * inverse - on_z * z[j] - on_g * gi[j] - on_zt * zi[j];
  }
}

template <class Real>
void dot_rows(std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b, double* dots) {
  for (std::int64_t t = 0; t < n * m; ++t) dots[t] = dot<double>(d, a + t / m * d, b + t * d);
}

template <class Real>
void fill(Kernels<Real>& k) {
  k.normalize_rows = normalize_rows<Real>;
  k.project_rows = project_rows<Real>;
  k.tangent_rows = tangent_rows<Real>;
  k.project_rows_tangent = project_rows_tangent<Real>;
  k.dot_rows = dot_rows<Real>;
}

}  // namespace

void fill_rows(Kernels<float>& k) {
  fill(k);
}
void fill_rows(Kernels<double>& k) {
  fill(k);
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
