// A cosine softmax's samples along one direction: their derivatives by proxy, and by the label they could have.
#ifndef VICINAL_CUDA_SOFTMAX_TABLE_CUH_
#define VICINAL_CUDA_SOFTMAX_TABLE_CUH_

#include "algorithm/softmax_tile.hpp"
#include "engine.cuh"

namespace vicinal::cuda {

template <class Real>
void softmax_table(Engine& e, const LossSpec& spec, const SoftmaxTable<Real>& table);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_SOFTMAX_TABLE_CUH_
