#include "trap.hpp"

#include <signal.h>

#include <cstdio>
#include <string>

#include "block.hpp"
#include "device_memory.hpp"

namespace emulation {
namespace {

struct sigaction before[2];

// Not async-signal-safe, which is fair: the process dies of what it prints.
void on_fault(int signal, siginfo_t* info, void*) {
  const std::string what = device_memory::describe(info->si_addr), where = whereabouts();
  if (!what.empty()) {
    std::fprintf(stderr, "vicinal emulation: %s touched %s\n", where.empty() ? "the host" : where.c_str(),
                 what.c_str());
  } else if (!where.empty()) {
    std::fprintf(stderr, "vicinal emulation: %s touched %p, which is nowhere (or its stack is full)\n", where.c_str(),
                 info->si_addr);
  }
  // The instruction is tried again under the previous handler.
  sigaction(signal, &before[signal == SIGBUS], nullptr);
}

}  // namespace

void install_trap() {
  // A fiber whose stack is full has no room for a handler.
  static char stack[64 * 1024];
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &before[0]);
  sigaction(SIGBUS, &action, &before[1]);
}

}  // namespace emulation
