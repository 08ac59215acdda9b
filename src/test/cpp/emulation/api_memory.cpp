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

struct Pinned {
  std::size_t bytes;
  bool ours;  // cudaMallocHost, not cudaHostRegister
};

std::map<std::uintptr_t, Pinned>& pinned() {
  static auto& all = *new std::map<std::uintptr_t, Pinned>;  // by address
  return all;
}

Place place_of(const void* pointer) {
  if (device_memory::contains(pointer)) return Place::device;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const auto after = pinned().upper_bound(address);
  if (after == pinned().begin()) return Place::pageable;
  const auto& [begin, p] = *std::prev(after);
  return address < begin + p.bytes ? Place::pinned : Place::pageable;
}

struct Copy {
  char* to;
  std::size_t to_pitch;
  const char* from;
  std::size_t from_pitch, width, height;

  void run() const {
    for (std::size_t row = 0; row < height; ++row) std::memcpy(to + row * to_pitch, from + row * from_pitch, width);
  }
};

cudaError_t check(const Copy& c, cudaMemcpyKind kind) {
  if (c.to == nullptr || c.from == nullptr) return cudaErrorInvalidValue;
  if (c.width > c.to_pitch || c.width > c.from_pitch) return cudaErrorInvalidPitchValue;
  const bool to_device = place_of(c.to) == Place::device, from_device = place_of(c.from) == Place::device;
  if (to_device && !device_memory::holds(c.to, (c.height - 1) * c.to_pitch + c.width)) return cudaErrorInvalidValue;
  if (from_device && !device_memory::holds(c.from, (c.height - 1) * c.from_pitch + c.width))
    return cudaErrorInvalidValue;
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
cudaError_t copy(Copy c, cudaMemcpyKind kind, cudaStream_t handle, bool wait) {
  cudaStream_t stream = nullptr;
  if (const cudaError_t e = resolve(handle, &stream)) return e;
  if (c.width == 0 || c.height == 0) return cudaSuccess;
  if (const cudaError_t e = check(c, kind)) return e;
  const Place to = place_of(c.to), from = place_of(c.from);
  std::shared_ptr<char[]> staged;
  if (stream->capture && (from == Place::pageable || to == Place::pageable)) {
    stream->capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  ++counters().copies;
  if (from == Place::pageable) {
    staged.reset(new char[c.width * c.height]);
    const Copy stage{staged.get(), c.width, c.from, c.from_pitch, c.width, c.height};
    stage.run();
    c.from = staged.get();
    c.from_pitch = c.width;
  }
  enqueue(stream, {[c, staged] { c.run(); }});
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
  enqueue(stream, {[=] { std::memset(pointer, value, bytes); }});
  return cudaSuccess;
}

cudaError_t unpin(void* pointer, bool ours) {
  if (const cudaError_t e = check_no_capture()) return e;
  const auto found = pinned().find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == pinned().end() || found->second.ours != ours) {
    return ours ? cudaErrorInvalidValue : cudaErrorHostMemoryNotRegistered;
  }
  run_everything();
  pinned().erase(found);
  if (ours) std::free(pointer);
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

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) {
  return call([&] {
    if (const cudaError_t e = check_no_capture()) return e;
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    *pointer = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (*pointer == nullptr) return cudaErrorMemoryAllocation;
    std::memset(*pointer, 0xff, bytes);
    pinned()[reinterpret_cast<std::uintptr_t>(*pointer)] = {bytes, true};
    return cudaSuccess;
  });
}
cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault);
}
cudaError_t cudaFreeHost(void* pointer) {
  return call([&] { return pointer == nullptr ? cudaSuccess : unpin(pointer, true); });
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned) {
  return call([&] {
    if (pointer == nullptr || bytes == 0) return cudaErrorInvalidValue;
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    const auto next = pinned().lower_bound(address);
    if (place_of(pointer) == Place::pinned || (next != pinned().end() && next->first < address + bytes)) {
      return cudaErrorHostMemoryAlreadyRegistered;
    }
    pinned()[address] = {bytes, false};
    return cudaSuccess;
  });
}
cudaError_t cudaHostUnregister(void* pointer) {
  return call([&] { return unpin(pointer, false); });
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
    return copy({static_cast<char*>(to), bytes, static_cast<const char*>(from), bytes, bytes, 1}, kind, nullptr, true);
  });
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return cudaMemcpy2DAsync(to, bytes, from, bytes, bytes, 1, kind, stream);
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return call([&] {
    return copy({static_cast<char*>(to), to_pitch, static_cast<const char*>(from), from_pitch, width, height}, kind,
                stream, false);
  });
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
