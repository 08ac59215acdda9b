// Row kernels of the losses that reduce over the classes of one sample; cpu/isa/loss_rows.cpp has the formulas.
#ifndef VICINAL_CUDA_LOSS_ROWS_CUH_
#define VICINAL_CUDA_LOSS_ROWS_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

template <class Real>
using LossTile = vicinal::LossTile<Real, Operand<Real>>;

// `totals` or null.
template <class Real>
void loss_rows(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, LossTotals* totals);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_ROWS_CUH_
