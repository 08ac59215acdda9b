// Stream capture and graphs. A graph's nodes run in the order of their capture.
#include "api.hpp"

namespace emulation {

cudaError_t resolve(cudaStream_t handle, cudaStream_t* stream) {
  *stream = stream_of(handle);
  if (*stream == nullptr) return cudaErrorInvalidResourceHandle;
  if ((*stream)->capture && (*stream)->capture->invalid) return cudaErrorStreamCaptureInvalidated;
  return cudaSuccess;
}

cudaError_t resolve_idle(cudaStream_t handle, cudaStream_t* stream) {
  if (const cudaError_t e = resolve(handle, stream)) return e;
  if (!(*stream)->capture) return cudaSuccess;
  (*stream)->capture->invalid = true;
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t check_no_capture() {
  if (!capture_forbids_waiting()) return cudaSuccess;
  invalidate_captures();
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t check_no_capture_anywhere() {
  if (!any_stream_captures()) return cudaSuccess;
  invalidate_captures();
  return cudaErrorStreamCaptureUnsupported;
}

}  // namespace emulation

using namespace emulation;

// A capture forbids its thread to wait for the device or to allocate; no other mode is there.
cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode) {
  return call([&] {
    cudaStream_t stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream == default_stream()) return cudaErrorStreamCaptureUnsupported;
    if (stream->capture) return cudaErrorInvalidValue;
    stream->capture = std::make_shared<Capture>();
    stream->capture->thread = std::this_thread::get_id();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return call([&] {
    *graph = nullptr;
    cudaStream_t stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    const std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) return cudaErrorInvalidValue;
    if (capture->thread != std::this_thread::get_id()) return cudaErrorStreamCaptureWrongThread;
    stream->capture.reset();
    if (refused_captures() > 0) {
      --refused_captures();
      capture->invalid = true;
    }
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    ++counters().captures;
    *graph = new CUgraph_st{capture->nodes};
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  return call([&] {
    if (graph == nullptr) return cudaErrorInvalidValue;
    *exec = new CUgraphExec_st{graph->nodes};
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (exec == nullptr) return cudaErrorInvalidValue;
    if (const cudaError_t e = resolve(handle, &stream)) return e;
    ++counters().graphs;
    enqueue(stream, [nodes = exec->nodes] {
      for (const auto& node : *nodes) {
        if (sticky_error() == cudaSuccess) node();
      }
    });
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return call([&] {
    delete exec;
    return exec == nullptr ? cudaErrorInvalidValue : cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call([&] {
    delete graph;
    return graph == nullptr ? cudaErrorInvalidValue : cudaSuccess;
  });
}
