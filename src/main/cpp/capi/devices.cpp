// C ABI: devices of other libraries, and the memory of every device.
// Another library may have a C++ runtime of its own, so exceptions stay inside it: its functions note a failure, and
// the copies of them that are made here throw it again on this side.
#include "capi/devices.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

std::mutex adding;
DeviceTable added;                                 // forwards to *foreign
std::atomic<const DeviceTable*> foreign{nullptr};  // set once

void raise() {
  const char* sentence = "";
  const vicinal_status status = foreign.load(std::memory_order_acquire)->failure(&sentence);
  if (status != VICINAL_OK) throw Error(status, sentence);
}

// The function of `Group` in the foreign table that a member pointer names, followed by raise().
template <auto Member>
struct Forward;
template <class Group, class R, class... A, R (*Group::*Member)(A...)>
struct Forward<Member> {
  static const Group& group() {
    const DeviceTable& table = *foreign.load(std::memory_order_acquire);
    if constexpr (std::is_same_v<Group, DeviceTable>) {
      return table;
    } else if constexpr (std::is_same_v<Group, MemoryTable>) {
      return table.memory;
    } else if constexpr (std::is_same_v<Group, Operations<float>>) {
      return table.f32;
    } else {
      return table.f64;
    }
  }
  static R call(A... arguments) {
    if constexpr (std::is_void_v<R>) {
      (group().*Member)(arguments...);
      raise();
    } else {
      const R result = (group().*Member)(arguments...);
      raise();
      return result;
    }
  }
};

template <auto... Members, class Group>
void forward(Group& group) {
  ((group.*Members = Forward<Members>::call), ...);
}

template <class Real>
void forward_operations(Operations<Real>& t) {
  const auto destroy = t.curvature_destroy;
#define VICINAL_FORWARD(name) t.name = Forward<&Operations<Real>::name>::call;
  VICINAL_OPERATIONS(VICINAL_FORWARD)
#undef VICINAL_FORWARD
  t.curvature_destroy = destroy;  // has nobody to tell of a failure
}

void open_library(const char* path) {
  check_pointer("library", path);
  const std::lock_guard<std::mutex> lock(adding);
  if (foreign.load() != nullptr) return;
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(VICINAL_UNAVAILABLE, "the device library could not be loaded: ", dlerror());
  const auto entry = reinterpret_cast<TableEntry>(dlsym(library, "vicinal_cuda_table"));
  if (entry == nullptr) fail(VICINAL_UNAVAILABLE, path, " has no vicinal_cuda_table: it is another library");
  const DeviceTable* table = entry(VICINAL_ABI_VERSION, table_fingerprint());
  if (table == nullptr)
    fail(VICINAL_UNAVAILABLE, path, " was built for another version than ", VICINAL_ABI_VERSION,
         ": use the one that came with this library");
  const int devices = table->count();
  const char* sentence = "";
  if (table->failure(&sentence) != VICINAL_OK || devices == 0)
    fail(VICINAL_UNAVAILABLE, "no CUDA device: ", devices == 0 && *sentence == '\0' ? "none was found" : sentence);
  added = *table;
  foreign.store(table, std::memory_order_release);
  // A new member is forwarded here too, unless it fails never.
  static_assert(sizeof(MemoryTable) == 8 * sizeof(void*));
  static_assert(sizeof(DeviceTable) == sizeof(MemoryTable) + 2 * sizeof(Operations<float>) + 14 * sizeof(void*));
  using D = DeviceTable;
  forward<&D::count, &D::create, &D::check_ids, &D::rank, &D::nearest, &D::close_pairs>(added);
  using M = MemoryTable;
  forward<&M::allocate, &M::release, &M::zero, &M::write, &M::read, &M::usage, &M::set_limit>(added.memory);
  forward_operations(added.f32);
  forward_operations(added.f64);
}

