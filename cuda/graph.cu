// Capture, replay and the end of recorded calls.
#include "graph.cuh"

#include <algorithm>

namespace vicinal::cuda {

// Never destroyed: engines may be, after the process's static objects.
std::shared_mutex& device_waits() {
  static auto* mutex = new std::shared_mutex;
  return *mutex;
}

bool& thread_records() {
  static thread_local bool records = false;
  return records;
}

void Graphs::clear() {
  for (Call& call : calls_) refuse(call);
  calls_.clear();
}

// Calls wait for their work, so that a graph which makes room is not running.
Graphs::Call& Graphs::find(const CallKey& key) {
  const auto same = std::find_if(calls_.begin(), calls_.end(), [&](const Call& c) { return c.key == key; });
  if (same != calls_.end()) {
    same->used = ++clock_;
    return *same;
  }
  if (calls_.size() == kCalls) {
    const auto oldest =
        std::min_element(calls_.begin(), calls_.end(), [](const Call& a, const Call& b) { return a.used < b.used; });
    refuse(*oldest);
    calls_.erase(oldest);
  }
  calls_.push_back({key, kNew, nullptr, ++clock_});
  return calls_.back();
}

void Graphs::refuse(Call& call) {
  if (call.graph != nullptr) cudaGraphExecDestroy(call.graph);
  cudaGetLastError();  // an error that does not stick is forgotten
  call.graph = nullptr;
  call.state = kRefused;
}

// Other threads may allocate meanwhile, with other engines.
bool Graphs::begin_capture(cudaStream_t stream, Call& call) {
  if (cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess) return true;
  refuse(call);
  return false;
}

bool Graphs::end_capture(cudaStream_t stream, Call& call, bool whole) {
  cudaGraph_t graph = nullptr;
  const bool ended = cudaStreamEndCapture(stream, &graph) == cudaSuccess;
  const bool made = ended && whole && cudaGraphInstantiate(&call.graph, graph, 0) == cudaSuccess;
  if (graph != nullptr) cudaGraphDestroy(graph);
  if (made) {
    call.state = kRecorded;
  } else {
    call.graph = nullptr;
    refuse(call);
  }
  return made;
}

bool Graphs::launch_graph(cudaStream_t stream, Call& call) {
  if (cudaGraphLaunch(call.graph, stream) == cudaSuccess) return true;
  refuse(call);
  return false;
}

}  // namespace vicinal::cuda
