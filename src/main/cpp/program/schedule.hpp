// The order of a plan's steps, and which of them are one pass over a grid.
#ifndef VICINAL_PROGRAM_SCHEDULE_HPP_
#define VICINAL_PROGRAM_SCHEDULE_HPP_

#include "program/fold.hpp"

namespace vicinal::program {

// Nodes that become steps, in order; those of one entry have one grid and do not need each other. A kernel waits for
// others of its grid as long as nobody reads it.
std::vector<std::vector<int>> schedule(const Folded& f, const std::vector<bool>& kept);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_SCHEDULE_HPP_
