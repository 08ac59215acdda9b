// The caching device arena: memory that was freed is kept for the next request, because cudaMalloc and cudaFree wait
// for the whole device. One per GPU, with its own limit. Safe for any thread.
#ifndef VICINAL_CUDA_MEMORY_CUH_
#define VICINAL_CUDA_MEMORY_CUH_

#include <cstdint>
#include <map>
#include <mutex>

#include "core/device.h"
#include "runtime.cuh"

namespace vicinal::cuda {

class DeviceArena {
 public:
  explicit DeviceArena(int ordinal) : ordinal_(ordinal) {}
  DeviceArena(const DeviceArena&) = delete;
  DeviceArena& operator=(const DeviceArena&) = delete;

  // Uninitialised, aligned to 256 bytes. VICINAL_OUT_OF_MEMORY says what was asked, in use and allowed.
  void* take(std::int64_t bytes);
  // Gives back what take returned; the caller knows that no work uses it any more.
  void give(void* address);

  // So that a call asks the driver about none of its arrays: a small one would ask some forty times.
  bool owns(const void* address);
  void usage(std::int64_t* in_use, std::int64_t* held, std::int64_t* limit);
  void set_limit(std::int64_t bytes);
  // Bytes that could be taken now: what the device has free, what is held, and no more than the limit leaves.
  std::int64_t room();

 private:
  void* from_device(std::int64_t bytes);
  void shrink();

  const int ordinal_;
  std::mutex mutex_;
  std::map<const char*, std::int64_t> blocks_;  // every block of the device by address, in use or held
  std::multimap<std::int64_t, char*> held_;     // by size
  std::int64_t in_use_ = 0, held_bytes_ = 0, limit_ = 0;
};

DeviceArena& arena(int ordinal);

// Whether every array is an allocation of its own size, freed when it is given back, so that a memory checker sees
// where arrays end: the environment's VICINAL_CUDA_EXACT_MEMORY=1. Slow.
bool exact_memory();

// The functions of core/device.h's MemoryTable; all but on_host wait for the device first.
namespace memory {
void* allocate(int ordinal, std::int64_t bytes);
void release(int ordinal, void* address);
void zero(int ordinal, void* address, std::int64_t bytes);
void write(int ordinal, void* address, const void* host, std::int64_t bytes);
void read(int ordinal, void* host, const void* address, std::int64_t bytes);
void usage(int ordinal, std::int64_t* in_use, std::int64_t* held, std::int64_t* limit);
void set_limit(int ordinal, std::int64_t bytes);
bool on_host(const void* address);
}  // namespace memory

// Makes the device current for the calling thread.
void use_device(int ordinal);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_MEMORY_CUH_
