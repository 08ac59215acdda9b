// Engine state, checks on the device, copies of host arguments.
#include "engine.cuh"

#include <cstdio>
#include <cstring>
#include <limits>

#include "core/refusals.hpp"

namespace vicinal::cuda {
namespace {

constexpr std::int64_t kBlasWorkspace = std::int64_t{32} << 20;  // what cuBLAS recommends for sm_90
constexpr int kChecks = 16;                                      // of one call
constexpr std::size_t kQueuedBlocks = 4;

__global__ void find_bad_id(std::int64_t n, std::int64_t bound, const std::int64_t* ids, Finding* finding) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    if (ids[i] < 0 || ids[i] >= bound) atomicMin(&finding->index, static_cast<long long>(i));
}

template <class Real>
__global__ void find_bad_weight(std::int64_t n, Real largest, const Real* values, Finding* finding) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    if (!(values[i] >= Real(0) && values[i] <= largest)) atomicMin(&finding->index, static_cast<long long>(i));
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
  findings_ = Pinned(kChecks * static_cast<std::int64_t>(sizeof(Finding)));
  device_findings_ = Buffer<Finding>(ordinal, kChecks);
  blas_memory_ = Buffer<char>(ordinal, kBlasWorkspace);
  blas.open(stream, blas_memory_.get(), static_cast<std::size_t>(kBlasWorkspace), precision);
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
  blas.close();
  for (cudaEvent_t event : blocks_)
    if (event != nullptr) cudaEventDestroy(event);
  if (stream != nullptr) cudaStreamDestroy(stream);
}

void Engine::begin() {
  use_device(ordinal);
  cancelled.store(false, std::memory_order_relaxed);
  workspace.begin();
  copies_.clear();
  checks_.clear();
}

void Engine::poll() {
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

void* Engine::stage_out(void* values, std::int64_t bytes, bool read) {
  if (bytes == 0 || !on_host(values)) return values;
  char* staged = workspace.get<char>(bytes);
  if (read) copy(staged, static_cast<const char*>(values), bytes);
  copies_.push_back({values, staged, bytes});
  return staged;
}

void Engine::check_ids(const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids) {
  if (on_host(ids)) {
    for (std::int64_t i = 0; i < n; ++i)
      if (ids[i] < 0 || ids[i] >= bound) refuse_id(name, i, ids[i], bound);
    return;
  }
  const int slot = static_cast<int>(checks_.size());
  if (slot == 0)
    check(cudaMemsetAsync(device_findings_.get(), 0x7f, kChecks * sizeof(Finding), stream), "preparing checks");
  launch(find_bad_id, grid_for(*this, n, 256), dim3(256), 0, stream, n, bound, ids, device_findings_.get() + slot);
  checks_.push_back({name, slot, 1, bound, ids, false});
}

template <class Real>
void Engine::check_weights(const char* name, std::int64_t n, std::int64_t columns, const Real* values) {
  constexpr Real kLargest = std::numeric_limits<Real>::max();
  if (on_host(values)) {
    for (std::int64_t i = 0; i < n; ++i)
      if (!(values[i] >= Real(0) && values[i] <= kLargest)) refuse_weight(name, i, columns, values[i]);
    return;
  }
  const int slot = static_cast<int>(checks_.size());
  if (slot == 0)
    check(cudaMemsetAsync(device_findings_.get(), 0x7f, kChecks * sizeof(Finding), stream), "preparing checks");
  launch(find_bad_weight<Real>, grid_for(*this, n, 256), dim3(256), 0, stream, n, kLargest, values,
         device_findings_.get() + slot);
  checks_.push_back({name, slot, columns, 0, values, sizeof(Real) == sizeof(double)});
}
template void Engine::check_weights(const char*, std::int64_t, std::int64_t, const float*);
template void Engine::check_weights(const char*, std::int64_t, std::int64_t, const double*);

void Engine::finish() {
  Finding* found = findings_.as<Finding>();
  if (!checks_.empty()) copy(found, device_findings_.get(), static_cast<std::int64_t>(checks_.size()));
  for (const CopyBack& c : copies_) copy(static_cast<char*>(c.to), static_cast<const char*>(c.from), c.bytes);
  check(cudaStreamSynchronize(stream), "waiting for the device");
  for (const PendingCheck& c : checks_) {
    const std::int64_t i = found[c.slot].index;
    if (i == kNoIndex) continue;
    if (c.bound > 0) {
      std::int64_t id = 0;
      read(&id, static_cast<const std::int64_t*>(c.values) + i, 1);
      refuse_id(c.name, i, id, c.bound);
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
  e.blas.gemm(p.transpose_b, p.transpose_a, p.n, p.m, p.k, p.b, p.ldb, p.a, p.lda, p.accumulate ? Real(1) : Real(0),
              p.c, p.ldc, p.exact_type);
}
template void gemm<float>(Engine&, const Product<float>&);
template void gemm<double>(Engine&, const Product<double>&);

}  // namespace vicinal::cuda
