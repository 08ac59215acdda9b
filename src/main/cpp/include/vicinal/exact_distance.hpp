/* exact_distance: the one definition of "which of two gallery rows is nearer".
 *
 * Computes  sum_j (a_j - b_j)^2 in double, from float rows
 * Shapes    a [d], b [d]
 * Determin. eight partial sums in a fixed order, and no fused multiply-add: include this file only where the compiler
 *           targets plain x86-64, so that the neighbour search and the rank pass take every decision on the same bits.
 *           Equal rows therefore tie exactly, whoever asks.
 * Cost      3 d operations in double
 */
#ifndef VICINAL_EXACT_DISTANCE_HPP_
#define VICINAL_EXACT_DISTANCE_HPP_

#ifdef __FMA__
#error "exact_distance.hpp must be compiled without FMA: see its first comment"
#endif

#include <emmintrin.h>

#include <cstdint>

namespace vicinal {

/* Lane l of the eight sums the columns j with j mod 8 = l. */
inline double exact_squared_distance(const float* a, const float* b, int64_t d) {
  __m128d s01 = _mm_setzero_pd(), s23 = s01, s45 = s01, s67 = s01;
  int64_t j = 0;
  for (; j + 8 <= d; j += 8) {
    const __m128 a0 = _mm_loadu_ps(a + j), a4 = _mm_loadu_ps(a + j + 4);
    const __m128 b0 = _mm_loadu_ps(b + j), b4 = _mm_loadu_ps(b + j + 4);
    const __m128d d01 = _mm_sub_pd(_mm_cvtps_pd(a0), _mm_cvtps_pd(b0));
    const __m128d d23 = _mm_sub_pd(_mm_cvtps_pd(_mm_movehl_ps(a0, a0)), _mm_cvtps_pd(_mm_movehl_ps(b0, b0)));
    const __m128d d45 = _mm_sub_pd(_mm_cvtps_pd(a4), _mm_cvtps_pd(b4));
    const __m128d d67 = _mm_sub_pd(_mm_cvtps_pd(_mm_movehl_ps(a4, a4)), _mm_cvtps_pd(_mm_movehl_ps(b4, b4)));
    s01 = _mm_add_pd(s01, _mm_mul_pd(d01, d01));
    s23 = _mm_add_pd(s23, _mm_mul_pd(d23, d23));
    s45 = _mm_add_pd(s45, _mm_mul_pd(d45, d45));
    s67 = _mm_add_pd(s67, _mm_mul_pd(d67, d67));
  }
  double sum[8];
  _mm_storeu_pd(sum, s01);
  _mm_storeu_pd(sum + 2, s23);
  _mm_storeu_pd(sum + 4, s45);
  _mm_storeu_pd(sum + 6, s67);
  const int64_t tail = d - j;
  for (int64_t l = 0; l < tail; ++l) {
    const double diff = static_cast<double>(a[j + l]) - static_cast<double>(b[j + l]);
    sum[l] += diff * diff;
  }
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

#if defined(__CUDACC__) || defined(VICINAL_EMULATED)
/* Sum `lane` of the eight, for a device where eight threads share a pair of rows. They add up as
 * ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)), to the bits of exact_squared_distance. */
__device__ inline double exact_partial_distance(const float* a, const float* b, int64_t d, int lane) {
  double sum = 0;
  for (int64_t j = lane; j < d; j += 8) {
    const double diff = static_cast<double>(a[j]) - static_cast<double>(b[j]);
#ifdef __CUDA_ARCH__
    sum = __dadd_rn(sum, __dmul_rn(diff, diff)); /* these are never fused */
#else
    sum += diff * diff;
#endif
  }
  return sum;
}
#endif

/* |x|^2 in double; not finite if x is not. */
inline double squared_norm(const float* x, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; ++j) sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  return sum;
}

}  // namespace vicinal

#endif  // VICINAL_EXACT_DISTANCE_HPP_
