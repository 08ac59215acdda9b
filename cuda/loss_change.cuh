// A GPU's operations for changes of the samples' losses (algorithm/loss_change.hpp has the formulas).
#ifndef VICINAL_CUDA_LOSS_CHANGE_CUH_
#define VICINAL_CUDA_LOSS_CHANGE_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

template <class Real>
void moved_losses(Engine& e, const LossSpec& spec, const MovedLosses<Real>& r);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_CHANGE_CUH_
