// Which nodes of a program have memory of their own, and which are computed where they are used.
#ifndef VICINAL_PROGRAM_CHOOSE_HPP_
#define VICINAL_PROGRAM_CHOOSE_HPP_

#include "program/fold.hpp"

namespace vicinal::program {

// Instructions that an element costs. What costs up to kCheap is repeated by as many kernels as read it.
constexpr int kCheap = 6;
constexpr int kCostly = 8;
int cost_of(MapOp op);

// Element-wise nodes that are kept. A node larger than all that it is made of, such as a mask of labels or the grid of
// triplets, is not; what is costly and read by several kernels is.
std::vector<bool> choose_kept(const Folded& f);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_CHOOSE_HPP_
