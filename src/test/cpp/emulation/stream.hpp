// Streams, events and graphs. Work waits in its stream until somebody needs it.
#ifndef VICINAL_EMULATION_STREAM_HPP_
#define VICINAL_EMULATION_STREAM_HPP_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime_api.hpp"

namespace emulation {

struct Node {
  std::function<void()> run;
  const void* kernel = nullptr;  // null for copies and the like
};

struct Work {
  std::function<void()> run;
  std::uint64_t sequence;  // one count for all streams: what a work depends on has a smaller number
};

struct EventState {
  std::uint64_t recorded = 0, done = 0;  // sequence numbers
  double milliseconds = 0;
};

struct Capture {
  cudaStream_t origin;
  cudaStreamCaptureMode mode;
  std::thread::id thread;
  std::shared_ptr<std::vector<Node>> nodes = std::make_shared<std::vector<Node>>();
  bool invalid = false;
};

}  // namespace emulation

struct CUstream_st {
  bool blocking;  // orders itself with the default stream
  std::deque<emulation::Work> queue;
  std::shared_ptr<emulation::Capture> capture;
  std::size_t captured = 0, joined = 0;  // nodes of this stream in the capture: all, and those the origin waits for
};

struct CUevent_st {
  unsigned flags;
  cudaStream_t stream = nullptr;  // that recorded it last
  std::shared_ptr<emulation::EventState> state = std::make_shared<emulation::EventState>();
  std::shared_ptr<emulation::Capture> capture;  // when it was recorded in a capture
  std::size_t captured = 0;
};

struct CUgraph_st {
  std::shared_ptr<std::vector<emulation::Node>> nodes;
};

struct CUgraphExec_st {
  std::shared_ptr<std::vector<emulation::Node>> nodes;
};

namespace emulation {

// All of these expect the runtime's lock (api.hpp) to be held.
cudaStream_t default_stream();
// The stream behind a handle; null when there is none.
cudaStream_t stream_of(cudaStream_t handle);
cudaStream_t create_stream(unsigned flags);
void destroy_stream(cudaStream_t stream);
// Appends to the stream, or to the graph that it captures. The sequence number of the work.
std::uint64_t enqueue(cudaStream_t stream, Node node);
// Runs what the stream holds, up to a sequence number.
void run_until(cudaStream_t stream, std::uint64_t sequence);
void run_all(cudaStream_t stream);
void run_everything();
// Runs one work; false when there was none.
bool run_one(cudaStream_t stream);
std::uint64_t last_sequence();
// Whether a capture somewhere forbids the calling thread what could wait for the device.
bool capture_forbids_waiting();
bool blocking_stream_captures();
bool any_stream_captures();
void invalidate_captures();
// Ends it in all its streams; false when the work of some has not been joined.
bool leave_capture(const std::shared_ptr<Capture>& capture);

}  // namespace emulation

#endif  // VICINAL_EMULATION_STREAM_HPP_
