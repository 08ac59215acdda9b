// Allocation, copies and fills.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include "api.hpp"
#include "device_memory.hpp"

namespace emulation {
namespace {

enum class Place { device, pinned, pageable };

std::map<std::uintptr_t, std::size_t>& pinned() {
  static auto& all = *new std::map<std::uintptr_t, std::size_t>;  // bytes by address
  return all;
}

Place place_of(const void* pointer) {
  if (device_memory::contains(pointer)) return Place::device;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const auto after = pinned().upper_bound(address);
  if (after == pinned().begin()) return Place::pageable;
  const auto& [begin, bytes] = *std::prev(after);
  return address < begin + bytes ? Place::pinned : Place::pageable;
}

cudaError_t check(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (to == nullptr || from == nullptr) return cudaErrorInvalidValue;
  const bool to_device = place_of(to) == Place::device, from_device = place_of(from) == Place::device;
  if (to_device && !device_memory::holds(to, bytes)) return cudaErrorInvalidValue;
  if (from_device && !device_memory::holds(from, bytes)) return cudaErrorInvalidValue;
  switch (kind) {
    case cudaMemcpyHostToHost:
      return to_device || from_device ? cudaErrorInvalidValue : cudaSuccess;
    case cudaMemcpyHostToDevice:
      return !to_device || from_device ? cudaErrorInvalidValue : cudaSuccess;
    case cudaMemcpyDeviceToHost:
      return to_device || !from_device ? cudaErrorInvalidValue : cudaSuccess;
    case cudaMemcpyDeviceToDevice:
      return !to_device || !from_device ? cudaErrorInvalidValue : cudaSuccess;
    case cudaMemcpyDefault:
      return cudaSuccess;
  }
  return cudaErrorInvalidMemcpyDirection;
}

// Into the stream. A pageable source is read before this returns, a pageable destination written, so that neither can
// be captured; pinned memory is read and written when the stream comes to it.
cudaError_t copy(void* destination, const void* source, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t handle,
                 bool wait) {
  cudaStream_t stream = nullptr;
  if (const cudaError_t e = resolve(handle, &stream)) return e;
  if (bytes == 0) return cudaSuccess;
  if (const cudaError_t e = check(destination, source, bytes, kind)) return e;
  const Place to = place_of(destination), from = place_of(source);
  std::shared_ptr<char[]> staged;
  if (stream->capture && (from == Place::pageable || to == Place::pageable)) {
    stream->capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  ++counters().copies;
  if (from == Place::pageable) {
    staged.reset(new char[bytes]);
    std::memcpy(staged.get(), source, bytes);
    source = staged.get();
  }
  enqueue(stream, [destination, source, bytes, kept = staged] { std::memcpy(destination, source, bytes); });
  const bool on_device = to == Place::device && from == Place::device;
  if (!stream->capture && (to == Place::pageable || (wait && !on_device))) run_all(stream);
  return cudaSuccess;
}

cudaError_t fill(void* pointer, int value, std::size_t bytes, cudaStream_t handle) {
  cudaStream_t stream = nullptr;
  if (const cudaError_t e = resolve(handle, &stream)) return e;
  if (bytes == 0) return cudaSuccess;
  const Place place = place_of(pointer);
  if (place == Place::pageable) return cudaErrorInvalidValue;
  if (place == Place::device && !device_memory::holds(pointer, bytes)) return cudaErrorInvalidValue;
  ++counters().fills;
  enqueue(stream, [=] { std::memset(pointer, value, bytes); });
  return cudaSuccess;
}

}  // namespace
}  // namespace emulation

using namespace emulation;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return call([&] {
    if (const cudaError_t e = check_no_capture()) return e;
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    ++counters().allocations;
    *pointer = device_memory::allocate(bytes);
    return *pointer ? cudaSuccess : cudaErrorMemoryAllocation;
  });
}

cudaError_t cudaFree(void* pointer) {
  return call([&] {
    if (pointer == nullptr) return cudaSuccess;
    if (const cudaError_t e = check_no_capture()) return e;
    run_everything();
    return device_memory::release(pointer) ? cudaSuccess : cudaErrorInvalidValue;
  });
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return call([&] {
    if (const cudaError_t e = check_no_capture()) return e;
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    *pointer = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (*pointer == nullptr) return cudaErrorMemoryAllocation;
    std::memset(*pointer, 0xff, bytes);
    pinned()[reinterpret_cast<std::uintptr_t>(*pointer)] = bytes;
    return cudaSuccess;
  });
}
cudaError_t cudaFreeHost(void* pointer) {
  return call([&] {
    if (pointer == nullptr) return cudaSuccess;
    if (const cudaError_t e = check_no_capture()) return e;
    if (pinned().count(reinterpret_cast<std::uintptr_t>(pointer)) == 0) return cudaErrorInvalidValue;
    run_everything();
    pinned().erase(reinterpret_cast<std::uintptr_t>(pointer));
    std::free(pointer);
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return call([&] {
    *total = device_memory::capacity();
    *free = *total > device_memory::used() ? *total - device_memory::used() : 0;
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return call([&] {
    ++counters().queries;
    void* address = const_cast<void*>(pointer);
    switch (place_of(pointer)) {
      case Place::device:
        *attributes = {cudaMemoryTypeDevice, 0, address, nullptr};
        break;
      case Place::pinned:
        *attributes = {cudaMemoryTypeHost, 0, address, address};
        break;
      case Place::pageable:
        *attributes = {cudaMemoryTypeUnregistered, -1, nullptr, address};
        break;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return call([&] {
    if (const cudaError_t e = check_no_capture()) return e;
    return copy(to, from, bytes, kind, nullptr, true);
  });
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return call([&] { return copy(to, from, bytes, kind, stream, false); });
}
// Not waited for, as on the device.
cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return call([&] {
    if (const cudaError_t e = check_no_capture()) return e;
    return fill(pointer, value, bytes, nullptr);
  });
}
cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  return call([&] { return fill(pointer, value, bytes, stream); });
}
