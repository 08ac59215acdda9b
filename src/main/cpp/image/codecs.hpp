// Files of pictures: what they say of themselves, and their pixels. Libraries of C report errors by longjmp: `finished`
// is the one place where that lands.
#ifndef VICINAL_IMAGE_CODECS_HPP_
#define VICINAL_IMAGE_CODECS_HPP_

#include <setjmp.h>

#include <cstdint>
#include <memory>

#include "core/error.hpp"
#include "vicinal/image.h"

namespace vicinal::image {

struct Bytes {
  const std::uint8_t* data;
  std::int64_t size;
};

// Columns and rows of a picture.
struct Part {
  int left, top, width, height;
};

// Memory of pixels that goes back to its thread: the system takes long to hand out large pieces, page by page.
struct Reuse {
  void operator()(std::uint8_t* memory) const;
};
using Memory = std::unique_ptr<std::uint8_t[], Reuse>;
Memory take_memory(std::size_t bytes);

// RGB rows, three bytes a pixel. 16 bytes may be read from every pixel: there is room behind the last one.
struct Pixels {
  Pixels() = default;
  Pixels(int w, int h) : width(w), height(h), data(take_memory(bytes() + 16)) {}
  std::size_t bytes() const {
    return std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }
  std::size_t stride() const { return std::size_t{3} * static_cast<std::size_t>(width); }
  std::uint8_t* row(int y) const { return data.get() + stride() * static_cast<std::size_t>(y); }

  int width = 0, height = 0;
  Memory data;
};

[[noreturn]] inline void refuse_truncated() {
  fail(VICINAL_INVALID_ARGUMENT, "ends too early: it is truncated");
}

vicinal_image_header read_header(Bytes file);
// Width, height and more of a WebP file, by its own library.
vicinal_image_header webp_header(Bytes file);

// A part of a picture as it is stored, whose size is the header's and was checked; all of `part` lies inside.
Pixels decode_jpeg(Bytes file, const vicinal_image_header& header, Part part);
Pixels decode_png(Bytes file, const vicinal_image_header& header, Part part);
Pixels decode_webp(Bytes file, const vicinal_image_header& header, Part part);
Pixels decode_raw(Bytes file, const vicinal_image_header& header, Part part);

// Runs `body`, from which a library may jump to `at`: false then. The body has no object that a jump would leave
// undestroyed, and what it writes lies outside of it.
template <class Body>
__attribute__((noinline)) bool finished(jmp_buf& at, const Body& body) {
  if (setjmp(at) != 0) return false;
  body();
  return true;
}

}  // namespace vicinal::image

#endif  // VICINAL_IMAGE_CODECS_HPP_
