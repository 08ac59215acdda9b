// Errors, the device and launches.
#include "api.hpp"

#include <cstdlib>
#include <cstring>

#include "device_memory.hpp"
#include "launch.hpp"
#include "trap.hpp"

namespace emulation {
namespace {

constexpr unsigned kShared = 48 * 1024, kThreads = 1024;

thread_local cudaError_t last_error = cudaSuccess;

cudaError_t check(const Launch& l) {
  const dim3 b = l.block, g = l.grid;
  if (b.x == 0 || b.y == 0 || b.z == 0 || b.x > kThreads || b.y > kThreads || b.z > 64 || b.x * b.y * b.z > kThreads ||
      g.x == 0 || g.y == 0 || g.z == 0 || g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535) {
    return cudaErrorInvalidConfiguration;
  }
  return l.shared > kShared ? cudaErrorInvalidValue : cudaSuccess;
}

const char* name_or_text(cudaError_t error, bool name) {
#define VICINAL_EMULATION_CASE(NAME, VALUE, TEXT) \
  case NAME:                                      \
    return name ? #NAME : TEXT;
  switch (error) { VICINAL_EMULATION_ERRORS(VICINAL_EMULATION_CASE) }
#undef VICINAL_EMULATION_CASE
  return name ? "unrecognized error code" : "unrecognized error code";
}

}  // namespace

std::mutex& runtime_lock() {
  static auto& lock = *new std::mutex;
  return lock;
}

cudaError_t& sticky_error() {
  static cudaError_t error = cudaSuccess;
  return error;
}

cudaError_t note(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

int device_count() {
  static const int count = [] {
    const char* trap = std::getenv("VICINAL_EMULATED_TRAP");
    if (trap != nullptr && std::strcmp(trap, "1") == 0) install_trap();
    const char* text = std::getenv("VICINAL_EMULATED_DEVICES");
    return text ? std::atoi(text) : 1;
  }();
  return count;
}

void submit(Launch l, cudaStream_t handle) {
  call([&] {
    cudaStream_t stream = nullptr;
    if (const cudaError_t e = resolve(handle, &stream)) return e;
    if (const cudaError_t e = check(l)) return e;
    ++counters().kernels;
    enqueue(stream, [l = std::move(l)] {
      if (!run(l)) sticky_error() = cudaErrorLaunchFailure;
    });
    return cudaSuccess;
  });
}

}  // namespace emulation

using emulation::call;

cudaError_t cudaGetLastError(void) {
  const cudaError_t error = emulation::last_error;
  emulation::last_error = emulation::sticky_error();
  return error;
}
const char* cudaGetErrorName(cudaError_t error) {
  return emulation::name_or_text(error, true);
}
const char* cudaGetErrorString(cudaError_t error) {
  return emulation::name_or_text(error, false);
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = emulation::device_count();
  return emulation::note(*count == 0 ? cudaErrorNoDevice : cudaSuccess);
}
cudaError_t cudaSetDevice(int device) {
  return call([&] { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  return call([&] {
    if (device != 0) return cudaErrorInvalidDevice;
    *p = {};
    p->totalGlobalMem = emulation::device_memory::capacity();
    p->major = 9;
    p->multiProcessorCount = 2;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceSynchronize(void) {
  return call([] {
    if (const cudaError_t e = emulation::check_no_capture_anywhere()) return e;
    ++emulation::counters().waits;
    emulation::run_everything();
    return cudaSuccess;
  });
}
