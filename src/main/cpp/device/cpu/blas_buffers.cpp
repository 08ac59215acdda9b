#include "device/cpu/blas_buffers.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "core/error.hpp"

// OpenBLAS's own, exported and without a header. A buffer that is given back stays mapped.
extern "C" void* blas_memory_alloc(int);
extern "C" void blas_memory_free(void*);

namespace vicinal::cpu {
namespace {

// OpenBLAS's table has twice as many places as the threads it was built for (64); beyond them it warns, and far beyond
// it ends the process. What more threads need is mapped when they call.
constexpr int kPlaces = 120;
constexpr std::size_t kBuffer = std::size_t{128} << 20;  // of an x86-64 build for every processor
// What the JVM and malloc take meanwhile (an arena of malloc is 64 MiB).
constexpr std::size_t kSpare = std::size_t{64} << 20;

std::mutex lock;
int wanted = 0;  // threads of the engines that live
int mapped = 0;  // buffers

}  // namespace

void reserve_blas_buffers(int threads) {
  // Calls under way at once have no more threads than this together (io.vicinal.process.Turns); idle engines need none.
  static const int most = 4 * static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const std::lock_guard<std::mutex> guard(lock);
  const int target = std::min(kPlaces, std::max(threads, std::min(wanted + threads, most)));
  if (target > mapped) {
    const auto more = static_cast<std::size_t>(target - mapped);
    const std::size_t bytes = more * kBuffer + kSpare;
    void* trial = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (trial == MAP_FAILED)
      fail(VICINAL_UNAVAILABLE, "OpenBLAS needs ", more * (kBuffer >> 20), " MiB of address space for ", more,
           " worker threads, and ulimit -v or -d does not leave it; raise that limit, use fewer threads, or give Java "
           "less (JAVA_TOOL_OPTIONS=-Xmx1g)");
    munmap(trial, bytes);
    std::vector<void*> buffers(static_cast<std::size_t>(target));
    for (void*& buffer : buffers) buffer = blas_memory_alloc(0);
    for (void* buffer : buffers)
      if (buffer != nullptr) blas_memory_free(buffer);
    mapped = target;
  }
  wanted += threads;
}

void release_blas_buffers(int threads) noexcept {
  const std::lock_guard<std::mutex> guard(lock);
  wanted -= threads;
}

}  // namespace vicinal::cpu
