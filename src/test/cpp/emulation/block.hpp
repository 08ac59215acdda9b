// Runs the blocks of a launch on the calling thread, every CUDA thread on a fiber. What the device language needs of
// it.
#ifndef VICINAL_EMULATION_BLOCK_HPP_
#define VICINAL_EMULATION_BLOCK_HPP_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "vectors.hpp"

namespace emulation {

struct Launch {
  const void* kernel;
  dim3 grid, block;
  std::size_t shared;
  std::function<void()> body;  // the kernel with its arguments: one call per thread
};

// A place in a source file.
struct Site {
  const char* file;
  int line;
};

// False when a thread trapped: the rest of the grid did not run.
bool run(const Launch& launch);
// "kernel NAME, block (x,y,z), thread (x,y,z)", or nothing when no kernel runs.
std::string whereabouts();
// Prints "vicinal emulation: MESSAGE" with the whereabouts in one line, and aborts.
[[noreturn]] void fail(const std::string& message);

// Waits for all threads of the block that have not exited; the sum of their values.
int barrier(int value, Site site);
// The value that lane `source` of the mask posted; all bits set where there is no such lane.
std::uint64_t exchange(unsigned mask, std::uint64_t value, int source, Site site);
unsigned ballot(unsigned mask, bool predicate, Site site);
int lane();
void* shared_memory();
[[noreturn]] void trap();

}  // namespace emulation

#endif  // VICINAL_EMULATION_BLOCK_HPP_
