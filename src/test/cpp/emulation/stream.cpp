#include "stream.hpp"

#include <algorithm>

#include "api.hpp"
#include "device_memory.hpp"

namespace emulation {
namespace {

// Above this a stream's oldest work runs: a driver, too, stops accepting at some depth.
constexpr std::size_t kDepth = 1024;

std::uint64_t sequence = 0;

std::vector<cudaStream_t>& streams() {
  static auto& all = *new std::vector<cudaStream_t>{new CUstream_st{true, {}, nullptr}};
  return all;
}

void drain(cudaStream_t stream, std::uint64_t upto);

void run_front(cudaStream_t stream) {
  const Work work = std::move(stream->queue.front());
  stream->queue.pop_front();
  // The legacy rule: the default stream waits for all earlier work of blocking streams, and they for it.
  if (stream == default_stream()) {
    for (cudaStream_t other : streams()) {
      if (other != stream && other->blocking) drain(other, work.sequence);
    }
  } else if (stream->blocking) {
    drain(default_stream(), work.sequence);
  }
  if (sticky_error() == cudaSuccess) work.run();  // after a failed kernel nothing runs
}

void drain(cudaStream_t stream, std::uint64_t upto) {
  while (!stream->queue.empty() && stream->queue.front().sequence <= upto) run_front(stream);
}

}  // namespace

cudaStream_t default_stream() {
  return streams().front();
}

cudaStream_t stream_of(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return default_stream();
  const auto& all = streams();
  return std::find(all.begin(), all.end(), handle) == all.end() ? nullptr : handle;
}

cudaStream_t create_stream(unsigned flags) {
  streams().push_back(new CUstream_st{(flags & cudaStreamNonBlocking) == 0, {}, nullptr});
  return streams().back();
}

void destroy_stream(cudaStream_t stream) {
  run_all(stream);
  auto& all = streams();
  all.erase(std::find(all.begin(), all.end(), stream));
  delete stream;
}

std::uint64_t enqueue(cudaStream_t stream, Node node) {
  if (stream->capture) {
    stream->capture->nodes->push_back(std::move(node));
    ++stream->captured;
    return 0;
  }
  stream->queue.push_back({std::move(node.run), ++sequence});
  const std::uint64_t mine = sequence;
  if (stream->queue.size() > kDepth) run_all(stream);
  return mine;
}

void run_until(cudaStream_t stream, std::uint64_t upto) {
  if (stream->queue.empty() || stream->queue.front().sequence > upto) return;
  const device_memory::Access access;
  drain(stream, upto);
}

void run_all(cudaStream_t stream) {
  run_until(stream, sequence);
}

void run_everything() {
  // Not always in the order of creation.
  const auto& all = streams();
  for (std::size_t i = 0; i < all.size(); ++i) run_all(all[(i + sequence) % all.size()]);
}

bool run_one(cudaStream_t stream) {
  if (stream->queue.empty()) return false;
  const device_memory::Access access;
  run_front(stream);
  return true;
}

std::uint64_t last_sequence() {
  return sequence;
}

bool capture_forbids_waiting() {
  for (cudaStream_t stream : streams()) {
    const Capture* c = stream->capture.get();
    if (c == nullptr || c->mode == cudaStreamCaptureModeRelaxed) continue;
    if (c->mode == cudaStreamCaptureModeGlobal || c->thread == std::this_thread::get_id()) return true;
  }
  return false;
}

bool blocking_stream_captures() {
  const auto& all = streams();
  return std::any_of(all.begin(), all.end(), [](cudaStream_t s) { return s->blocking && s->capture; });
}

bool any_stream_captures() {
  const auto& all = streams();
  return std::any_of(all.begin(), all.end(), [](cudaStream_t s) { return s->capture != nullptr; });
}

void invalidate_captures() {
  for (cudaStream_t stream : streams()) {
    if (stream->capture) stream->capture->invalid = true;
  }
}

bool leave_capture(const std::shared_ptr<Capture>& capture) {
  bool joined = true;
  for (cudaStream_t stream : streams()) {
    if (stream->capture != capture) continue;
    if (stream != capture->origin && stream->joined < stream->captured) joined = false;
    stream->capture.reset();
  }
  return joined;
}

}  // namespace emulation
