// Addresses that no allocation covers map the inside of an empty file: reading or writing there raises SIGBUS whatever
// the protection says, so one mprotect over all allocations opens and closes the device and leaves the gaps closed.
//
// An allocation ends (rounded up to its alignment) at a page's end, before a page of gap; addresses are used again only
// when all others have been. The rests of its first and last page are checked when it is freed.
#include "device_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "block.hpp"

namespace emulation::device_memory {
namespace {

using Address = std::uintptr_t;
constexpr std::size_t kPage = 4096, kHugePage = 2 << 20, kLazy = 32 << 20, kAlignment = 256,
                      kReserved = std::size_t{64} << 30;

std::size_t round_up(std::size_t n, std::size_t unit) {
  return (n + unit - 1) / unit * unit;
}

struct Allocation {
  Address begin;
  std::size_t bytes;
  // Protecting costs a time per page: large allocations ask for large pages.
  static std::size_t page_size(std::size_t bytes) { return bytes >= kHugePage / 4 ? kHugePage : kPage; }
  Address page() const { return begin / page_size(bytes) * page_size(bytes); }
  Address end() const { return begin + bytes; }
  Address page_end() const { return round_up(end(), page_size(bytes)); }
};

auto& allocations = *new std::map<Address, Allocation>;  // by begin; never destroyed: other threads may outlive main
std::size_t used_bytes, depth;
Address cursor;

std::size_t& capacity_bytes() {
  static std::size_t bytes = [] {
    const char* text = std::getenv("VICINAL_EMULATED_MEMORY");
    return text ? std::strtoull(text, nullptr, 10) : std::size_t{2} << 30;
  }();
  return bytes;
}

bool guarded() {
  static const bool on = [] {
    const char* text = std::getenv("VICINAL_EMULATED_PROTECT");
    return text == nullptr || std::strcmp(text, "0") != 0;
  }();
  return on;
}

// Neighbouring gaps continue each other in the file, so that the system keeps them as one: it has few maps to give.
void map_gap(Address begin, std::size_t bytes, std::size_t offset) {
  static const int empty = memfd_create("vicinal-emulation-gap", MFD_CLOEXEC);
  void* where = reinterpret_cast<void*>(begin);
  if (mmap(where, bytes, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, empty, static_cast<off_t>(offset)) != where)
    fail("cannot map device memory");
}

// Copies on write of a file of 0xFF, again and again: memory that nobody touches costs nothing.
void map_pattern(Address begin, std::size_t bytes) {
  static const int pattern = [] {
    const int file = memfd_create("vicinal-emulation-pattern", MFD_CLOEXEC);
    const std::string ones(kHugePage, '\xff');
    if (write(file, ones.data(), ones.size()) != static_cast<ssize_t>(ones.size()))
      fail("cannot make a file in memory");
    return file;
  }();
  for (Address at = begin; at < begin + bytes; at += kHugePage) {
    void* where = reinterpret_cast<void*>(at);
    const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
    if (mmap(where, kHugePage, PROT_READ | PROT_WRITE, flags, pattern, 0) != where) fail("cannot map device memory");
  }
}

Address region() {
  static const Address begin = [] {
    void* memory = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fail("cannot reserve addresses for device memory");
    map_gap(reinterpret_cast<Address>(memory), kReserved, 0);
    return reinterpret_cast<Address>(memory);
  }();
  return begin;
}

void protect(int protection) {
  if (allocations.empty()) return;
  const Address begin = allocations.begin()->second.page(), end = allocations.rbegin()->second.page_end();
  if (mprotect(reinterpret_cast<void*>(begin), end - begin, protection) != 0) fail("cannot protect device memory");
}

// The first page from the cursor on with so many bytes free, a gap before and after; wraps once.
Address find_room(std::size_t bytes, std::size_t page) {
  const Address limit = region() + kReserved;
  for (Address from : {std::max(cursor, region()), region()}) {
    auto next = allocations.lower_bound(from);
    if (next != allocations.begin()) from = std::max(from, std::prev(next)->second.page_end());
    from = round_up(from + kPage, page);
    for (; next != allocations.end() && next->second.page() < from + bytes + kPage; ++next) {
      from = round_up(next->second.page_end() + kPage, page);
    }
    if (from + bytes + kPage <= limit) return from;
  }
  return 0;
}

const Allocation* find(const void* pointer) {
  const auto address = reinterpret_cast<Address>(pointer);
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin()) return nullptr;
  const Allocation& a = std::prev(after)->second;
  return address < a.end() ? &a : nullptr;
}

void check_rest(const Allocation& a, Address begin, Address end, const char* side) {
  for (Address i = begin; i < end; ++i) {
    if (*reinterpret_cast<unsigned char*>(i) == 0xff) continue;
    const auto distance = i < a.begin ? a.begin - i : i - a.end();
    fail("something wrote " + std::to_string(distance) + " bytes " + side + " an allocation of " +
         std::to_string(a.bytes) + " bytes of device memory");
  }
}

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t rounded = round_up(bytes, kAlignment), page = Allocation::page_size(bytes),
                    pages = round_up(bytes, page);
  if (rounded < bytes || rounded > capacity_bytes() - std::min(used_bytes, capacity_bytes())) return nullptr;
  const Address room = find_room(pages, page);
  if (room == 0) return nullptr;
  cursor = room + pages;
  void* where = reinterpret_cast<void*>(room);
  const Address begin = room + pages - rounded;
  if (bytes >= kLazy) {
    map_pattern(room, pages);
  } else {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    if (mmap(where, pages, PROT_READ | PROT_WRITE, flags, -1, 0) != where) fail("cannot map device memory");
    if (page == kHugePage) madvise(where, pages, MADV_HUGEPAGE);  // a wish
    const Address first = begin / kPage * kPage;
    std::memset(reinterpret_cast<void*>(first), 0xff, room + pages - first);
  }
  if (depth == 0 && guarded()) mprotect(where, pages, PROT_NONE);
  allocations[begin] = {begin, bytes};
  used_bytes += rounded;
  return reinterpret_cast<void*>(begin);
}

