// The device's memory: one range of addresses, out of the host's reach except while the emulator works.
#ifndef VICINAL_EMULATION_DEVICE_MEMORY_HPP_
#define VICINAL_EMULATION_DEVICE_MEMORY_HPP_

#include <cstddef>

namespace emulation::device_memory {

// Null when the capacity does not suffice. Aligned to 256 bytes, filled with 0xFF.
void* allocate(std::size_t bytes);
// False when the pointer is not the start of an allocation.
bool release(void* pointer);
bool contains(const void* pointer);
// Whether these bytes lie inside one allocation.
bool holds(const void* pointer, std::size_t bytes);
std::size_t capacity();
std::size_t used();
void set_capacity(std::size_t bytes);
// "device memory, 16 bytes after the end of an allocation of 1024 bytes" or so; empty for other addresses.
const char* describe(const void* address);

// Lets the emulator in for as long as it lives; they nest.
class Access {
 public:
  Access();
  ~Access();
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;
};

}  // namespace emulation::device_memory

#endif  // VICINAL_EMULATION_DEVICE_MEMORY_HPP_
