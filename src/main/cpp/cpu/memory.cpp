// The process's memory as a device's, so that one set of calls serves every device.
#include "cpu/memory.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"

namespace vicinal::cpu {
namespace {

// Every block starts with its size, in the space that its alignment leaves.
constexpr std::size_t kAlignment = 256;
std::atomic<std::int64_t> in_use{0};

void* allocate(int, std::int64_t bytes) {
  const std::size_t total = (static_cast<std::size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment + kAlignment;
  char* block = static_cast<char*>(std::aligned_alloc(kAlignment, total));
  if (block == nullptr) fail(VICINAL_OUT_OF_MEMORY, "out of memory: ", bytes, " bytes were refused");
  std::memset(block, 0, total);
  std::memcpy(block, &bytes, sizeof bytes);
  in_use += bytes;
  return block + kAlignment;
}

void release(int, void* address) {
  char* block = static_cast<char*>(address) - kAlignment;
  std::int64_t bytes;
  std::memcpy(&bytes, block, sizeof bytes);
  in_use -= bytes;
  std::free(block);
}

}  // namespace

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
    *held = 0;
    *limit = 0;
  };
  t.set_limit = [](int, std::int64_t) {
    fail(VICINAL_INVALID_ARGUMENT, "device 'cpu' has no limit of its own; limit the process");
  };
  t.on_host = [](const void*) { return true; };
  return t;
}

}  // namespace vicinal::cpu
