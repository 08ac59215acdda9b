#include "device/cpu/memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iomanip>
#include <sstream>

#include "core/error.hpp"

namespace vicinal::cpu {
namespace {

constexpr std::int64_t kOwnPages = 1 << 20;
// Before a block of the device's memory stand its size and where it starts, in the space that its alignment leaves.
constexpr std::uintptr_t kAlignment = 256;

std::atomic<std::int64_t> in_use{0};  // allocated by callers
std::atomic<std::int64_t> total{0};   // and by the calls themselves: workspace, curvatures
std::atomic<std::int64_t> most{0};    // 0: no limit

double mebibytes(std::int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

[[noreturn]] void refuse(std::int64_t bytes, const char* what, std::int64_t left) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << "out of memory: " << mebibytes(bytes) << " MiB of " << what
       << " are needed";
  if (left >= 0) text << " and " << mebibytes(left) << " MiB are left to this process";
  throw Error(VICINAL_OUT_OF_MEMORY, text.str());
}

std::int64_t rounded(std::int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

void* allocate(int, std::int64_t bytes) {
  const std::int64_t size = bytes + 2 * static_cast<std::int64_t>(kAlignment);
  char* start = static_cast<char*>(take_memory(size, "memory"));
  // The second multiple of the alignment from here: at least kAlignment bytes lie before it.
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(start);
  const std::int64_t offset = static_cast<std::int64_t>((address / kAlignment + 2) * kAlignment - address);
  char* block = start + offset;
  std::memset(block, 0, static_cast<std::size_t>(bytes));
  const std::int64_t header[3] = {bytes, size, offset};
  std::memcpy(block - sizeof header, header, sizeof header);
  in_use += bytes;
  return block;
}

void release(int, void* address) {
  char* block = static_cast<char*>(address);
  std::int64_t header[3];
  std::memcpy(header, block - sizeof header, sizeof header);
  in_use -= header[0];
  give_memory(block - header[2], header[1]);
}

}  // namespace

void* take_memory(std::int64_t bytes, const char* what) {
  const std::int64_t size = rounded(bytes);
  const std::int64_t limit = most.load(std::memory_order_relaxed);
  const std::int64_t before = total.fetch_add(size);
  if (limit > 0 && size > limit - before) {
    total -= size;
    refuse(size, what, std::max<std::int64_t>(0, limit - before));
  }
  void* data;
  if (size >= kOwnPages) {
    data = mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) data = nullptr;
  } else {
    data = std::aligned_alloc(64, static_cast<std::size_t>(size));
  }
  if (data == nullptr) {
    total -= size;
    refuse(size, what, limit > 0 ? std::max<std::int64_t>(0, limit - before) : -1);
  }
  return data;
}

void give_memory(void* address, std::int64_t bytes) noexcept {
  if (address == nullptr) return;
  const std::int64_t size = rounded(bytes);
  total -= size;
  if (size >= kOwnPages) {
    munmap(address, static_cast<std::size_t>(size));
  } else {
    std::free(address);
  }
}

MemoryTable memory_table() {
  MemoryTable t{};
  t.allocate = allocate;
  t.release = release;
  t.zero = [](int, void* to, std::int64_t bytes) { std::memset(to, 0, static_cast<std::size_t>(bytes)); };
  t.write = [](int, void* to, const void* from, std::int64_t bytes) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
  };
  t.read = [](int, void* to, const void* from, std::int64_t bytes) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
  };
  t.usage = [](int, std::int64_t* used, std::int64_t* held, std::int64_t* limit) {
    *used = in_use;
    *held = std::max<std::int64_t>(0, total - in_use);
    *limit = most;
  };
  t.set_limit = [](int, std::int64_t bytes) { most = bytes; };
  t.on_host = [](const void*) { return true; };
  return t;
}

}  // namespace vicinal::cpu
