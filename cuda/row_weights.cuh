// The sample weights of m products: those of the samples, plus a sparse list of changes per direction.
#ifndef VICINAL_CUDA_ROW_WEIGHTS_CUH_
#define VICINAL_CUDA_ROW_WEIGHTS_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

template <class Real>
class RowWeights {
 public:
  // weights [n] on the device, or null: ones. Copies the changes, which are host memory, there.
  RowWeights(Engine& e, const Real* weights, std::int64_t m, const WeightChanges& changes);

  bool changed() const { return changes_ > 0; }
  // Columns of a block's weights per direction: 1, or 0 when all weights are 1.
  std::int64_t columns() const { return weights_ != nullptr || changed() ? 1 : 0; }
  // scale [rows, m].
  void fill(Engine& e, std::int64_t begin, std::int64_t rows, Real* scale) const;
  // sums [m, columns, d] += delta g_i' unit_i for the changes of rows [begin, begin + rows); g [rows, ld] and unit
  // [rows, d] are the block's.
  void add_changes(Engine& e, std::int64_t begin, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                   std::int64_t d, const Real* g, const Real* unit, Real* sums) const;

 private:
  const Real* weights_;
  std::int64_t m_, changes_;
  const std::int64_t* offsets_ = nullptr;  // [m + 1]
  const std::int64_t* ids_ = nullptr;
  const double* deltas_ = nullptr;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_ROW_WEIGHTS_CUH_
