// The caching device arena, and the device's memory for the C ABI.
#include "memory.cuh"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "graph.cuh"

namespace vicinal::cuda {
namespace {

constexpr std::int64_t kSmall = 512, kLarge = std::int64_t{1} << 20;

// Sizes are rounded so that blocks fit again: small ones to 512 bytes, others to 1 MiB.
std::int64_t rounded(std::int64_t bytes) {
  if (exact_memory()) return bytes;
  const std::int64_t unit = bytes < kLarge ? kSmall : kLarge;
  return ceil_div(bytes, unit) * unit;
}

double mib(std::int64_t bytes) {
  return static_cast<double>(bytes / 1024) / 1024;
}

// Everything that was queued on the device is done.
void settle(int ordinal) {
  use_device(ordinal);
  const std::shared_lock<std::shared_mutex> lock(device_waits());
  check(cudaDeviceSynchronize(), "waiting for the device");
}

}  // namespace

bool exact_memory() {
  static const bool exact = [] {
    const char* text = std::getenv("VICINAL_CUDA_EXACT_MEMORY");
    return text != nullptr && std::strcmp(text, "1") == 0;
  }();
  return exact;
}

void use_device(int ordinal) {
  check(cudaSetDevice(ordinal), "choosing the device");
}

void* DeviceArena::from_device(std::int64_t bytes) {
  void* address = nullptr;
  const cudaError_t status = cudaMalloc(&address, static_cast<std::size_t>(bytes));
  if (status == cudaSuccess) return address;
  cudaGetLastError();
  if (status != cudaErrorMemoryAllocation) check(status, "allocating memory");
  return nullptr;
}

void DeviceArena::shrink() {
  while (!held_.empty()) {
    const auto [bytes, address] = *held_.begin();
    held_.erase(held_.begin());
    held_bytes_ -= bytes;
    blocks_.erase(address);
    check(cudaFree(address), "freeing memory");  // waits for the device
  }
}

void* DeviceArena::take(std::int64_t bytes) {
  std::unique_lock<std::mutex> lock(mutex_);
  use_device(ordinal_);
  const std::int64_t size = rounded(bytes);
  // A held block may be up to a quarter larger than what is asked.
  const auto fit = held_.lower_bound(size);
  if (fit != held_.end() && fit->first <= size + size / 4) {
    char* address = fit->second;
    held_bytes_ -= fit->first;
    in_use_ += fit->first;
    held_.erase(fit);
    return address;
  }
  if (limit_ > 0 && in_use_ + held_bytes_ + size > limit_) shrink();
  const bool allowed = limit_ == 0 || in_use_ + size <= limit_;
  void* address = allowed ? from_device(size) : nullptr;
  if (address == nullptr && allowed && !held_.empty()) {
    shrink();
    address = from_device(size);
  }
  if (address == nullptr) {
    const std::int64_t in_use = in_use_, limit = limit_;
    lock.unlock();
    // The call ends here and gives back memory that its kernels still use: they finish first.
    if (!thread_records()) {
      const std::shared_lock<std::shared_mutex> waits(device_waits());
      cudaDeviceSynchronize();
    }
    std::size_t available = 0, total = 0;
    cudaMemGetInfo(&available, &total);
    fail(VICINAL_OUT_OF_MEMORY, "the GPU has not enough memory: ", mib(bytes), " MiB were asked for, ", mib(in_use),
         " MiB are in use here, ", limit > 0 ? mib(limit) : mib(static_cast<std::int64_t>(total)),
         limit > 0 ? " MiB is the limit that was set" : " MiB is what it has");
  }
  blocks_.emplace(static_cast<const char*>(address), size);
  in_use_ += size;
  return address;
}

void DeviceArena::give(void* address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto block = blocks_.find(static_cast<const char*>(address));
  if (block == blocks_.end())
    fail(VICINAL_INVALID_ARGUMENT, "address was not allocated on this device, or is freed already");
  in_use_ -= block->second;
  held_bytes_ += block->second;
  held_.emplace(block->second, static_cast<char*>(address));
  if (exact_memory()) shrink();
}

bool DeviceArena::owns(const void* address) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const char* at = static_cast<const char*>(address);
  auto next = blocks_.upper_bound(at);
  if (next == blocks_.begin()) return false;
  --next;
  return at < next->first + next->second;
}

void DeviceArena::usage(std::int64_t* in_use, std::int64_t* held, std::int64_t* limit) {
  const std::lock_guard<std::mutex> lock(mutex_);
  *in_use = in_use_;
  *held = held_bytes_;
  *limit = limit_;
}

void DeviceArena::set_limit(std::int64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  use_device(ordinal_);
  limit_ = bytes;
  if (limit_ > 0 && in_use_ + held_bytes_ > limit_) shrink();
}

std::int64_t DeviceArena::room() {
  const std::lock_guard<std::mutex> lock(mutex_);
  use_device(ordinal_);
  std::size_t available = 0, total = 0;
  check(cudaMemGetInfo(&available, &total), "reading the free memory");
  const std::int64_t room = static_cast<std::int64_t>(available) + held_bytes_;
  return limit_ > 0 ? std::max<std::int64_t>(0, std::min(room, limit_ - in_use_)) : room;
}

// Never destroyed: other static objects may still free memory when the process ends.
DeviceArena& arena(int ordinal) {
  static std::mutex mutex;
  static auto* arenas = new std::vector<std::unique_ptr<DeviceArena>>();
  const std::lock_guard<std::mutex> lock(mutex);
  while (arenas->size() <= static_cast<std::size_t>(ordinal))
    arenas->push_back(std::make_unique<DeviceArena>(static_cast<int>(arenas->size())));
  return *(*arenas)[static_cast<std::size_t>(ordinal)];
}

namespace memory {

void* allocate(int ordinal, std::int64_t bytes) {
  void* address = arena(ordinal).take(bytes);
  settle(ordinal);  // a block that was held may have readers
  check(cudaMemset(address, 0, static_cast<std::size_t>(bytes)), "zeroing memory");
  settle(ordinal);
  return address;
}

void release(int ordinal, void* address) {
  settle(ordinal);
  arena(ordinal).give(address);
}

void zero(int ordinal, void* address, std::int64_t bytes) {
  settle(ordinal);
  check(cudaMemset(address, 0, static_cast<std::size_t>(bytes)), "zeroing memory");
  settle(ordinal);
}

void write(int ordinal, void* address, const void* host, std::int64_t bytes) {
  settle(ordinal);
  check(cudaMemcpy(address, host, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice), "writing memory");
  settle(ordinal);
}

void read(int ordinal, void* host, const void* address, std::int64_t bytes) {
  settle(ordinal);
  check(cudaMemcpy(host, address, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost), "reading memory");
}

bool on_host(const void* address) {
  static const int devices = [] {
    int found = 0;
    return cudaGetDeviceCount(&found) == cudaSuccess ? found : 0;
  }();
  for (int i = 0; i < devices; ++i)
    if (arena(i).owns(address)) return false;
  cudaPointerAttributes attributes{};
  if (cudaPointerGetAttributes(&attributes, address) != cudaSuccess) {
    cudaGetLastError();
    return true;
  }
  return attributes.type != cudaMemoryTypeDevice;
}

void usage(int ordinal, std::int64_t* in_use, std::int64_t* held, std::int64_t* limit) {
  arena(ordinal).usage(in_use, held, limit);
}

void set_limit(int ordinal, std::int64_t bytes) {
  arena(ordinal).set_limit(bytes);
}

}  // namespace memory
}  // namespace vicinal::cuda
