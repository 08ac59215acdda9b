// ucontext makes a stack usable, once; setjmp and longjmp switch, without the system call that swapcontext makes.
#undef _FORTIFY_SOURCE  // its longjmp refuses to change stacks
#include "fiber.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include "block.hpp"

namespace emulation {
namespace {

constexpr std::size_t kPage = 4096, kStack = 256 * 1024;

struct StackedFiber : Fiber {
  void (*entry)();
  char* stack;
  std::size_t bytes;
};

StackedFiber* starting;
ucontext_t starter;

void begin() {
  StackedFiber* self = starting;
  if (_setjmp(self->place) == 0) setcontext(&starter);
  self->entry();
}

}  // namespace

Fiber* make_fiber(void (*entry)()) {
  static std::size_t made = 0;
  void* memory =
      mmap(nullptr, kStack + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, kPage, PROT_NONE) != 0) fail("no memory for the stack of a thread");
  auto* fiber = new StackedFiber{};
  fiber->entry = entry;
  fiber->stack = static_cast<char*>(memory) + kPage;
  // Tops at one distance from a page would all fall into the same cache sets.
  fiber->bytes = kStack - made++ % 61 * 192;
  reset(fiber);
  return fiber;
}

void reset(Fiber* fiber) {
  starting = static_cast<StackedFiber*>(fiber);
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = starting->stack;
  context.uc_stack.ss_size = starting->bytes;
  context.uc_link = nullptr;
  makecontext(&context, begin, 0);
  swapcontext(&starter, &context);
}

void hand_over(Fiber* from, Fiber* to) {
  if (_setjmp(from->place) == 0) _longjmp(to->place, 1);
}

}  // namespace emulation
