/* faiss_threads.hpp: how FAISS runs on our threads, and how it hears an Interrupt. Not bound to Java.
 *
 * FAISS knows one global interrupt callback and takes its thread count from OpenMP's per-thread setting. Here the
 * callback answers for the calling thread only, and searches are split by us, one FAISS thread per slice, because two
 * spinning pools (OpenMP's and the BLAS's) cost a third of the time.
 */
#ifndef VICINAL_FAISS_THREADS_HPP_
#define VICINAL_FAISS_THREADS_HPP_

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/FaissException.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>

#include "vicinal/faiss_interrupt.hpp"
#include "vicinal/threads.hpp"

/* Present when the BLAS is OpenBLAS, which it is in the Java library. */
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace vicinal {
namespace faiss {
namespace detail {

/* FAISS asks one global callback; ours answers for the thread that asks. */
inline thread_local const Interrupt* current_interrupt = nullptr;

struct ThreadInterrupt : ::faiss::InterruptCallback {
  bool want_interrupt() override { return current_interrupt != nullptr && current_interrupt->requested(); }
};

/* Once per process: the callback, and one BLAS thread (our own threads call it). */
inline void initialise() {
  static std::once_flag once;
  std::call_once(once, [] {
    ::faiss::InterruptCallback::instance.reset(new ThreadInterrupt);
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
  });
}

inline void throw_if(const Interrupt* interrupt) {
  if (interrupt != nullptr && interrupt->requested()) throw ::faiss::FaissException("computation interrupted");
}

/* Workers for a call that was asked to use `threads` (0: all). More than there are processors only compete. */
inline int workers_of(int threads) {
  constexpr int kMostThreads = 4096; /* as for an engine */
  if (threads < 0 || threads > kMostThreads) {
    throw ::faiss::FaissException("threads must be 0.." + std::to_string(kMostThreads) + ", got " +
                                  std::to_string(threads));
  }
  return threads == 0 ? omp_get_max_threads() : std::min(threads, std::max(1, omp_get_num_procs()));
}

/* What a FAISS call sees for its duration: this thread's interrupt, and at most `threads` OpenMP threads (the setting
 * is per calling thread, so concurrent calls do not disturb each other). */
class CallScope {
 public:
  CallScope(int threads, const Interrupt* interrupt) : interrupt_(current_interrupt), threads_(omp_get_max_threads()) {
    omp_set_num_threads(team(workers_of(threads)));
    current_interrupt = interrupt;
  }
  ~CallScope() {
    current_interrupt = interrupt_;
    omp_set_num_threads(threads_);
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  const Interrupt* interrupt_;
  int threads_;
};

/* Runs body(first, last) over [0, n) in slices on `threads` workers (0: all). FAISS finds itself inside a parallel
 * region there and stays on one thread. The first exception stops the others and is rethrown. */
template <class Body>
void for_slices(int64_t n, int64_t slice, int threads, const Interrupt* interrupt, const Body& body) {
  const int workers = workers_of(threads);
  const int64_t slices = (n + slice - 1) / slice;
  std::exception_ptr failure;
  std::atomic<bool> failed(false);
  const int width = team(workers);
  const int usual = omp_get_max_threads();
  /* OpenMP does not count a region of one thread as a region: FAISS would start a team of its own inside. */
  if (width == 1) omp_set_num_threads(1);
#pragma omp parallel num_threads(width)
  {
    const Interrupt* outer = current_interrupt;
    current_interrupt = interrupt;
#pragma omp for schedule(dynamic, 1)
    for (int64_t s = 0; s < slices; ++s) {
      if (failed.load(std::memory_order_relaxed)) continue;
      try {
        throw_if(interrupt);
        body(s * slice, std::min(n, (s + 1) * slice));
      } catch (...) {
#pragma omp critical(vicinal_faiss_failure)
        if (!failure) failure = std::current_exception();
        failed.store(true, std::memory_order_relaxed);
      }
    }
    current_interrupt = outer;
  }
  omp_set_num_threads(usual);
  trim_teams();
  if (failure) std::rethrow_exception(failure);
}

/* Queries per slice: enough for FAISS to take its matrix-product path, few enough that every worker has some and that
 * a request to stop is seen soon (a slice of 256 against 1M x 512 is about 3 s of one core, so the size shrinks there).
 */
inline int64_t slice_of(int64_t n, int64_t rows, int64_t d, int threads) {
  const double cost = std::max(1.0, 2.0 * static_cast<double>(rows) * static_cast<double>(d));
  const int64_t in_time = static_cast<int64_t>(std::max(20.0, std::min(1024.0, 1e10 / cost)));
  const int64_t workers = workers_of(threads);
  return std::max<int64_t>(1, std::min(in_time, (n + workers - 1) / workers));
}

}  // namespace detail
}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_THREADS_HPP_
