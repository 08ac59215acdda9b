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

struct Work {
  std::function<void()> run;
  std::uint64_t sequence;  // one count for all streams: what a work depends on has a smaller number
};

struct EventState {
  std::uint64_t recorded = 0, done = 0;  // sequence numbers
};

// What a graph does, in the order of its capture.
using Nodes = std::shared_ptr<std::vector<std::function<void()>>>;

struct Capture {
  std::thread::id thread;
  Nodes nodes = std::make_shared<std::vector<std::function<void()>>>();
  bool invalid = false;
};

}  // namespace emulation

struct CUstream_st {
  std::deque<emulation::Work> queue;
  std::shared_ptr<emulation::Capture> capture;
};

struct CUevent_st {
  cudaStream_t stream = nullptr;  // that recorded it last
  std::shared_ptr<emulation::EventState> state = std::make_shared<emulation::EventState>();
  std::shared_ptr<emulation::Capture> capture;  // when it was recorded in a capture
};

struct CUgraph_st {
  emulation::Nodes nodes;
};

struct CUgraphExec_st {
  emulation::Nodes nodes;
};

namespace emulation {

// All of these expect the runtime's lock (api.hpp) to be held.
cudaStream_t default_stream();
// The stream behind a handle; null when there is none.
cudaStream_t stream_of(cudaStream_t handle);
cudaStream_t create_stream();
void destroy_stream(cudaStream_t stream);
// Appends to the stream, or to the graph that it captures.
void enqueue(cudaStream_t stream, std::function<void()> work);
// Runs what the stream holds, up to a sequence number.
void run_until(cudaStream_t stream, std::uint64_t sequence);
void run_all(cudaStream_t stream);
void run_everything();
std::uint64_t last_sequence();
// Whether a capture of the calling thread forbids it what could wait for the device.
bool capture_forbids_waiting();
bool any_stream_captures();
void invalidate_captures();

}  // namespace emulation

#endif  // VICINAL_EMULATION_STREAM_HPP_
