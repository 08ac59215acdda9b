// Small calls as CUDA graphs. A dozen kernels of a few microseconds cost the processor more to launch than the device
// to run, so a call that repeats itself is recorded: its first time it runs as it is, its second time what it queues is
// captured, and from then on the capture is launched as a whole.
#ifndef VICINAL_CUDA_GRAPH_CUH_
#define VICINAL_CUDA_GRAPH_CUH_

#include <cstdint>
#include <cstring>
#include <exception>
#include <mutex>
#include <shared_mutex>
#include <type_traits>
#include <vector>

#include "memory.cuh"
#include "runtime.cuh"

namespace vicinal::cuda {

// Shared by whoever waits for a whole device, owned by whoever records: CUDA forbids to wait for a device while one of
// its streams captures, in any thread, and spoils the capture too.
std::shared_mutex& device_waits();
// Whether this thread records, and so owns it.
bool& thread_records();

// What the work of a call depends on: the operation, sizes, parameters and addresses, 8 bytes each.
class CallKey {
 public:
  void clear() { words_.clear(); }
  template <class... T>
  void add(const T&... values) {
    (push(values), ...);
  }
  bool operator==(const CallKey& o) const { return words_ == o.words_; }

 private:
  template <class T>
  void push(const T& value) {
    static_assert(std::is_scalar_v<T> && sizeof(T) <= sizeof(std::uint64_t), "structures have padding");
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    words_.push_back(word);
  }
  std::vector<std::uint64_t> words_;
};

// The recorded calls of an engine, on its stream. Not for several threads, as the engine.
class Graphs {
 public:
  Graphs() = default;
  Graphs(const Graphs&) = delete;
  Graphs& operator=(const Graphs&) = delete;
  ~Graphs() { clear(); }
  // Before the stream is destroyed, and when its work is done.
  void clear();

  // A key to fill, so that a call allocates nothing.
  CallKey& new_key() {
    key_.clear();
    return key_;
  }
  // What is queued now is captured and not run.
  bool recording() const { return recording_; }

  // Queues the work of the call with that key, as body() does or as a graph. body() queues kernels, products, fills and
  // copies within the device's and pinned memory, the same ones for the same key, and waits for nothing; it is called
  // again, after restart(), where a recording failed. That key is then never recorded again.
  template <class Body, class Restart>
  void queue(cudaStream_t stream, const CallKey& key, Body&& body, Restart&& restart) {
    Call& call = find(key);
    if (call.state == kRecorded && launch_graph(stream, call)) return;
    if (call.state == kSeen) {
      if (record(stream, call, body)) return;
      restart();
    }
    body();
    if (call.state == kNew && !exact_memory()) call.state = kSeen;  // its memory is there and its kernels are loaded
  }

 private:
  enum State { kNew, kSeen, kRecorded, kRefused };
  struct Call {
    CallKey key;
    State state;
    cudaGraphExec_t graph;
    std::uint64_t used;
  };
  static constexpr std::size_t kCalls = 16;  // a training takes one per batch size and set of frozen groups

  Call& find(const CallKey& key);
  template <class Body>
  bool record(cudaStream_t stream, Call& call, Body&& body) {
    const std::unique_lock<std::shared_mutex> alone(device_waits(), std::try_to_lock);
    if (!alone.owns_lock()) return false;  // another time
    if (!begin_capture(stream, call)) return false;
    recording_ = thread_records() = true;
    bool whole = true;
    try {
      body();
    } catch (const std::exception&) {  // what stands in the way of the call itself comes again without the capture
      whole = false;
    }
    recording_ = thread_records() = false;
    return end_capture(stream, call, whole) && launch_graph(stream, call);
  }
  bool begin_capture(cudaStream_t stream, Call& call);
  bool end_capture(cudaStream_t stream, Call& call, bool whole);
  bool launch_graph(cudaStream_t stream, Call& call);
  static void refuse(Call& call);

  std::vector<Call> calls_;
  CallKey key_;
  std::uint64_t clock_ = 0;
  bool recording_ = false;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_GRAPH_CUH_
