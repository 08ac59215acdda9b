// A stack of its own on which code runs until it hands over to another fiber.
#ifndef VICINAL_EMULATION_FIBER_HPP_
#define VICINAL_EMULATION_FIBER_HPP_

#include <setjmp.h>

namespace emulation {

struct Fiber {
  jmp_buf place;
};

// A fiber that will call `entry` (which never returns) when it is first switched to. Fibers are never freed: they are
// pooled.
Fiber* make_fiber(void (*entry)());
// Starts such a fiber afresh, whatever it was doing.
void reset(Fiber* fiber);
// Continues `to` and returns when somebody switches to `from`.
void hand_over(Fiber* from, Fiber* to);

}  // namespace emulation

#endif  // VICINAL_EMULATION_FIBER_HPP_
