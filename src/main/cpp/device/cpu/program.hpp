// The processor's operations of programs.
#ifndef VICINAL_CPU_PROGRAM_HPP_
#define VICINAL_CPU_PROGRAM_HPP_

#include "device/cpu/engine.hpp"
#include "program/image.hpp"
#include "program/kernel.hpp"

namespace vicinal::cpu {

// A product as gemm makes it; where a is nearly all zeros, the gradient of a loss over few pairs, from the rest alone.
template <class Real>
void product(Engine& e, const Product<Real>& p);

// A fused kernel; buffers are those of the plan.
template <class Real>
void run_kernel(Engine& e, const program::Kernel& k, void* const* buffers);

// An operation along one axis; `where` and index may be null where the operation has none. An index outside
// 0..n-1 is none.
template <class Real>
void run_axis(Engine& e, const program::AxisStep& a, const Real* x, const Real* where, const std::int64_t* index,
              void* out);

// An operation on images: x and other are its operands in their order.
template <class Real>
void run_image(Engine& e, const program::ImageStep& s, const Real* x, const Real* other, void* out);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_PROGRAM_HPP_
