// Places in a plan's arena.
#ifndef VICINAL_PROGRAM_PLACE_HPP_
#define VICINAL_PROGRAM_PLACE_HPP_

#include "program/plan.hpp"

namespace vicinal::program {

// A buffer lives from its first step to its last, and may take over the place of one that its step reads last.
void place(Plan& plan);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_PLACE_HPP_
