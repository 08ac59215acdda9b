// Engine state, checks on the device, copies of host arguments.
#include "engine.cuh"

#include <cstdio>
#include <limits>

#include "core/refusals.hpp"

namespace vicinal::cuda {
namespace {

constexpr std::int64_t kBlasWorkspace = std::int64_t{32} << 20;  // what cuBLAS recommends for sm_90
constexpr std::size_t kQueuedBlocks = 4;
constexpr std::int64_t kSpare = std::int64_t{256} << 20;  // for arguments that are copied here, beside two workspaces

__global__ void find_bad_id(std::int64_t n, std::int64_t least, std::int64_t bound, const std::int64_t* ids,
                            Search search) {
  each_index(n, [&](std::int64_t i) {
    if (ids[i] < least || ids[i] >= bound) search.note(i);
  });
}

template <class Real>
__global__ void find_bad_weight(std::int64_t n, Real largest, const Real* values, Search search) {
  each_index(n, [&](std::int64_t i) {
    if (!(values[i] >= Real(0) && values[i] <= largest)) search.note(i);
  });
}

}  // namespace

Engine::Engine(int ordinal_, const vicinal_engine_options& o) : ordinal(ordinal_), workspace(ordinal_) {
  use_device(ordinal);
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, ordinal), "reading the device's properties");
  processors = properties.multiProcessorCount;
  std::snprintf(isa, sizeof isa, "sm_%d%d", properties.major, properties.minor);
  precision = o.precision;
  // A quarter: beside it lie the caller's features, parameters and results.
  workspace_bytes =
      o.workspace_bytes != 0 ? o.workspace_bytes : static_cast<std::int64_t>(properties.totalGlobalMem / 4);
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  results_ = Pinned(sizeof(Results));
  *results() = {};
  firsts_ = Buffer<long long>(ordinal, Results::kSearches);
  forget_searches();
  blas_memory_ = Buffer<char>(ordinal, kBlasWorkspace);
  {
    const std::shared_lock<std::shared_mutex> lock(device_waits());
    blas.open(stream, blas_memory_.get(), static_cast<std::size_t>(kBlasWorkspace), precision);
  }
  std::snprintf(blas_name, sizeof blas_name, "cuBLAS %d.%d.%d", blas.version() / 10000, blas.version() / 100 % 100,
                blas.version() % 100);
  blocks_.assign(kQueuedBlocks, nullptr);
  for (cudaEvent_t& event : blocks_) {
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "creating an event");
    check(cudaEventRecord(event, stream), "recording an event");
  }
}

Engine::~Engine() {
  cudaSetDevice(ordinal);
  if (stream != nullptr) cudaStreamSynchronize(stream);
  graphs.clear();
  {
    const std::shared_lock<std::shared_mutex> lock(device_waits());
    blas.close();
  }
  for (cudaEvent_t event : blocks_)
    if (event != nullptr) cudaEventDestroy(event);
  if (stream != nullptr) cudaStreamDestroy(stream);
}

void Engine::begin() {
  use_device(ordinal);
  cancelled.store(false, std::memory_order_relaxed);
  if (!waited_) check(cudaStreamSynchronize(stream), "waiting for the device");  // the last call failed halfway
  waited_ = false;
  if (workspace.bytes() > 2 * workspace_bytes + kSpare) {
    graphs.clear();
    workspace.clear();
  }
  const int* found = results()->found;
  if (std::any_of(found, found + Results::kSearches, [](int f) { return f != 0; })) forget_searches();
  *results() = {};
  checks_.clear();
  kept_.clear();
  piece_of_ = nullptr;
  restart();
}

// Bytes of 0x7f make a number that no index reaches.
void Engine::forget_searches() {
  check(cudaMemsetAsync(firsts_.get(), 0x7f, Results::kSearches * sizeof(long long), stream), "preparing searches");
}
std::int64_t Engine::first(int slot) {
  if (results()->found[slot] == 0) return -1;
  long long index = 0;
  read(&index, firsts_.get() + slot, 1);
  return index;
}

void Engine::restart() {
  workspace.begin();
  copies_.clear();
}

void Engine::poll() {
  if (graphs.recording()) fail(VICINAL_INTERNAL, "a call of several blocks is not recorded: it waits between them");
  if (cancelled.load(std::memory_order_relaxed)) {
    cudaStreamSynchronize(stream);  // outputs belong to the caller again
    fail(VICINAL_CANCELLED, "the call was cancelled");
  }
  cudaEvent_t& oldest = blocks_[next_block_];
  next_block_ = (next_block_ + 1) % blocks_.size();
  check(cudaEventSynchronize(oldest), "waiting for the device");
  check(cudaEventRecord(oldest, stream), "recording an event");
}

bool Engine::on_host(const void* pointer) const {
  return memory::on_host(pointer);
}

