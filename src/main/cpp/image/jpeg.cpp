// JPEG by libjpeg-turbo: baseline and progressive; grey, YCbCr, RGB, CMYK, YCCK. As Pillow: the accurate integer
// transform, smooth upsampling of chroma, CMYK inverted as Adobe's programs write it. Of a damaged file the library
// makes what it can, as Pillow lets it; a file that ends too early is refused.
#include <cstdio>
#include <cstring>

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>

#include "image/codecs.hpp"

namespace vicinal::image {
namespace {

// Smooth upsampling looks at a neighbour's chroma: with this many pixels more on both sides the edges of a part are
// those of the whole.
constexpr int kMargin = 4;
// Each scan of a progressive file costs a pass over the picture. Encoders write ten.
constexpr int kMostScans = 200;

struct Decompressor {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  jmp_buf at;
  char text[JMSG_LENGTH_MAX];

  Decompressor() {
    std::memset(this, 0, sizeof *this);
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr common) {
      auto* self = static_cast<Decompressor*>(common->client_data);
      common->err->format_message(common, self->text);
      longjmp(self->at, 1);
    };
    errors.emit_message = [](j_common_ptr common, int level) {
      if (level >= 0 || common->err->msg_code != JWRN_JPEG_EOF) return;
      auto* self = static_cast<Decompressor*>(common->client_data);
      std::strcpy(self->text, "ends too early: it is truncated");
      longjmp(self->at, 1);
    };
    errors.output_message = [](j_common_ptr) {};
    progress.progress_monitor = [](j_common_ptr common) {
      auto* self = static_cast<Decompressor*>(common->client_data);
      if (self->info.input_scan_number <= kMostScans) return;
      std::strcpy(self->text, "has too many scans");
      longjmp(self->at, 1);
    };
  }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { jpeg_destroy_decompress(&info); }

  template <class Body>
  void run(const Body& body) {
    if (!finished(at, body)) fail(VICINAL_INVALID_ARGUMENT, "cannot be decoded as JPEG: ", text);
  }
};

// x y / 255, rounded.
int share(int x, int y) {
  const int product = x * y + 128;
  return ((product >> 8) + product) >> 8;
}

// Inverted CMYK as it comes: 255 is no ink.
void cmyk_to_rgb(const std::uint8_t* from, int count, std::uint8_t* to) {
  for (int i = 0; i < count; ++i, from += 4, to += 3)
    for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(std::max(0, from[3] - share(255 - from[c], from[3])));
}

}  // namespace

Pixels decode_jpeg(Bytes file, const vicinal_image_header& header, Part part) {
  Decompressor d;
  JDIMENSION left = 0, width = 0;
  d.run([&] {
    jpeg_create_decompress(&d.info);
    d.info.progress = &d.progress;
    // A progressive picture is held whole as coefficients, two bytes each.
    d.info.mem->max_memory_to_use = static_cast<long>(std::int64_t{64} * 1024 * 1024 +
                                                      std::int64_t{16} * (header.width + 64) * (header.height + 64));
    jpeg_mem_src(&d.info, file.data, static_cast<unsigned long>(file.size));
    jpeg_read_header(&d.info, TRUE);
  });
  require(
      static_cast<int>(d.info.image_width) == header.width && static_cast<int>(d.info.image_height) == header.height,
      "is a JPEG file that says two sizes");
  const int components = d.info.num_components;
  require(components == 1 || components == 3 || components == 4, "is a JPEG file with ", components, " channels");
  const bool cmyk = components == 4;
  const int bytes = cmyk ? 4 : 3;
  d.run([&] {
    d.info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    d.info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&d.info);
    left = static_cast<JDIMENSION>(std::max(0, part.left - kMargin));
    width = static_cast<JDIMENSION>(std::min(header.width, part.left + part.width + kMargin)) - left;
    if (static_cast<int>(width) < header.width) jpeg_crop_scanline(&d.info, &left, &width);
  });
  const std::size_t before = static_cast<std::size_t>(bytes) * (static_cast<std::size_t>(part.left) - left);
  const auto row = std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(bytes) * d.info.output_width);
  Pixels out(part.width, part.height);
  d.run([&] {
    if (part.top > 0) jpeg_skip_scanlines(&d.info, static_cast<JDIMENSION>(part.top));
    for (int y = 0; y < part.height; ++y) {
      JSAMPROW at = row.get();
      if (jpeg_read_scanlines(&d.info, &at, 1) != 1) ERREXIT(&d.info, JERR_INPUT_EOF);
      if (cmyk) {
        cmyk_to_rgb(row.get() + before, part.width, out.row(y));
      } else {
        std::memcpy(out.row(y), row.get() + before, out.stride());
      }
    }
  });
  return out;
}

}  // namespace vicinal::image
