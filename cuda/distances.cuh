// What ranks and neighbours share: which of two gallery rows is nearer, exactly, and what products tell about it.
// Scores       (D(q, g) - |q|^2) / 2 = |g|^2 / 2 - q.g, D = exact_squared_distance, from the product q.g in Real
// Bounds       x in float32 or double of unit u: |q.g - fl(q.g)| <= (d + 8) u |q||g| for any order of summation, with
//              or without fused multiply-add, plus rounding of |g|^2 / 2 and of the difference; each row's own norm,
//              so that an outlier spoils no other row. The rounding of D itself is a margin beside it.
#ifndef VICINAL_CUDA_DISTANCES_CUH_
#define VICINAL_CUDA_DISTANCES_CUH_

#include "engine.cuh"
#include "reduce.cuh"
#include "vicinal/exact_distance.hpp"

namespace vicinal::cuda {

// distances.cu: |x|^2 [n] in the workspace. A row that is not finite is refused by its name; waits for the device.
const double* squared_norms(Engine& e, const char* name, std::int64_t n, std::int64_t d, const float* x);

// The row of b [m, d] where a [n, d] starts, if a lies in b; else -1.
inline std::int64_t row_within(const float* a, std::int64_t n, const float* b, std::int64_t m, std::int64_t d) {
  const auto from = reinterpret_cast<std::uintptr_t>(a), base = reinterpret_cast<std::uintptr_t>(b);
  const auto row = static_cast<std::uintptr_t>(d) * sizeof(float);
  if (from < base || (from - base) % row != 0) return -1;
  const auto place = static_cast<std::int64_t>((from - base) / row);
  return place <= m - n ? place : -1;
}

template <class Real>
struct Arithmetic;
template <>
struct Arithmetic<float> {
  static constexpr double kUnit = 0x1p-24;
  static constexpr double kFlushed = 0x1p-125;  // what a product with numbers below the normal ones may lose
  static constexpr float kSmallest = 1.1754943508222875e-38f, kLargest = 1e37f;
};
template <>
struct Arithmetic<double> {  // squares of floats are far from its ends
  static constexpr double kUnit = 0x1p-53, kFlushed = 0, kSmallest = 0, kLargest = 1e300;
};

// How far the score of one query with any gallery row, computed in Real, may be off.
template <class Real>
struct ScoreBounds {
  Real linear, quadratic, fixed, slack;
  // Of a row of that norm and a score of that size; not finite where a product may have overflowed.
  __device__ __forceinline__ Real error(Real norm, Real size) const {
    return norm * (linear + quadratic * norm) + fixed + slack * size;
  }
};

constexpr double kDoubleUnit = 0x1p-53;
constexpr double kMore = 1.001;  // covers the rounding of the bounds themselves

// Of distances, beside the error of scores: what rounding D and |q|^2 to double may cost.
__device__ __forceinline__ double distance_margin(std::int64_t d, double query_square) {
  return 4 * static_cast<double>(d + 16) * kDoubleUnit * query_square;
}

// The error, with `margin` of a score added.
template <class Real>
__device__ __forceinline__ ScoreBounds<Real> score_bounds(std::int64_t d, double query_square, double margin) {
  using A = Arithmetic<Real>;
  const double norm = sqrt(query_square), terms = static_cast<double>(d + 16);
  return {static_cast<Real>(kMore * (A::kUnit * terms * norm + A::kFlushed * static_cast<double>(d))),
          static_cast<Real>(kMore * (3 * A::kUnit + 2 * terms * kDoubleUnit)),
          static_cast<Real>(kMore * (A::kFlushed * terms * (1 + norm) + margin)), static_cast<Real>(4 * A::kUnit)};
}

// |g| from |g|^2, for the bounds.
template <class Real>
__device__ __forceinline__ Real bounded_norm(double square) {
  return sqrt(static_cast<Real>(square) + Arithmetic<Real>::kSmallest);
}

constexpr int kGroup = 8;  // lanes that share an exact distance

// D(a, b) by a group of lanes, of which all of a warp take part: `valid` is the group's. Every lane gets it.
__device__ __forceinline__ double group_distance(bool valid, const float* a, const float* b, std::int64_t d) {
  double part = valid ? exact_partial_distance(a, b, d, static_cast<int>(threadIdx.x % kGroup)) : 0.0;
  // The order that exact_distance.hpp wants.
  for (int step = kGroup / 2; step > 0; step /= 2) part += __shfl_xor_sync(kFullWarp, part, step);
  return part;
}

__device__ __forceinline__ bool before(double distance_a, std::int64_t a, double distance_b, std::int64_t b) {
  return distance_a < distance_b || (distance_a == distance_b && a < b);
}

// The block sorts m pairs with different ids, in shared or device memory. Bitonic, every comparison ascending: what
// would lie behind the end is larger than all and stays there.
__device__ inline void sort_pairs(unsigned m, double* distance, std::int32_t* id) {
  const auto order = [&](unsigned i, unsigned j) {
    if (j >= m || !before(distance[j], id[j], distance[i], id[i])) return;
    const double near = distance[j];
    const std::int32_t nearer = id[j];
    distance[j] = distance[i];
    id[j] = id[i];
    distance[i] = near;
    id[i] = nearer;
  };
  __syncthreads();
  for (unsigned half = 1; half < m; half *= 2) {
    const unsigned pairs = (m + 2 * half - 1) / (2 * half) * half;
    for (unsigned t = threadIdx.x; t < pairs; t += blockDim.x) {
      const unsigned at = t & (half - 1), base = 2 * (t - at);
      order(base + at, base + 2 * half - 1 - at);
    }
    __syncthreads();
    for (unsigned step = half / 2; step > 0; step /= 2) {
      for (unsigned t = threadIdx.x; t < pairs; t += blockDim.x) {
        const unsigned at = t & (step - 1), i = 2 * (t - at) + at;
        order(i, i + step);
      }
      __syncthreads();
    }
  }
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_DISTANCES_CUH_
