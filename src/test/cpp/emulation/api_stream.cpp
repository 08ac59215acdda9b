// Streams and events.
#include <chrono>

#include "api.hpp"

namespace emulation {
namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool pending(const CUevent_st& event) {
  return event.state->done < event.state->recorded;
}

cudaError_t create_event(cudaEvent_t* event, unsigned flags) {
  return call([&] {
    *event = new CUevent_st{};
    (*event)->flags = flags;
    return cudaSuccess;
  });
}

// A wait inside a capture orders the graph, which runs in the order of capture anyway; what it does is to let
// a stream join.
cudaError_t wait_captured(cudaStream_t stream, const CUevent_st& event) {
  const auto& capture = event.capture;
  if (stream->capture && stream->capture != capture) return cudaErrorStreamCaptureMerge;
  if (capture->origin->capture != capture) return cudaErrorCapturedEvent;  // it ended
  if (!stream->capture) {
    stream->capture = capture;
    stream->captured = stream->joined = 0;
  }
  if (event.stream != stream && event.stream->joined < event.captured) event.stream->joined = event.captured;
  return cudaSuccess;
}

}  // namespace
}  // namespace emulation

using namespace emulation;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call([&] {
    *stream = create_stream(flags);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
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
    // The default stream is done when the blocking ones are.
    if (stream == default_stream()) enqueue(stream, {[] {}});
    run_all(stream);
    return cudaSuccess;
  });
}

// Every question lets one work happen, so that a loop of questions ends.
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (const cudaError_t e = resolve_idle(handle, &stream)) return e;
    return run_one(stream) ? cudaErrorNotReady : cudaSuccess;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t e = resolve(handle, &stream)) return e;
    if (event->capture) return wait_captured(stream, *event);
    if (stream->capture) return cudaErrorStreamCaptureIsolation;
    if (!pending(*event)) return cudaSuccess;
    // A later record does not change what is waited for. A stream that is destroyed has done its work.
    enqueue(stream, {[state = event->state, source = event->stream, sequence = event->state->recorded] {
              if (state->done < sequence) run_until(source, sequence);
            }});
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return create_event(event, cudaEventDefault);
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return create_event(event, flags);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (const cudaError_t e = resolve(handle, &stream)) return e;
    event->stream = stream;
    event->capture = stream->capture;
    event->captured = stream->captured;
    if (event->capture) return cudaSuccess;
    const std::uint64_t sequence = last_sequence() + 1;
    event->state->recorded = sequence;
    enqueue(stream, {[state = event->state, sequence] {
              state->done = sequence;
              state->milliseconds = now();
            }});
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

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call([&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (event->capture) return cudaErrorCapturedEvent;
    if (!pending(*event)) return cudaSuccess;
    run_one(event->stream);
    return cudaErrorNotReady;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  return call([&] {
    for (cudaEvent_t event : {begin, end}) {
      if (event == nullptr || (event->flags & cudaEventDisableTiming) || event->state->recorded == 0) {
        return cudaErrorInvalidResourceHandle;
      }
      if (pending(*event)) return cudaErrorNotReady;
    }
    *milliseconds = static_cast<float>(end->state->milliseconds - begin->state->milliseconds);
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
