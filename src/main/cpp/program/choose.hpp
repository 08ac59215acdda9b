// Which nodes of a program have memory of their own, and which are computed where they are used.
#ifndef VICINAL_PROGRAM_CHOOSE_HPP_
#define VICINAL_PROGRAM_CHOOSE_HPP_

#include "program/fold.hpp"

namespace vicinal::program {

// What an element costs, in instructions of the cheapest kind; what a jump over some must save.
int cost_of(MapOp op);
constexpr int kCheap = 6;

// Element-wise nodes that are kept. A node larger than all that it is made of, such as a mask of labels or the grid of
// triplets, is not; what would cost more to repeat, in every pass over its grid that reads it, than to keep is.
// passes: the steps as they are scheduled; none: nothing is kept for its cost.
std::vector<bool> choose_kept(const Folded& f, const std::vector<std::vector<int>>& passes);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_CHOOSE_HPP_
