// What the entry points share: the lock, the errors, the rules of stream capture.
#ifndef VICINAL_EMULATION_API_HPP_
#define VICINAL_EMULATION_API_HPP_

#include <mutex>

#include "counters.hpp"
#include "stream.hpp"

namespace emulation {

std::mutex& runtime_lock();
// Not cudaSuccess once a kernel has failed: every later call then returns it.
cudaError_t& sticky_error();
// Makes it the calling thread's last error.
cudaError_t note(cudaError_t error);
int device_count();

// The stream behind a handle, for work that may be captured.
cudaError_t resolve(cudaStream_t handle, cudaStream_t* stream);
// The stream behind a handle, for calls that wait: not while it captures.
cudaError_t resolve_idle(cudaStream_t handle, cudaStream_t* stream);
// An error while a capture forbids the caller to allocate or to wait for the device.
cudaError_t check_no_capture();

// An error while any stream captures, whoever began it: waiting for a device includes waiting for that stream.
cudaError_t check_no_capture_anywhere();

// Runs an entry point under the lock.
template <class F>
cudaError_t call(F body) {
  const std::lock_guard<std::mutex> hold(runtime_lock());
  if (sticky_error() != cudaSuccess) return note(sticky_error());
  if (device_count() == 0) return note(cudaErrorNoDevice);
  const cudaError_t error = body();
  return note(sticky_error() != cudaSuccess ? sticky_error() : error);
}

}  // namespace emulation

#endif  // VICINAL_EMULATION_API_HPP_
