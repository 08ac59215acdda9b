// The processor's loss operations on blocks of cosines: rows, and Proxy-Anchor's columns. The kernels, which have the
// formulas, are in device/cpu/isa/loss_rows.cpp and device/cpu/isa/loss_columns.cpp; the other bodies in
// cuda/loss_rows.cuh and cuda/loss_columns.cuh.
#ifndef VICINAL_CPU_LOSSES_HPP_
#define VICINAL_CPU_LOSSES_HPP_

#include "algorithm/data.hpp"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

// Whether the row kernels need scratch for the loss, for its classes' centres.
bool has_centers(const LossSpec& spec);

// dL/ds (and its tangents) of a tile; its mean loss and its empty rows are added to `totals` (or null).
template <class Real>
void loss_rows(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, LossTotals* totals);

// Raises the shifts (0 or more) to the tile's largest exponents.
template <class Real>
void raise_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column);
// sums [4, classes] += sums of w exp(x - shift) of positives and negatives, and with st their tangents.
template <class Real>
void absorb_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                    double* sums);
// D and the factors from the finished sums [2, classes]; adds the loss to totals (or null). counts [classes] samples
// per class; a class weighs its share of the n samples, or 1 / (classes present).
template <class Real>
void finish_columns(Engine& e, const LossSpec& spec, std::int64_t classes, std::int64_t n, const Real* counts,
                    const double* sums, const Columns<Real>& column, LossTotals* totals);
// The tangents [2, classes] of the factors from the tangents sums_t [2, classes] of their sums: f' = -f D' / D.
template <class Real>
void column_tangents(const Engine& e, std::int64_t classes, const Columns<Real>& column, const double* sums_t,
                     Real* factors_t);
// g (gt) = dL/ds; factors_t [2, classes] with st. g may be s without st; gt may be st.
template <class Real>
void apply_columns(const Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, Real* g, Real* gt);
// scores [rows]: what a row adds to the loss's derivative along the direction of st, per unit of its weight, times n.
template <class Real>
void score_columns(const Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, double n, double* scores);
// counts [classes] += samples per class, present += the classes that get their first one.
template <class Real>
void count_labels(const Engine& e, std::int64_t n, std::int64_t classes, const std::int64_t* labels, Real* counts,
                  Real* present);

// A cosine softmax's samples along one direction, by proxy and by label (device/cpu/isa/softmax_table.cpp).
template <class Real>
void softmax_table(Engine& e, const LossSpec& spec, const SoftmaxTable<Real>& table);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_LOSSES_HPP_
