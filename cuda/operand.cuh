// Matrices as products read them. Where an engine rounds (Engine::rounds), the kernel that makes an operand stores its
// elements as bfloat16 at once: products then read half the bytes, and no pass converts anything.
#ifndef VICINAL_CUDA_OPERAND_CUH_
#define VICINAL_CUDA_OPERAND_CUH_

#include <type_traits>

#include "math/dual.hpp"
#include "runtime.cuh"

namespace vicinal::cuda {

using Bf16 = __nv_bfloat16;

// An array as itself, rounded to bfloat16 (nearest, ties to even), or both; what is absent is null. Plain pointers are
// operands that are not rounded, and an operand is a plain pointer to who reads its values.
template <class Real>
struct Operand {
  using Rounded = std::conditional_t<std::is_const_v<Real>, const Bf16, Bf16>;
  Real* values;
  Rounded* rounded;

  __host__ __device__ Operand(Real* v = nullptr, Rounded* r = nullptr) : values(v), rounded(r) {}
  template <class Mutable, class = std::enable_if_t<std::is_same_v<const Mutable, Real>>>
  __host__ __device__ Operand(Mutable* v) : values(v), rounded(nullptr) {}
  template <class Mutable, class = std::enable_if_t<std::is_same_v<const Mutable, Real>>>
  __host__ __device__ Operand(const Operand<Mutable>& o) : values(o.values), rounded(o.rounded) {}

  __host__ __device__ operator Real*() const { return values; }
  __host__ __device__ Operand operator+(std::int64_t elements) const {
    return {values == nullptr ? nullptr : values + elements, rounded == nullptr ? nullptr : rounded + elements};
  }
  // Whichever is there.
  __device__ __forceinline__ Real get(std::int64_t i) const {
    if constexpr (std::is_same_v<std::remove_const_t<Real>, float>) {
      if (values == nullptr) return __bfloat162float(rounded[i]);
    }
    return values[i];
  }
  __device__ __forceinline__ void put(std::int64_t i, Real x) const {
    if (values != nullptr) values[i] = x;
    if constexpr (std::is_same_v<Real, float>) {
      if (rounded != nullptr) rounded[i] = __float2bfloat16_rn(x);
    }
  }
};

// Stores a value, or a value and its tangent.
template <class Real>
__device__ __forceinline__ void put(const Operand<Real>& x, const Operand<Real>&, std::int64_t i, Real value) {
  x.put(i, value);
}
template <class Real>
__device__ __forceinline__ void put(const Operand<Real>& x, const Operand<Real>& tangents, std::int64_t i,
                                    math::Dual<Real> value) {
  x.put(i, value.v);
  tangents.put(i, value.t);
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_OPERAND_CUH_
