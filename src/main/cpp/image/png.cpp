// PNG by libpng: every depth and colour, interlaced or not. As Pillow's convert("RGB"): alpha is dropped, of 16 bits
// the upper 8 are kept, gamma is left alone.
#include <png.h>

#include <cstdio>
#include <cstring>

#include "image/codecs.hpp"

namespace vicinal::image {
namespace {

struct Reading {
  png_structp png = nullptr;
  png_infop info = nullptr;
  jmp_buf at;
  char text[160] = "";
  Bytes left;

  explicit Reading(Bytes file) : left(file) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { png_destroy_read_struct(&png, &info, nullptr); }

  static void error(png_structp png, png_const_charp text) {
    auto* self = static_cast<Reading*>(png_get_error_ptr(png));
    std::snprintf(self->text, sizeof self->text, "%s", text);
    longjmp(self->at, 1);
  }
  static void warning(png_structp, png_const_charp) {}
  static void read(png_structp png, png_bytep to, png_size_t count) {
    auto* self = static_cast<Reading*>(png_get_io_ptr(png));
    if (count > static_cast<std::size_t>(self->left.size)) png_error(png, "it ends too early, it is truncated");
    std::memcpy(to, self->left.data, count);
    self->left.data += count;
    self->left.size -= static_cast<std::int64_t>(count);
  }

  template <class Body>
  void run(const Body& body) {
    if (!finished(at, body)) fail(VICINAL_INVALID_ARGUMENT, "cannot be decoded as PNG: ", text);
  }
};

}  // namespace

Pixels decode_png(Bytes file, const vicinal_image_header& header, Part part) {
  Reading r(file);
  int passes = 1;
  r.run([&] {
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, Reading::error, Reading::warning);
    if (r.png != nullptr) r.info = png_create_info_struct(r.png);
    if (r.info == nullptr) return;
    png_set_read_fn(r.png, &r, Reading::read);
    png_set_user_limits(r.png, 0x7FFFFFFF, 0x7FFFFFFF);  // the header's size was checked
    png_set_chunk_malloc_max(r.png, 16 * 1024 * 1024);   // comments and profiles, which nobody reads
    png_read_info(r.png, r.info);
    png_set_expand(r.png);
    png_set_strip_16(r.png);
    png_set_gray_to_rgb(r.png);
    png_set_strip_alpha(r.png);
    passes = png_set_interlace_handling(r.png);
    png_read_update_info(r.png, r.info);
  });
  if (r.info == nullptr) fail(VICINAL_OUT_OF_MEMORY, "out of memory");
  const std::size_t stride = std::size_t{3} * static_cast<std::size_t>(header.width);
  require(static_cast<int>(png_get_image_width(r.png, r.info)) == header.width &&
              static_cast<int>(png_get_image_height(r.png, r.info)) == header.height &&
              png_get_rowbytes(r.png, r.info) == stride,
          "is a PNG file that says two sizes");
  Pixels out(part.width, part.height);
  const std::size_t before = std::size_t{3} * static_cast<std::size_t>(part.left);
  if (passes == 1) {
    const auto row = std::make_unique<std::uint8_t[]>(stride);
    r.run([&] {
      for (int y = 0; y < part.top + part.height; ++y) {
        png_read_row(r.png, row.get(), nullptr);
        if (y >= part.top) std::memcpy(out.row(y - part.top), row.get() + before, out.stride());
      }
    });
  } else {
    const Pixels whole(header.width, header.height);
    std::memset(whole.data.get(), 0, whole.bytes());
    r.run([&] {
      for (int pass = 0; pass < passes; ++pass)
        for (int y = 0; y < header.height; ++y) png_read_row(r.png, whole.row(y), nullptr);
    });
    for (int y = 0; y < part.height; ++y) std::memcpy(out.row(y), whole.row(part.top + y) + before, out.stride());
  }
  return out;
}

}  // namespace vicinal::image
