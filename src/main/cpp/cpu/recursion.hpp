// The processor's operations for the recursion (algorithm/recursion.hpp has the formulas).
#ifndef VICINAL_CPU_RECURSION_HPP_
#define VICINAL_CPU_RECURSION_HPP_

#include "algorithm/data.hpp"
#include "cpu/engine.hpp"

namespace vicinal::cpu {

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

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_RECURSION_HPP_
