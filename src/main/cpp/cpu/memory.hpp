// The process's memory as a device's.
#ifndef VICINAL_CPU_MEMORY_HPP_
#define VICINAL_CPU_MEMORY_HPP_

#include "core/device.h"

namespace vicinal::cpu {

MemoryTable memory_table();

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_MEMORY_HPP_
