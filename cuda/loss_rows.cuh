// Row kernels of the losses that reduce over the classes of one sample; device/cpu/isa/loss_rows.cpp has the formulas.
#ifndef VICINAL_CUDA_LOSS_ROWS_CUH_
#define VICINAL_CUDA_LOSS_ROWS_CUH_

#include "engine.cuh"
#include "math/dual.hpp"

namespace vicinal::cuda {

template <class Real>
using LossTile = vicinal::LossTile<Real>;

// Stores a value, or a value and its tangent. x null: the value is not wanted.
template <class Real>
__device__ __forceinline__ void put(Real* x, Real*, std::int64_t i, Real value) {
  if (x != nullptr) x[i] = value;
}
template <class Real>
__device__ __forceinline__ void put(Real* x, Real* tangents, std::int64_t i, math::Dual<Real> value) {
  if (x != nullptr) x[i] = value.v;
  tangents[i] = value.t;
}

// `totals` or null.
template <class Real>
void loss_rows(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, LossTotals* totals);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_ROWS_CUH_
