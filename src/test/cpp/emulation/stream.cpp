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
  static auto& all = *new std::vector<cudaStream_t>{new CUstream_st{}};
  return all;
}

void run_front(cudaStream_t stream) {
  const Work work = std::move(stream->queue.front());
  stream->queue.pop_front();
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
  if (handle == nullptr) return default_stream();
  const auto& all = streams();
  return std::find(all.begin(), all.end(), handle) == all.end() ? nullptr : handle;
}

cudaStream_t create_stream() {
  streams().push_back(new CUstream_st{});
  return streams().back();
}

void destroy_stream(cudaStream_t stream) {
  run_all(stream);
  auto& all = streams();
  all.erase(std::find(all.begin(), all.end(), stream));
  delete stream;
}

void enqueue(cudaStream_t stream, std::function<void()> work) {
  if (stream->capture) {
    stream->capture->nodes->push_back(std::move(work));
    return;
  }
  stream->queue.push_back({std::move(work), ++sequence});
  if (stream->queue.size() > kDepth) run_all(stream);
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

std::uint64_t last_sequence() {
  return sequence;
}

bool capture_forbids_waiting() {
  const auto& all = streams();
  return std::any_of(all.begin(), all.end(), [](cudaStream_t s) {
    return s->capture != nullptr && s->capture->thread == std::this_thread::get_id();
  });
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

}  // namespace emulation
