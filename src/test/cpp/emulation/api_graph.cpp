// Stream capture and graphs. A graph's nodes run in the order of their capture.
#include "api.hpp"

namespace emulation {

cudaError_t resolve(cudaStream_t handle, cudaStream_t* stream) {
  *stream = stream_of(handle);
  if (*stream == nullptr) return cudaErrorInvalidResourceHandle;
  if ((*stream)->capture && (*stream)->capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (*stream == default_stream() && blocking_stream_captures()) {
    invalidate_captures();
    return cudaErrorStreamCaptureImplicit;
  }
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

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return call([&] {
    cudaStream_t stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream == default_stream()) return cudaErrorStreamCaptureUnsupported;
    if (stream->capture) return cudaErrorInvalidValue;
    stream->capture = std::make_shared<Capture>();
    stream->capture->origin = stream;
    stream->capture->mode = mode;
    stream->capture->thread = std::this_thread::get_id();
    stream->captured = stream->joined = 0;
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
    if (capture->origin != stream) return cudaErrorStreamCaptureUnmatched;
    if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
      return cudaErrorStreamCaptureWrongThread;
    }
    const bool joined = leave_capture(capture);
    if (refused_captures() > 0) {
      --refused_captures();
      capture->invalid = true;
    }
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    if (!joined) return cudaErrorStreamCaptureUnjoined;
    ++counters().captures;
    *graph = new CUgraph_st{capture->nodes};
    return cudaSuccess;
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return call([&] {
    const cudaStream_t stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    *status = !stream->capture           ? cudaStreamCaptureStatusNone
              : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                         : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}

// Counts only: the nodes themselves have no handles here.
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  return call([&] {
    if (graph == nullptr || nodes != nullptr) return cudaErrorInvalidValue;
    *count = graph->nodes->size();
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

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* info) {
  return call([&] {
    if (exec == nullptr || graph == nullptr) return cudaErrorInvalidValue;
    *info = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
    const auto &old = *exec->nodes, &updated = *graph->nodes;
    if (old.size() != updated.size()) info->result = cudaGraphExecUpdateErrorTopologyChanged;
    for (std::size_t i = 0; i < old.size() && info->result == cudaGraphExecUpdateSuccess; ++i) {
      if ((old[i].kernel == nullptr) != (updated[i].kernel == nullptr)) {
        info->result = cudaGraphExecUpdateErrorNodeTypeChanged;
      }
    }
    if (info->result != cudaGraphExecUpdateSuccess) return cudaErrorGraphExecUpdateFailure;
    exec->nodes = graph->nodes;  // launches already queued keep the old ones
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t handle) {
  return call([&] {
    cudaStream_t stream = nullptr;
    if (exec == nullptr) return cudaErrorInvalidValue;
    if (const cudaError_t e = resolve(handle, &stream)) return e;
    ++counters().graphs;
    enqueue(stream, {[nodes = exec->nodes] {
              for (const Node& node : *nodes) {
                if (sticky_error() == cudaSuccess) node.run();
              }
            }});
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
