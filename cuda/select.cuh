// Selection by a block: the smallest of many keys, digit by digit from the top (radix selection). Keys are unsigned and
// ascend with what they stand for; they are not kept, the caller hands them out again for every digit.
// Cost         a pass over the keys per digit of 11 bits, at most; counts in shared memory
// Determinism  counts do not depend on order.
#ifndef VICINAL_CUDA_SELECT_CUH_
#define VICINAL_CUDA_SELECT_CUH_

#include "reduce.cuh"

namespace vicinal::cuda {

constexpr unsigned kSelectThreads = 512;  // of a block that selects
constexpr int kDigitBits = 11, kDigits = 1 << kDigitBits;

// Ascends with x, which is not NaN.
__device__ __forceinline__ unsigned ascending_key(float x) {
  const unsigned bits = __float_as_uint(x);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}
// Ascends with x >= 0: 63 bits.
__device__ __forceinline__ unsigned long long ascending_key(double x) {
  return static_cast<unsigned long long>(__double_as_longlong(x));
}

// In shared memory.
struct Histogram {
  int counts[kDigits];
  int warps[kSelectThreads / kWarp];
  int digit, below, inside;  // of the key that is looked for: its digit, keys with a smaller one, keys with this one
};

__device__ inline void clear_counts(Histogram& h) {
  for (unsigned i = threadIdx.x; i < kDigits; i += kSelectThreads) h.counts[i] = 0;
  __syncthreads();
}

// The digit of the wanted-th smallest of the keys that were counted; wanted from 1.
__device__ inline void find_digit(Histogram& h, int wanted) {
  constexpr int kEach = kDigits / static_cast<int>(kSelectThreads);
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x % kWarp), warp = static_cast<int>(threadIdx.x / kWarp);
  const int first = static_cast<int>(threadIdx.x) * kEach;
  int own = 0;
  for (int i = 0; i < kEach; ++i) own += h.counts[first + i];
  int sum = own;
  for (unsigned step = 1; step < kWarp; step *= 2) {
    const int other = __shfl_up_sync(kFullWarp, sum, step);
    if (lane >= static_cast<int>(step)) sum += other;
  }
  if (lane == kWarp - 1) h.warps[warp] = sum;
  __syncthreads();
  int below = sum - own;
  for (int w = 0; w < warp; ++w) below += h.warps[w];
  if (below < wanted && wanted <= below + own) {  // one thread
    int digit = first;
    for (; below + h.counts[digit] < wanted; ++digit) below += h.counts[digit];
    h.digit = digit;
    h.below = below;
    h.inside = h.counts[digit];
  }
  __syncthreads();
}

template <class Key>
struct Selection {
  Key last;   // the largest key that is taken: at least the wanted-th smallest
  int below;  // keys that share less than their leading digits with the wanted-th, and are smaller
  int taken;  // keys up to `last`
};

// Takes at least `wanted` keys, and stops as soon as it takes no more than `most`; with all digits known `last` is the
// wanted-th smallest key itself. each(take) calls take(key) for every key once, from any thread of the block.
template <class Key, int kBits, class Each>
__device__ Selection<Key> select_smallest(Histogram& h, int wanted, int most, Each&& each) {
  Key leading = 0, mask = 0;
  int shift = kBits, below = 0;
  for (;;) {
    const int width = shift < kDigitBits ? shift : kDigitBits;
    shift -= width;
    clear_counts(h);
    each([&](Key key) {
      if ((key & mask) == leading) atomicAdd(h.counts + (static_cast<unsigned>(key >> shift) & ((1u << width) - 1)), 1);
    });
    find_digit(h, wanted - below);
    below += h.below;
    leading |= static_cast<Key>(h.digit) << shift;
    mask = ~Key(0) << shift;
    if (shift == 0 || below + h.inside <= most) return {leading | ~mask, below, below + h.inside};
  }
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_SELECT_CUH_
