// An engine on a GPU: its stream, its workspace, its cuBLAS handle; and what one call makes of its arguments.
#ifndef VICINAL_CUDA_ENGINE_CUH_
#define VICINAL_CUDA_ENGINE_CUH_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "algorithm/data.hpp"
#include "blas.cuh"
#include "core/device.h"
#include "graph.cuh"
#include "memory.cuh"
#include "runtime.cuh"

namespace vicinal::cuda {

// Device memory with an owner, for what outlives a call. Freed when no work uses it: the owner waits first.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(int ordinal, std::int64_t count)
      : ordinal_(ordinal), data_(static_cast<T*>(arena(ordinal).take(count * static_cast<std::int64_t>(sizeof(T))))) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& o) noexcept : ordinal_(o.ordinal_), data_(o.data_) { o.data_ = nullptr; }
  Buffer& operator=(Buffer&& o) noexcept {
    std::swap(ordinal_, o.ordinal_);
    std::swap(data_, o.data_);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) arena(ordinal_).give(data_);
  }
  T* get() const { return data_; }

 private:
  int ordinal_ = 0;
  T* data_ = nullptr;
};

// Pinned host memory: what the device reads or writes while the processor goes on. Kernels may, at the same address.
class Pinned {
 public:
  Pinned() = default;
  explicit Pinned(std::int64_t bytes) {
    check(cudaMallocHost(&data_, static_cast<std::size_t>(bytes)), "allocating pinned memory");
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  Pinned(Pinned&& o) noexcept : data_(o.data_) { o.data_ = nullptr; }
  Pinned& operator=(Pinned&& o) noexcept {
    std::swap(data_, o.data_);
    return *this;
  }
  ~Pinned() {
    if (data_ != nullptr) cudaFreeHost(data_);
  }
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
};

// Grow-only device memory for the temporaries of one call. Blocks are 256-byte aligned, uninitialised.
class Workspace {
 public:
  explicit Workspace(int ordinal) : ordinal_(ordinal) {}
  // Starts a call: everything handed out before is invalid. Work of the same stream may still use it, and a recorded
  // graph will, so memory is only added until clear(); a call that repeats itself gets the same again.
  void begin() {
    if (exact_memory()) chunks_.clear();
    current_ = 0;
    used_ = 0;
  }
  // What it holds. Calls of other shapes leave chunks behind that the next ones cannot use.
  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const Chunk& c : chunks_) sum += c.bytes;
    return sum;
  }
  // Gives everything back; no work and no graph uses it.
  void clear() {
    chunks_.clear();
    begin();
  }
  template <class T>
  T* get(std::int64_t count) {
    if (exact_memory()) return reinterpret_cast<T*>(exact(count * static_cast<std::int64_t>(sizeof(T))));
    const std::int64_t bytes = (count * static_cast<std::int64_t>(sizeof(T)) + 255) / 256 * 256;
    while (current_ >= chunks_.size() || used_ + bytes > chunks_[current_].bytes) {
      if (current_ + 1 >= chunks_.size()) {
        add(bytes);
        current_ = chunks_.size() - 1;
      } else {
        ++current_;
      }
      used_ = 0;
    }
    char* at = chunks_[current_].data.get() + used_;
    used_ += bytes;
    return reinterpret_cast<T*>(at);
  }
  struct Mark {
    std::size_t chunk;
    std::int64_t used;
  };
  Mark mark() const { return {exact_memory() ? chunks_.size() : current_, used_}; }
  void rewind(const Mark& m) {
    if (exact_memory()) chunks_.resize(m.chunk);  // freeing waits for the device
    current_ = m.chunk;
    used_ = m.used;
  }

 private:
  static constexpr std::int64_t kChunk = std::int64_t{8} << 20;  // smallest allocation; small losses fit one
  struct Chunk {
    Buffer<char> data;
    std::int64_t bytes;
  };
  char* exact(std::int64_t bytes) {
    chunks_.push_back({Buffer<char>(ordinal_, std::max<std::int64_t>(bytes, 1)), bytes});
    return chunks_.back().data.get();
  }
  void add(std::int64_t bytes) {
    const std::int64_t size = std::max(bytes, kChunk);
    chunks_.push_back({Buffer<char>(ordinal_, size), size});
  }

  int ordinal_;
  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;
  std::int64_t used_ = 0;
};

