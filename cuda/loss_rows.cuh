// Row kernels of the losses that reduce over the classes of one sample; cpu/isa/loss_rows.cpp has the formulas.
#ifndef VICINAL_CUDA_LOSS_ROWS_CUH_
#define VICINAL_CUDA_LOSS_ROWS_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

// A block of rows of cosines and what the loss makes of it. With K centres the columns are centre-major.
template <class Real>
struct LossTile {
  std::int64_t rows, classes, ld;
  std::int64_t directions;     // m: every row has m tangents, st and gt are [rows * m, ld]; 1 without st
  const std::int64_t* labels;  // [rows]
  const Real* weights;         // [rows] or null
  const Real* soft_labels;     // [rows, classes] or null
  const Real* repetitions;     // [classes], for Proxy-Anchor's per-sample form
  double mean;                 // 1 / N, multiplies every row's gradient
  const Real* s;               // cosines
  const Real* st;              // their tangents, or null
  Operand<Real> g;             // dL/ds, or null; may be s when there are no tangents
  Operand<Real> gt;            // its tangent; may be st
  Real* per_sample;            // [rows] or null
};

// `totals` or null.
template <class Real>
void loss_rows(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, LossTotals* totals);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_ROWS_CUH_