const DeviceTable* added_table() {
  return foreign.load(std::memory_order_acquire) == nullptr ? nullptr : &added;
}

}  // namespace

DeviceName find_device(const char* name) {
  check_pointer("device", name);
  const char* colon = std::strchr(name, ':');
  const std::string kind = colon == nullptr ? name : std::string(name, colon);
  for (const DeviceTable* table : {&cpu_table(), added_table()}) {
    if (table == nullptr || kind != table->name) continue;
    char* end = nullptr;
    const long ordinal = colon == nullptr ? 0 : std::strtol(colon + 1, &end, 10);
    const int count = table->count();
    if (colon != nullptr && (end == colon + 1 || *end != '\0' || ordinal < 0 || ordinal >= count))
      fail(VICINAL_UNAVAILABLE, "device '", name, "' is not available; ", kind, ":0 to ", kind, ":", count - 1, " are");
    return {table, static_cast<int>(ordinal)};
  }
  fail(VICINAL_UNAVAILABLE, "device '", name, "' is not available; this process has: ", cpu_table().name,
       added_table() == nullptr ? "" : ", ", added_table() == nullptr ? "" : added_table()->name);
}

}  // namespace vicinal::capi

using vicinal::guard;
using vicinal::capi::check_pointer;
using vicinal::capi::DeviceName;
using vicinal::capi::find_device;

namespace {

void check_bytes(std::int64_t bytes) {
  vicinal::require(bytes >= 1, "bytes is ", bytes, "; it must be at least 1");
}

}  // namespace

extern "C" {

vicinal_status vicinal_device_open(const char* library) {
  return guard([&] { vicinal::capi::open_library(library); });
}

vicinal_status vicinal_memory_allocate(const char* device, int64_t bytes, void** address) {
  return guard([&] {
    const DeviceName d = find_device(device);
    check_bytes(bytes);
    check_pointer("address", address);
    *address = d.table->memory.allocate(d.ordinal, bytes);
  });
}

vicinal_status vicinal_memory_release(const char* device, void* address) {
  return guard([&] {
    const DeviceName d = find_device(device);
    if (address != nullptr) d.table->memory.release(d.ordinal, address);
  });
}

vicinal_status vicinal_memory_zero(const char* device, void* address, int64_t bytes) {
  return guard([&] {
    const DeviceName d = find_device(device);
    check_bytes(bytes);
    check_pointer("address", address);
    d.table->memory.zero(d.ordinal, address, bytes);
  });
}

vicinal_status vicinal_memory_write(const char* device, void* address, const void* host, int64_t bytes) {
  return guard([&] {
    const DeviceName d = find_device(device);
    check_bytes(bytes);
    check_pointer("address", address);
    check_pointer("host", host);
    d.table->memory.write(d.ordinal, address, host, bytes);
  });
}

vicinal_status vicinal_memory_read(const char* device, void* host, const void* address, int64_t bytes) {
  return guard([&] {
    const DeviceName d = find_device(device);
    check_bytes(bytes);
    check_pointer("host", host);
    check_pointer("address", address);
    d.table->memory.read(d.ordinal, host, address, bytes);
  });
}

vicinal_status vicinal_memory_usage(const char* device, int64_t* in_use, int64_t* held, int64_t* limit) {
  return guard([&] {
    const DeviceName d = find_device(device);
    std::int64_t values[3] = {0, 0, 0};
    d.table->memory.usage(d.ordinal, values, values + 1, values + 2);
    if (in_use != nullptr) *in_use = values[0];
    if (held != nullptr) *held = values[1];
    if (limit != nullptr) *limit = values[2];
  });
}

vicinal_status vicinal_memory_set_limit(const char* device, int64_t bytes) {
  return guard([&] {
    const DeviceName d = find_device(device);
    vicinal::require(bytes >= 0, "bytes is ", bytes, "; it must be 0 for all, or more");
    d.table->memory.set_limit(d.ordinal, bytes);
  });
}

}  // extern "C"
