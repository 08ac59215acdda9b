// Streams and events.
#include "api.hpp"

namespace emulation {
namespace {

bool pending(const CUevent_st& event) {
  return event.state->done < event.state->recorded;
}

}  // namespace
}  // namespace emulation

using namespace emulation;

// Streams do not order themselves with the default one.
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call([&] {
    if (flags != cudaStreamNonBlocking) return cudaErrorInvalidValue;
    *stream = create_stream();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = stream_of(handle);
    if (stream == nullptr || stream == default_stream()) return cudaErrorInvalidResourceHandle;
    destroy_stream(stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (const cudaError_t e = resolve_idle(handle, &stream)) return e;
    ++counters().waits;
    run_all(stream);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return call([&] {
    *event = new CUevent_st{};
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t e = resolve(handle, &stream)) return e;
    event->stream = stream;
    event->capture = stream->capture;
    if (event->capture) return cudaSuccess;
    const std::uint64_t sequence = last_sequence() + 1;
    event->state->recorded = sequence;
    enqueue(stream, [state = event->state, sequence] { state->done = sequence; });
    return cudaSuccess;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (event->capture) return cudaErrorCapturedEvent;
    ++counters().waits;
    if (pending(*event)) run_until(event->stream, event->state->recorded);
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call([&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    delete event;
    return cudaSuccess;
  });
}
