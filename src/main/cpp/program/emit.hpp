// Steps, kernels and buffers of a plan.
#ifndef VICINAL_PROGRAM_EMIT_HPP_
#define VICINAL_PROGRAM_EMIT_HPP_

#include "program/fold.hpp"
#include "program/plan.hpp"

namespace vicinal::program {

// expand, drop, slice and repetition become views, offsets and strides; what is kept gets a kernel, with all that it is
// made of and is not kept; others a step of their own. Buffers have no places yet.
// passes: the steps in order, those together that share a kernel as far as it holds them.
void emit(const Folded& f, const std::vector<std::vector<int>>& passes, Plan& plan);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_EMIT_HPP_
