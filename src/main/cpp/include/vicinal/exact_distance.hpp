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

#include <cstdint>

namespace vicinal {

inline double exact_squared_distance(const float* a, const float* b, int64_t d) {
  double sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  int64_t j = 0;
  for (; j + 8 <= d; j += 8) {
    for (int l = 0; l < 8; ++l) {
      const double diff = static_cast<double>(a[j + l]) - static_cast<double>(b[j + l]);
      sum[l] += diff * diff;
    }
  }
  for (int l = 0; j < d; ++j, ++l) {
    const double diff = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum[l] += diff * diff;
  }
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* |x|^2 in double; not finite if x is not. */
inline double squared_norm(const float* x, int64_t d) {
  double sum = 0;
  for (int64_t j = 0; j < d; ++j) sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  return sum;
}

}  // namespace vicinal

#endif  // VICINAL_EXACT_DISTANCE_HPP_
