// What a file says of itself before anything is decoded: format, size, orientation.
#include <cstring>

#include "image/codecs.hpp"

namespace vicinal::image {
namespace {

// Bytes that are read only where there are some.
class Reader {
 public:
  explicit Reader(Bytes bytes, bool little = false) : bytes_(bytes), little_(little) {}
  bool has(std::int64_t at, std::int64_t count) const { return at >= 0 && count >= 0 && at <= bytes_.size - count; }
  bool text(std::int64_t at, const char* expected) const {
    const auto count = static_cast<std::int64_t>(std::strlen(expected));
    return has(at, count) && std::memcmp(bytes_.data + at, expected, static_cast<std::size_t>(count)) == 0;
  }
  std::uint32_t byte(std::int64_t at) const { return has(at, 1) ? bytes_.data[at] : refuse(); }
  std::uint32_t two(std::int64_t at) const {
    return little_ ? byte(at) | byte(at + 1) << 8 : byte(at) << 8 | byte(at + 1);
  }
  std::uint32_t four(std::int64_t at) const {
    return little_ ? two(at) | two(at + 2) << 16 : two(at) << 16 | two(at + 2);
  }
  Bytes part(std::int64_t at, std::int64_t count) const {
    if (!has(at, count)) refuse_truncated();
    return {bytes_.data + at, count};
  }
  std::int64_t size() const { return bytes_.size; }