bool release(void* pointer) {
  const auto found = allocations.find(reinterpret_cast<Address>(pointer));
  if (found == allocations.end()) return false;
  const Allocation a = found->second;
  {
    const Access access;
    check_rest(a, a.begin / kPage * kPage, a.begin, "before");
    check_rest(a, a.end(), a.page_end(), "after");
  }
  allocations.erase(found);
  used_bytes -= round_up(a.bytes, kAlignment);
  map_gap(a.page(), a.page_end() - a.page(), a.page() - region());
  return true;
}

bool contains(const void* pointer) {
  const auto address = reinterpret_cast<Address>(pointer);
  return address >= region() && address < region() + kReserved;
}

bool holds(const void* pointer, std::size_t bytes) {
  const Allocation* a = find(pointer);
  return a != nullptr && bytes <= a->end() - reinterpret_cast<Address>(pointer);
}

std::size_t capacity() {
  return capacity_bytes();
}
std::size_t used() {
  return used_bytes;
}
void set_capacity(std::size_t bytes) {
  capacity_bytes() = bytes;
}

const char* describe(const void* address) {
  static char text[160];
  if (!contains(address)) return "";
  const auto at = reinterpret_cast<Address>(address);
  const Allocation* best = nullptr;
  std::size_t distance = ~std::size_t{0};
  for (const auto& [begin, a] : allocations) {
    const std::size_t d = at < begin ? begin - at : at >= a.end() ? at - a.end() + 1 : 0;
    if (d < distance) distance = d, best = &a;
  }
  if (best == nullptr || distance > kPage) {
    std::snprintf(text, sizeof text, "device memory that is not allocated");
  } else if (distance == 0) {
    std::snprintf(text, sizeof text, "an allocation of %zu bytes of device memory", best->bytes);
  } else {
    std::snprintf(text, sizeof text, "device memory, %zu bytes %s an allocation of %zu bytes", distance,
                  at < best->begin ? "before" : "after the end of", best->bytes);
  }
  return text;
}

Access::Access() {
  if (depth++ == 0 && guarded()) protect(PROT_READ | PROT_WRITE);
}

Access::~Access() {
  if (--depth == 0 && guarded()) protect(PROT_NONE);
}

}  // namespace emulation::device_memory
