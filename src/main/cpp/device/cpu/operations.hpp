// Operations that stand on nothing but the engine: steps (optimizer.cpp), elements, vectors, the recursion, the
// symmetric eigenproblem (eigen.cpp).
#ifndef VICINAL_CPU_OPERATIONS_HPP_
#define VICINAL_CPU_OPERATIONS_HPP_

#include "core/device.h"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

// sums: of the squares of each piece of the gradients, in double; NaN where an element is not finite.
template <class Real>
void gradient_squares(Engine& e, const std::vector<StepPiece>& pieces, const std::vector<StepTensor<Real>>& tensors,
                      double* sums);
// Takes the steps. The first tensor whose parameter has an element that is not finite then, or -1.
template <class Real>
std::int64_t step_tensors(Engine& e, const std::vector<StepPiece>& pieces,
                          const std::vector<StepTensor<Real>>& tensors);
template <class Real>
void clip(Engine& e, std::int64_t n, double low, double high, Real* values);
// NaN if one is.
template <class Real>
double lowest(Engine& e, std::int64_t n, const Real* values);
// out = 1 / (x + shift).
template <class Real>
void reciprocal(Engine& e, std::int64_t n, double shift, const Real* x, Real* out);
// The first index of a NaN or an infinity, or -1.
template <class Real>
std::int64_t find_nonfinite(Engine& e, std::int64_t n, const Real* values);
template <class Real>
void gather_rows(Engine& e, std::int64_t available, std::int64_t columns, const Real* values, std::int64_t n,
                 const std::int64_t* ids, Real* out);

// m rows of n elements, for iterative solvers with many right-hand sides.
// out[q] = sum_i a[q, i] b[q, i] over rows of n, in double.
template <class Real>
void dots(Engine& e, std::int64_t m, std::int64_t n, const Real* a, const Real* b, double* out);
// y[q, i] += alpha[q] x[q, i].
template <class Real>
void axpy(const Engine& e, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y);
// y[q, i] = x[q, i] + beta[q] y[q, i].
template <class Real>
void xpby(const Engine& e, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y);
// out[q, i] = shared[i] x[q, i]; out may be x.
template <class Real>
void multiply(const Engine& e, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out);

// The recursion (algorithm/recursion.hpp has the formulas).
template <class Real>
void step_norms(Engine& e, const StepNorms<Real>& s);
// y = c y + f hx, [rows, width]; factors: c [rows], then f [rows]. hx null: no second term.
template <class Real>
void combine_rows(Engine& e, std::int64_t rows, std::int64_t width, const double* factors, const Real* hx, Real* y);
// coupling [k, j] *= powers [k - 1 - j], j < k.
template <class Real>
void couple_rows(Engine& e, std::int64_t rows, std::int64_t most, const double* powers, Real* coupling);
// u of the block's samples in order, each coupled to those before it; tile has the rows, without outputs.
template <class Real>
void recursion_steps(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, const RecursionSteps<Real>& s);

// close_pairs.cpp: |x|^2 of rows, in the workspace; one that is not finite is refused by its name. Pairs of a tile
// within the limit, and those that may be kept, appended.
const double* row_squares(Engine& e, const char* name, std::int64_t n, std::int64_t d, const float* x);
std::int64_t close_tile(Engine& e, const CloseTile& tile, std::vector<ClosePair>& found);

// Rows of `matrix` become the unit eigenvectors of the symmetric matrix, `values` its eigenvalues, ascending.
template <class Real>
void symmetric_eigen(const Engine& e, std::int64_t n, Real* matrix, Real* values);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_OPERATIONS_HPP_
