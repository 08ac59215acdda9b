// A GPU's operations for changes of the samples' losses (algorithm/loss_change.hpp has the formulas).
#ifndef VICINAL_CUDA_LOSS_CHANGE_CUH_
#define VICINAL_CUDA_LOSS_CHANGE_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

// to [n] = from.
template <class Real>
void widen(Engine& e, std::int64_t n, const Real* from, double* to);
// y [n] -= x.
void subtract(Engine& e, std::int64_t n, const double* x, double* y);
template <class Real>
void moved_cosines(Engine& e, const MovedCosines<Real>& r);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_CHANGE_CUH_
