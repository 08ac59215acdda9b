// The processor's memory: one account of what this library's calls hold, and the device table's entries on it.
#ifndef VICINAL_CPU_MEMORY_HPP_
#define VICINAL_CPU_MEMORY_HPP_

#include <cstdint>

#include "core/device.h"

namespace vicinal::cpu {

// Aligned to 64 bytes, uninitialised, counted. From 1 MiB on they are pages of their own, which go back to the system
// when they are released: malloc would keep them in the arena of whichever thread freed them. Fails with a sentence
// that says what is needed and what is left, before the kernel would end the process.
void* take_memory(std::int64_t bytes, const char* what);
void give_memory(void* address, std::int64_t bytes) noexcept;

MemoryTable memory_table();

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_MEMORY_HPP_