const void* Engine::copy_in(const void* values, std::int64_t bytes) {
  if (bytes == 0 || !on_host(values)) return values;
  char* copied = workspace.get<char>(bytes);
  copy(copied, static_cast<const char*>(values), bytes);
  return copied;
}

// The device waits for it, and it for the device: sending one piece while the products of another run would save at
// most half of a call, and needs two pieces of pinned memory, a stream and events between the two.
const void* Engine::copy_piece(const void* values, std::int64_t bytes) {
  if (values == piece_of_ && bytes == piece_bytes_) return piece_.get();
  piece_of_ = nullptr;
  if (bytes > piece_room_) {
    check(cudaStreamSynchronize(stream), "waiting for the device");
    piece_room_ = 0;
    piece_ = Buffer<char>();
    piece_ = Buffer<char>(ordinal, bytes);
    piece_room_ = bytes;
  }
  copy(piece_.get(), static_cast<const char*>(values), bytes);
  piece_of_ = values;
  piece_bytes_ = bytes;
  return piece_.get();
}

void* Engine::stage_out(void* values, std::int64_t bytes, bool read) {
  if (bytes == 0 || !on_host(values)) return values;
  char* staged = workspace.get<char>(bytes);
  if (read) copy(staged, static_cast<const char*>(values), bytes);
  copies_.push_back({values, staged, bytes});
  return staged;
}

void Engine::add_check(const PendingCheck& c) {
  if (checks_.size() == Results::kSearches) fail(VICINAL_INTERNAL, "a call has more checks than places for findings");
  checks_.push_back(c);
}

void Engine::check_ids(const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids,
                       std::int64_t least) {
  if (!on_host(ids)) return add_check({name, n, 0, bound, least, ids, false});
  for (std::int64_t i = 0; i < n; ++i)
    if (ids[i] < least || ids[i] >= bound) refuse_id(name, i, ids[i], bound, least);
}

template <class Real>
void Engine::check_weights(const char* name, std::int64_t n, std::int64_t columns, const Real* values) {
  if (!on_host(values)) return add_check({name, n, columns, 0, 0, values, sizeof(Real) == sizeof(double)});
  for (std::int64_t i = 0; i < n; ++i)
    if (!(values[i] >= Real(0) && values[i] <= std::numeric_limits<Real>::max()))
      refuse_weight(name, i, columns, values[i]);
}
template void Engine::check_weights(const char*, std::int64_t, std::int64_t, const float*);
template void Engine::check_weights(const char*, std::int64_t, std::int64_t, const double*);

void Engine::queue_end() {
  int slot = 0;
  for (const PendingCheck& c : checks_) {
    const dim3 grid = grid_for(*this, c.n, 256), block(256);
    if (c.columns == 0) {
      launch(find_bad_id, grid, block, 0, stream, c.n, c.least, c.bound, static_cast<const std::int64_t*>(c.values),
             search(slot++));
    } else if (c.is_double) {
      launch(find_bad_weight<double>, grid, block, 0, stream, c.n, std::numeric_limits<double>::max(),
             static_cast<const double*>(c.values), search(slot++));
    } else {
      launch(find_bad_weight<float>, grid, block, 0, stream, c.n, std::numeric_limits<float>::max(),
             static_cast<const float*>(c.values), search(slot++));
    }
  }
  for (const CopyBack& c : copies_) copy(static_cast<char*>(c.to), static_cast<const char*>(c.from), c.bytes);
}

void Engine::wait() {
  check(cudaStreamSynchronize(stream), "waiting for the device");
  waited_ = true;
  int slot = 0;
  for (const PendingCheck& c : checks_) {
    const std::int64_t i = first(slot++);
    if (i < 0) continue;
    if (c.columns == 0) {
      std::int64_t id = 0;
      read(&id, static_cast<const std::int64_t*>(c.values) + i, 1);
      refuse_id(c.name, i, id, c.bound, c.least);
    } else if (c.is_double) {
      double value = 0;
      read(&value, static_cast<const double*>(c.values) + i, 1);
      refuse_weight(c.name, i, c.columns, value);
    } else {
      float value = 0;
      read(&value, static_cast<const float*>(c.values) + i, 1);
      refuse_weight(c.name, i, c.columns, value);
    }
  }
}

template <class Real>
void gemm(Engine& e, const Product<Real>& p) {
  if (p.m == 0 || p.n == 0) return;
  // Row-major c is column-major c', and c' = op(b)' op(a)'.
  const Real beta = p.accumulate ? Real(1) : Real(0);
  e.blas.gemm(p.transpose_b, p.transpose_a, p.n, p.m, p.k, p.b, p.ldb, p.a, p.lda, beta, p.c, p.ldc, p.exact_type);
}
template void gemm<float>(Engine&, const Product<float>&);
template void gemm<double>(Engine&, const Product<double>&);

}  // namespace vicinal::cuda
