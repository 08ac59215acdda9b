// C ABI: parts of files as memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

// A file descriptor that is closed at the end of its scope; a mapping outlives it.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

// Bytes before `position` in its page.
std::int64_t in_page(std::int64_t position) {
  return position % sysconf(_SC_PAGESIZE);
}

const void* map_file(const char* path, std::int64_t offset, std::int64_t bytes) {
  const Descriptor file{open(path, O_RDONLY | O_CLOEXEC)};
  require(file.fd >= 0, "path: cannot be opened (", std::strerror(errno), ")");
  struct stat about;
  require(fstat(file.fd, &about) == 0, "path: its size cannot be read (", std::strerror(errno), ")");
  require(S_ISREG(about.st_mode), "path: is not a regular file");
  // Pages beyond the end of a file cannot be touched.
  require(offset <= about.st_size && bytes <= about.st_size - offset, "path: has ", about.st_size, " bytes where ",
          bytes, " are expected from byte ", offset, " on: it is truncated");
  const std::int64_t before = in_page(offset);
  // Private and writable: a write to the memory makes a copy of its page and never reaches the file.
  void* base = mmap(nullptr, static_cast<std::size_t>(before + bytes), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_NORESERVE, file.fd, offset - before);
  if (base == MAP_FAILED)
    fail(VICINAL_OUT_OF_MEMORY, "path: ", bytes, " bytes cannot be mapped: ", std::strerror(errno));
  return static_cast<const char*>(base) + before;
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

vicinal_status vicinal_map_file(const char* path, int64_t offset, int64_t bytes, const void** address) {
  return vicinal::guard([&] {
    vicinal::capi::check_pointer("path", path);
    vicinal::capi::check_pointer("address", address);
    *address = nullptr;
    vicinal::require(offset >= 0, "offset is ", offset, "; it must not be negative");
    vicinal::capi::check_size("bytes", bytes);
    *address = vicinal::capi::map_file(path, offset, bytes);
  });
}

vicinal_status vicinal_unmap_file(const void* address, int64_t bytes) {
  return vicinal::guard([&] {
    vicinal::capi::check_pointer("address", address);
    vicinal::capi::check_size("bytes", bytes);
    const std::int64_t before =
        vicinal::capi::in_page(static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(address)));
    char* base = const_cast<char*>(static_cast<const char*>(address)) - before;
    vicinal::require(munmap(base, static_cast<std::size_t>(before + bytes)) == 0, "address: is not mapped");
  });
}

}  // extern "C"
