// Errors, the device and launches.
#include "api.hpp"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>

#include "device_memory.hpp"
#include "launch.hpp"
#include "trap.hpp"

namespace emulation {
namespace {

constexpr int kShared = 48 * 1024, kSharedOptIn = 227 * 1024, kThreads = 1024;

thread_local cudaError_t last_error = cudaSuccess;

std::map<const void*, int>& shared_limits() {
  static auto& limits = *new std::map<const void*, int>;
  return limits;
}

cudaError_t check(const Launch& l) {
  const dim3 b = l.block, g = l.grid;
  if (b.x == 0 || b.y == 0 || b.z == 0 || b.x > kThreads || b.y > kThreads || b.z > 64 || b.x * b.y * b.z > kThreads ||
      g.x == 0 || g.y == 0 || g.z == 0 || g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535) {
    return cudaErrorInvalidConfiguration;
  }
  const auto raised = shared_limits().find(l.kernel);
  const int limit = raised == shared_limits().end() ? kShared : raised->second;
  return l.shared > static_cast<std::size_t>(limit) ? cudaErrorInvalidValue : cudaSuccess;
}

const char* name_or_text(cudaError_t error, bool name) {
#define VICINAL_EMULATION_CASE(NAME, VALUE, TEXT) \
  case NAME:                                      \
    return name ? #NAME : TEXT;
  switch (error) { VICINAL_EMULATION_ERRORS(VICINAL_EMULATION_CASE) }
#undef VICINAL_EMULATION_CASE
  return name ? "unrecognized error code" : "unrecognized error code";
}

int attribute_of(cudaDeviceAttr attribute) {
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      return kThreads;
    case cudaDevAttrMaxGridDimX:
      return std::numeric_limits<int>::max();
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ:
      return 65535;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return kShared;
    case cudaDevAttrWarpSize:
      return 32;
    case cudaDevAttrMultiProcessorCount:
      return 2;
    case cudaDevAttrIntegrated:
      return 0;
    case cudaDevAttrL2CacheSize:
      return 1 << 18;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return 2048;
    case cudaDevAttrUnifiedAddressing:
      return 1;
    case cudaDevAttrComputeCapabilityMajor:
      return 9;
    case cudaDevAttrComputeCapabilityMinor:
      return 0;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return kSharedOptIn + 1024;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return kSharedOptIn;
  }
  return -1;
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
    const void* kernel = l.kernel;
    ++counters().kernels;
    enqueue(stream, {[l = std::move(l)] {
                       if (!run(l)) sticky_error() = cudaErrorLaunchFailure;
                     },
                     kernel});
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
cudaError_t cudaPeekAtLastError(void) {
  return emulation::last_error;
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
cudaError_t cudaGetDevice(int* device) {
  return call([&] {
    *device = 0;
    return cudaSuccess;
  });
}
cudaError_t cudaSetDevice(int device) {
  return call([&] { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return call([&] {
    if (device != 0) return cudaErrorInvalidDevice;
    *value = emulation::attribute_of(attribute);
    return *value < 0 ? cudaErrorInvalidValue : cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  return call([&] {
    if (device != 0) return cudaErrorInvalidDevice;
    *p = {};
    std::strcpy(p->name, "Emulated CUDA device");
    p->totalGlobalMem = emulation::device_memory::capacity();
    p->sharedMemPerBlock = emulation::kShared;
    p->regsPerBlock = 65536;
    p->warpSize = 32;
    p->maxThreadsPerBlock = emulation::kThreads;
    p->maxThreadsDim[0] = p->maxThreadsDim[1] = emulation::kThreads;
    p->maxThreadsDim[2] = 64;
    p->maxGridSize[0] = std::numeric_limits<int>::max();
    p->maxGridSize[1] = p->maxGridSize[2] = 65535;
    p->totalConstMem = 65536;
    p->major = 9;
    p->multiProcessorCount = emulation::attribute_of(cudaDevAttrMultiProcessorCount);
    p->concurrentKernels = 1;
    p->asyncEngineCount = 1;
    p->unifiedAddressing = 1;
    p->memoryBusWidth = 64;
    p->l2CacheSize = emulation::attribute_of(cudaDevAttrL2CacheSize);
    p->maxThreadsPerMultiProcessor = emulation::attribute_of(cudaDevAttrMaxThreadsPerMultiProcessor);
    p->sharedMemPerMultiprocessor = emulation::kSharedOptIn + 1024;
    p->sharedMemPerBlockOptin = emulation::kSharedOptIn;
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

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  return cudaDriverGetVersion(version);
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  return call([&] {
    if (function == nullptr) return cudaErrorInvalidDeviceFunction;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || value > emulation::kSharedOptIn) return cudaErrorInvalidValue;
    emulation::shared_limits()[function] = value;
    return cudaSuccess;
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (const cudaError_t e = emulation::resolve(handle, &stream)) return e;
    emulation::enqueue(stream, {[=] { function(data); }});
    return cudaSuccess;
  });
}