// A search that mostly finds nothing and then saves the fill before it and the copy behind it, two of the dozen
// launches of a small call: `first` stays as it was made, `found` is in pinned memory.
struct Search {
  long long* first;
  int* found;
  __device__ void note(std::int64_t index) const {
    atomicMin(first, static_cast<long long>(index));
    *found = 1;
  }
};

// What a call gives back beside arrays. It lies in pinned memory, where kernels write it: a few words across the bus
// in place of a fill before them and a copy behind them.
struct Results {
  static constexpr int kSearches = 16;
  LossTotals totals;
  int found[kSearches];
};

struct PendingCheck {
  const char* name;
  std::int64_t n;
  std::int64_t columns;  // of weights; 0: ids
  std::int64_t bound;    // of ids, and the least
  std::int64_t least;
  const void* values;  // on the device
  bool is_double;
};

struct Engine {
  Engine(int ordinal, const vicinal_engine_options& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  const int ordinal;
  int processors = 1;  // streaming multiprocessors
  int precision = VICINAL_PRECISION_F32;
  std::int64_t workspace_bytes = 0;
  char isa[16] = "";
  char blas_name[64] = "";
  cudaStream_t stream = nullptr;
  Workspace workspace;
  Blas blas;
  Graphs graphs;
  std::atomic<bool> cancelled{false};

  // A call starts: its results are zeros.
  void begin();
  // Queues what ends a call: its checks, copies to the host.
  void queue_end();
  // The call's work is done, or an error of it, of a check or of the device is thrown.
  void wait();
  void finish() {
    queue_end();
    wait();
  }
  // The call's work so far is forgotten; it is queued again.
  void restart();
  // For kernels to write; for the processor after the end.
  Results* results() const { return results_.as<Results>(); }
  LossTotals* totals() const { return &results()->totals; }
  // Between blocks: stops when the caller asked to, and keeps at most a few blocks queued so that this is soon.
  void poll();

  // Checks on the device, at the call's end. Kernels must stay inside their memory whatever the ids are.
  void check_ids(const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids, std::int64_t least = 0);
  template <class Real>
  void check_weights(const char* name, std::int64_t n, std::int64_t columns, const Real* values);

  // The call's own searches, for those that check nothing; after the end the first index, or -1.
  Search search(int slot) const { return {firsts_.get() + slot, results()->found + slot}; }
  std::int64_t first(int slot);

  // Device memory of an argument: itself, or a copy of host memory made for this call. Null stays null.
  template <class T>
  const T* in(const T* values, std::int64_t count) {
    return values == nullptr ? nullptr : static_cast<const T*>(copy_in(values, count * bytes_of<T>()));
  }
  // The same of values that the call made, kept until the next call: a copy may read them late.
  template <class T>
  const T* in(std::vector<T>&& values) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(values));
    kept_.push_back(kept);
    return in(kept->data(), static_cast<std::int64_t>(kept->size()));
  }
  // Device memory for an output; host memory is filled by finish().
  template <class T>
  T* out(T* values, std::int64_t count) {
    return values == nullptr ? nullptr : static_cast<T*>(stage_out(values, count * bytes_of<T>(), false));
  }
  // The same for what is read and written.
  template <class T>
  T* in_out(T* values, std::int64_t count) {
    return values == nullptr ? nullptr : static_cast<T*>(stage_out(values, count * bytes_of<T>(), true));
  }
  // A copy of one piece of host memory after another, in the engine's own memory: for work queued before the next
  // piece. The same piece again costs nothing until the call ends.
  template <class T>
  const T* piece(const T* values, std::int64_t count) {
    return static_cast<const T*>(copy_piece(values, count * bytes_of<T>()));
  }
  bool on_host(const void* pointer) const;
  template <class T>
  void zero(T* values, std::int64_t count) {
    if (count > 0)
      check(cudaMemsetAsync(values, 0, static_cast<std::size_t>(count) * sizeof(T), stream), "zeroing memory");
  }
  template <class T>
  void copy(T* to, const T* from, std::int64_t count) {
    check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyDefault, stream),
          "copying memory");
  }
  // Values of device memory on the processor, now.
  template <class T>
  void read(T* to, const T* from, std::int64_t count) {
    copy(to, from, count);
    settle();
  }
  // What is queued is done.
  void settle() { check(cudaStreamSynchronize(stream), "waiting for the device"); }

 private:
  template <class T>
  static constexpr std::int64_t bytes_of() {
    return static_cast<std::int64_t>(sizeof(T));
  }
  const void* copy_in(const void* values, std::int64_t bytes);
  const void* copy_piece(const void* values, std::int64_t bytes);
  void add_check(const PendingCheck& check);
  void forget_searches();
  void* stage_out(void* values, std::int64_t bytes, bool read);

  struct CopyBack {
    void* to;
    const void* from;
    std::int64_t bytes;
  };
  std::vector<CopyBack> copies_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::vector<PendingCheck> checks_;
  Pinned results_;
  Buffer<char> piece_;
  std::int64_t piece_room_ = 0;
  const void* piece_of_ = nullptr;  // host memory, of which it holds
  std::int64_t piece_bytes_ = 0;    // so many bytes
  Buffer<long long> firsts_;  // of searches: larger than any index, but for those that found something in this call
  bool waited_ = true;        // nothing is queued that could still write results
  Buffer<char> blas_memory_;
  std::vector<cudaEvent_t> blocks_;  // of the last blocks queued
  std::size_t next_block_ = 0;
};

