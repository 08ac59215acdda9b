// Column kernels of Proxy-Anchor: reductions over samples, per class; device/cpu/isa/loss_columns.cpp has the formulas.
#ifndef VICINAL_CUDA_LOSS_COLUMNS_CUH_
#define VICINAL_CUDA_LOSS_COLUMNS_CUH_

#include "engine.cuh"
#include "loss_rows.cuh"

namespace vicinal::cuda {

// Raises the shifts (0 or more) to the block's largest exponents.
template <class Real>
void raise_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column);

// sums [4, classes] += sums of w exp(x - shift) of positives and negatives, and with st their tangents.
template <class Real>
void absorb_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                    double* sums);

// D and the factors from the finished sums [2, classes]; adds the loss to totals. counts [classes] samples per class;
// `repeat`: a class weighs its share of the n samples, else 1 / (classes present).
template <class Real>
void finish_columns(Engine& e, const LossSpec& spec, std::int64_t classes, std::int64_t n, const Real* counts,
                    const double* sums, const Columns<Real>& column, LossTotals* totals);

// The tangents [2, classes] of the factors from the tangents sums_t [2, classes] of their sums: f' = -f D' / D.
template <class Real>
void column_tangents(Engine& e, std::int64_t classes, const Columns<Real>& column, const double* sums_t,
                     Real* factors_t);

// g (gt) = dL/ds; factors_t [2, classes] with st. g may be s without st, or null; gt may be st.
template <class Real>
void apply_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, Real* g, Real* gt);

// scores [rows]: what a row adds to the loss's derivative along the direction of st, per unit of its weight, times n.
template <class Real>
void score_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, double n, double* scores);

// counts [classes] += samples per class, present += the classes that get their first one.
template <class Real>
void count_labels(Engine& e, std::int64_t n, std::int64_t classes, const std::int64_t* labels, Real* counts,
                  Real* present);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_COLUMNS_CUH_
