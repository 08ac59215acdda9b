// Sums and maxima over a warp and over a block, in a fixed order: bit-reproducible. Every thread gets the result.
#ifndef VICINAL_CUDA_REDUCE_CUH_
#define VICINAL_CUDA_REDUCE_CUH_

#include "math/softmax.hpp"
#include "runtime.cuh"

namespace vicinal::cuda {

constexpr unsigned kFullWarp = 0xffffffffu;

template <class T>
__device__ __forceinline__ T warp_sum(T v) {
  for (int step = kWarp / 2; step > 0; step /= 2) v += __shfl_xor_sync(kFullWarp, v, step);
  return v;
}
template <class Real>
__device__ __forceinline__ math::Dual<Real> warp_sum(math::Dual<Real> v) {
  return {warp_sum(v.v), warp_sum(v.t)};
}

template <class T>
__device__ __forceinline__ T shuffle_xor(T v, int step) {
  return __shfl_xor_sync(kFullWarp, v, step);
}
template <class Real>
__device__ __forceinline__ math::Dual<Real> shuffle_xor(math::Dual<Real> v, int step) {
  return {shuffle_xor(v.v, step), shuffle_xor(v.t, step)};
}

// One value per warp in shared memory, at most 32 warps.
template <class T>
struct BlockSlots {
  T slot[kWarp];
};

// The sum over the block, whose size is a multiple of 32. The slots may be used again after the next barrier.
template <class T>
__device__ T block_sum(T v, BlockSlots<T>& slots) {
  const int warps = static_cast<int>(blockDim.x) / kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  v = warp_sum(v);
  __syncthreads();  // the slots' last readers are done
  if (threadIdx.x % kWarp == 0) slots.slot[warp] = v;
  __syncthreads();
  T total = slots.slot[0];
  for (int w = 1; w < warps; ++w) total = total + slots.slot[w];
  return total;
}

// The log-sum-exp state over the block, likewise.
template <class T>
__device__ math::LogSumExp<T> block_merge(math::LogSumExp<T> state, BlockSlots<math::LogSumExp<T>>& slots) {
  const int warps = static_cast<int>(blockDim.x) / kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int step = 1; step < kWarp; step *= 2) {
    math::LogSumExp<T> other;
    other.max = shuffle_xor(state.max, step);
    other.sum = shuffle_xor(state.sum, step);
    other.any = shuffle_xor(static_cast<int>(state.any), step) != 0;
    // Both partners merge in the order of their lanes, so both have the same bits.
    if ((threadIdx.x & static_cast<unsigned>(step)) != 0) {
      other.merge(state);
      state = other;
    } else {
      state.merge(other);
    }
  }
  __syncthreads();
  if (threadIdx.x % kWarp == 0) slots.slot[warp] = state;
  __syncthreads();
  math::LogSumExp<T> total = slots.slot[0];
  for (int w = 1; w < warps; ++w) total.merge(slots.slot[w]);
  return total;
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_REDUCE_CUH_