// c [m, n] = op(a) op(b) + (accumulate ? c : 0), row-major with leading dimensions, as device/cpu/engine.hpp.
template <class Real>
struct Product {
  bool transpose_a, transpose_b;
  std::int64_t m, n, k;
  const Real* a;
  std::int64_t lda;
  const Real* b;
  std::int64_t ldb;
  Real* c;
  std::int64_t ldc;
  bool accumulate;
  // Multiplied and added in Real itself, whatever the engine's precision: for results with a proven error bound.
  bool exact_type = false;
};
template <class Real>
void gemm(Engine& e, const Product<Real>& p);

// Threads per block for a row of n elements: a power of two of warps.
constexpr unsigned kMostRowThreads = 512;  // so that a thread may have 128 registers, which duals of doubles need
inline unsigned row_threads(std::int64_t n) {
  unsigned threads = kWarp;
  while (threads < kMostRowThreads && static_cast<std::int64_t>(threads) * 4 < n) threads *= 2;
  return threads;
}

// Blocks of `threads` over n elements, for kernels that step by the grid's size.
inline dim3 grid_for(const Engine& e, std::int64_t n, unsigned threads) {
  const std::int64_t blocks = ceil_div(n, threads);
  return dim3(static_cast<unsigned>(
      std::max<std::int64_t>(1, std::min<std::int64_t>(blocks, static_cast<std::int64_t>(e.processors) * 32))));
}

// body(i) for the thread's share of n elements, whatever the grid's size.
template <class Body>
__device__ __forceinline__ void each_index(std::int64_t n, Body&& body) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) body(i);
}
// Launches a kernel over n elements that steps by the grid's size.
template <class... P, class... A>
void over(Engine& e, std::int64_t n, void (*kernel)(P...), A&&... arguments) {
  launch(kernel, grid_for(e, n, 256), dim3(256), 0, e.stream, std::forward<A>(arguments)...);
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_ENGINE_CUH_