 private:
  [[noreturn]] static std::uint32_t refuse() { refuse_truncated(); }
  Bytes bytes_;
  bool little_;
};

// The tag of the orientation in the first directory of an EXIF block (TIFF 6.0, section 2). A block that makes no sense
// says nothing.
int orientation_of(Bytes exif) {
  if (Reader(exif).text(0, "Exif")) exif = exif.size > 6 ? Bytes{exif.data + 6, exif.size - 6} : Bytes{exif.data, 0};
  const bool little = Reader(exif).text(0, "II");
  if (!little && !Reader(exif).text(0, "MM")) return 1;
  const Reader tiff(exif, little);
  if (!tiff.has(0, 8)) return 1;
  const std::int64_t directory = tiff.four(4);
  if (!tiff.has(directory, 2)) return 1;
  const std::int64_t count = tiff.two(directory);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t entry = directory + 2 + 12 * i;
    if (!tiff.has(entry, 12)) return 1;
    if (tiff.two(entry) != 0x0112 || tiff.two(entry + 2) != 3) continue;
    const auto value = static_cast<int>(tiff.two(entry + 8));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

vicinal_image_header jpeg_header(const Reader& file) {
  vicinal_image_header header{VICINAL_IMAGE_JPEG, 0, 0, 1};
  for (std::int64_t at = 2;;) {
    while (file.byte(at) != 0xFF) ++at;  // as libjpeg does: what stands between segments is passed over
    while (file.byte(at) == 0xFF) ++at;
    const std::uint32_t marker = file.byte(at++);
    if (marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD8)) continue;
    require(marker != 0xD9 && marker != 0xDA, "is a JPEG file without a picture");
    const std::int64_t length = file.two(at);
    require(length >= 2, "is a JPEG file with a broken segment");
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      header.height = static_cast<int>(file.two(at + 3));
      header.width = static_cast<int>(file.two(at + 5));
      return header;
    }
    if (marker == 0xE1 && file.text(at + 2, "Exif")) header.orientation = orientation_of(file.part(at + 2, length - 2));
    at += length;
  }
}

vicinal_image_header png_header(const Reader& file) {
  require(file.text(12, "IHDR"), "is a PNG file without a header");
  vicinal_image_header header{VICINAL_IMAGE_PNG, 0, 0, 1};
  const std::uint32_t width = file.four(16), height = file.four(20);
  require(width <= 0x7FFFFFFF && height <= 0x7FFFFFFF, "is a PNG file with a broken header");
  header.width = static_cast<int>(width);
  header.height = static_cast<int>(height);
  for (std::int64_t at = 8; file.has(at, 12); at += 12 + static_cast<std::int64_t>(file.four(at)))
    if (file.text(at + 4, "eXIf") && file.has(at + 8, file.four(at)))
      header.orientation = orientation_of(file.part(at + 8, file.four(at)));
  return header;
}

int webp_orientation(Bytes bytes) {
  const Reader file(bytes, true);
  for (std::int64_t at = 12; file.has(at, 8);) {
    const std::int64_t length = file.four(at + 4);
    if (file.text(at, "EXIF") && file.has(at + 8, length)) return orientation_of(file.part(at + 8, length));
    at += 8 + length + length % 2;
  }
  return 1;
}

vicinal_image_header raw_header(Bytes bytes) {
  const Reader file(bytes, true);
  const std::uint32_t width = file.four(4), height = file.four(8);
  require(width <= 0x7FFFFFFF && height <= 0x7FFFFFFF && std::uint64_t{width} * height <= 0x7FFFFFFF,
          "is a raw picture with a broken header");
  const std::int64_t needed = VICINAL_IMAGE_RAW_BYTES + std::int64_t{3} * width * height;
  require(bytes.size == needed, "is a raw picture of ", bytes.size, " bytes where ", needed, " are expected");
  return {VICINAL_IMAGE_RAW, static_cast<int>(width), static_cast<int>(height), 1};
}

// What a file may be that we do not read.
const char* other_format(const Reader& file) {
  struct Start {
    std::int64_t at;
    const char *text, *name;
  };
  static constexpr Start kStarts[] = {
      {0, "GIF8", "a GIF picture"},
      {0, "BM", "a BMP picture"},
      {0, "II*", "a TIFF picture"},
      {0, "MM", "a TIFF picture"},
      {4, "ftypavif", "an AVIF picture"},
      {4, "ftyphei", "an HEIC picture"},
      {4, "ftypmif", "an HEIC picture"},
      {0, "%PDF", "a PDF document"},
      {0, "<svg", "an SVG drawing"},
      {0, "<?xml", "XML"},
      {0, "<!DOCTYPE", "a web page"},
      {0, "<!doctype", "a web page"},
      {0, "<html", "a web page"},
      {0, "PK\x03\x04", "a zip archive"},
      {0, "version https://git-lfs", "a pointer of Git LFS, whose file was not fetched"},
  };
  for (const Start& start : kStarts)
    if (file.text(start.at, start.text)) return start.name;
  return "something else";
}

}  // namespace

vicinal_image_header read_header(Bytes bytes) {
  require(bytes.size > 0, "is empty");
  const Reader file(bytes);
  vicinal_image_header header;
  if (file.has(0, 2) && file.two(0) == 0xFFD8) {
    header = jpeg_header(file);
  } else if (file.text(0, "\x89PNG\r\n\x1a\n")) {
    header = png_header(file);
  } else if (file.text(0, "RIFF") && file.text(8, "WEBP")) {
    header = webp_header(bytes);
    header.orientation = webp_orientation(bytes);
  } else if (file.text(0, "VRGB")) {
    header = raw_header(bytes);
  } else {
    fail(VICINAL_INVALID_ARGUMENT, "is no JPEG, PNG or WebP picture but ", other_format(file));
  }
  require(header.width >= 1 && header.height >= 1, "says that it has ", header.width, " x ", header.height, " pixels");
  return header;
}

Pixels decode_raw(Bytes file, const vicinal_image_header& header, Part part) {
  Pixels out(part.width, part.height);
  for (int y = 0; y < part.height; ++y) {
    const std::int64_t pixel = std::int64_t{part.top + y} * header.width + part.left;
    std::memcpy(out.row(y), file.data + VICINAL_IMAGE_RAW_BYTES + 3 * pixel, out.stride());
  }
  return out;
}

}  // namespace vicinal::image
