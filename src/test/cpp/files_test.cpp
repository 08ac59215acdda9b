// Parts of files as memory.
#include <unistd.h>

#include <cstdio>

#include "support.hpp"

namespace {

using namespace test;

// A file of `count` bytes, byte i is i mod 251; removed at the end of the scope.
struct File {
  char path[64] = "/tmp/vicinal-files-test-XXXXXX";
  explicit File(std::int64_t count) {
    const int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    FILE* out = fdopen(fd, "wb");
    for (std::int64_t i = 0; i < count; ++i) std::fputc(static_cast<int>(i % 251), out);
    std::fclose(out);
  }
  ~File() { std::remove(path); }
};

TEST_CASE("files: any offset is mapped, and the memory is the file's") {
  const File file(20000);
  for (std::int64_t offset : {0, 1, 128, 4095, 4096, 4097, 12345}) {
    CAPTURE(offset);
    const std::int64_t bytes = 20000 - offset;
    const void* address = nullptr;
    ok(vicinal_map_file(file.path, offset, bytes, &address));
    const auto* data = static_cast<const unsigned char*>(address);
    bool equal = true;
    for (std::int64_t i = 0; i < bytes; ++i) equal = equal && data[i] == (offset + i) % 251;
    CHECK(equal);
    // A write stays in this process.
    const_cast<unsigned char*>(data)[0] = 255;
    const void* other = nullptr;
    ok(vicinal_map_file(file.path, offset, bytes, &other));
    CHECK(*static_cast<const unsigned char*>(other) == offset % 251);
    CHECK(vicinal_unmap_file(other, bytes) == VICINAL_OK);
    CHECK(vicinal_unmap_file(address, bytes) == VICINAL_OK);
  }
}

TEST_CASE("files: refusals name the argument") {
  const File file(1000);
  const void* address = nullptr;
  refused(vicinal_map_file(file.path, 0, 1001, &address),
          "has 1000 bytes where 1001 are expected from byte 0 on: it is truncated");
  CHECK(address == nullptr);
  CHECK(vicinal_map_file(file.path, 1001, 1, &address) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_map_file(file.path, 900, std::numeric_limits<std::int64_t>::max(), &address) ==
        VICINAL_INVALID_ARGUMENT);
  refused(vicinal_map_file(file.path, -1, 10, &address), "offset is -1");
  refused(vicinal_map_file(file.path, 0, 0, &address), "bytes is 0");
  refused(vicinal_map_file("/tmp/vicinal-no-such-file", 0, 1, &address), "path: cannot be opened");
  refused(vicinal_map_file("/tmp", 0, 1, &address), "path: is not a regular file");
  CHECK(vicinal_map_file(nullptr, 0, 1, &address) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_unmap_file(nullptr, 1) == VICINAL_INVALID_ARGUMENT);
}

}  // namespace
