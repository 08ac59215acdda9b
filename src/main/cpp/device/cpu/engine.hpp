// The CPU device's state, and the two ways in which work is spread: parallel() over tasks and gemm() over tiles.
// libgomp is the only thread pool; OpenBLAS runs single-threaded inside our tiles. Partitions depend on sizes and
// the engine's thread count alone, and every task writes its own outputs, so results are bit-reproducible.
#ifndef VICINAL_CPU_ENGINE_HPP_
#define VICINAL_CPU_ENGINE_HPP_

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <vector>

#include "algorithm/data.hpp"
#include "core/refusals.hpp"
#include "device/cpu/kernels.hpp"
#include "device/cpu/workspace.hpp"
#include "vicinal/threads.hpp"

namespace vicinal::cpu {

struct Engine {
  int threads = 1;
  int isa = VICINAL_ISA_BASE;
  std::int64_t workspace_bytes = 0;
  Workspace workspace;
  std::atomic<bool> cancelled{false};

  // A call starts.
  void begin() {
    cancelled.store(false, std::memory_order_relaxed);
    workspace.begin();
    totals_ = {};
  }
  LossTotals* totals() { return &totals_; }  // of the call

  void check_ids(const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids,
                 std::int64_t least = 0) const {
    for (std::int64_t i = 0; i < n; ++i)
      if (ids[i] < least || ids[i] >= bound) refuse_id(name, i, ids[i], bound, least);
  }
  template <class Real>
  void check_weights(const char* name, std::int64_t n, std::int64_t columns, const Real* values) const {
    for (std::int64_t i = 0; i < n; ++i)
      if (!(values[i] >= Real(0) && values[i] <= std::numeric_limits<Real>::max()))
        refuse_weight(name, i, columns, values[i]);
  }

  // What an engine with memory of its own has to do about arguments and arrays, and at a call's end.
  template <class T>
  const T* in(const T* values, std::int64_t) const {
    return values;
  }
  template <class T>
  T* out(T* values, std::int64_t) const {
    return values;
  }
  template <class T>
  T* in_out(T* values, std::int64_t) const {
    return values;
  }
  // The same of values that the call made, until the workspace is rewound.
  template <class T>
  const T* in(std::vector<T>&& values) {
    T* kept = workspace.get<T>(static_cast<std::int64_t>(values.size()));
    std::copy(values.begin(), values.end(), kept);
    return kept;
  }
  void settle() const {}
  void queue_end() const {}
  void wait() const {}
  void finish() const {}
  template <class T>
  void read(T* to, const T* from, std::int64_t count) const {
    copy(to, from, count);
  }
  template <class T>
  void zero(T* values, std::int64_t count) const {
    if (count > 0) std::memset(values, 0, static_cast<std::size_t>(count) * sizeof(T));
  }
  template <class T>
  void copy(T* to, const T* from, std::int64_t count) const {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
  }

  // Between tiles: the caller may have asked to stop.
  void poll() const {
    if (cancelled.load(std::memory_order_relaxed)) fail(VICINAL_CANCELLED, "the call was cancelled");
  }

 private:
  LossTotals totals_{};
};

// Below this much arithmetic one thread is faster: starting a team costs 2 to 5 us, in which one core does about
// this many operations.
constexpr double kSerialFlops = 4e5;
// One task's upper bound, so that a cancel request is seen in time: 0.1 s at 70 GFLOP/s a core, 0.7 s at 10. Every task
// of a product packs one operand again, so more tasks cost more.
constexpr double kTaskFlops = 7e9;

// How many tasks `flops` of work should become.
inline std::int64_t task_count(const Engine& e, double flops) {
  if (flops < kSerialFlops) return 1;
  const double rounds = flops / (kTaskFlops * e.threads);
  return e.threads * (1 + static_cast<std::int64_t>(rounds));
}

struct Range {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
};

// Part i of `parts` of [0, n), cut at multiples of `align`.
inline Range part(std::int64_t n, std::int64_t parts, std::int64_t i, std::int64_t align = 1) {
  const std::int64_t units = (n + align - 1) / align;
  return {std::min(n, units * i / parts * align), std::min(n, units * (i + 1) / parts * align)};
}

// body(task) for every task. An exception in a task stops the rest and is rethrown here: none leaves the region.
template <class Body>
void parallel(const Engine& e, std::int64_t tasks, Body&& body) {
  if (tasks <= 1 || e.threads == 1) {
    for (std::int64_t t = 0; t < tasks; ++t) {
      e.poll();
      body(t);
    }
    return;
  }
  std::atomic<bool> stop{false};
  std::exception_ptr failure;
  // Always the engine's width: libgomp ends the threads that a narrower region leaves over, and starts them again.
  const int width = team(e.threads);
#pragma omp parallel for num_threads(width) schedule(static)
  for (std::int64_t t = 0; t < tasks; ++t) {
    if (stop.load(std::memory_order_relaxed)) continue;
    try {
      e.poll();
      body(t);
    } catch (...) {
      if (!stop.exchange(true)) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

// body(range) over [0, n) cut into tasks for `flops` of work.
template <class Body>
void parallel_ranges(const Engine& e, std::int64_t n, double flops, Body&& body) {
  const std::int64_t tasks = std::min(n, task_count(e, flops));
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(n, tasks, t);
    if (r.size() > 0) body(r);
  });
}

// c [m, n] = op(a) op(b) + (accumulate ? c : 0); op transposes when the flag is set. Row-major, leading dimensions.
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
};
template <class Real>
void gemm_serial(const Product<Real>& p);  // in the calling thread
template <class Real>
void gemm(const Engine& e, const Product<Real>& p);  // over the engine's threads
// The same for c = a' b, a sum over many rows (transpose_a, not transpose_b): may cut the sum over the threads.
template <class Real>
void gemm_over_rows(Engine& e, const Product<Real>& p);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_ENGINE_HPP_
