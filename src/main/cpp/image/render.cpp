#include "image/render.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "image/colour.hpp"
#include "image/resample.hpp"

namespace vicinal::image {
namespace {

// How a stored picture stands: its axes swapped, then each of the stored ones walked backwards.
struct Turn {
  bool swap, back_x, back_y;
  explicit Turn(int orientation)
      : swap(orientation >= 5),
        back_x(orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8),
        back_y(orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) {}
};

Pixels decode(Bytes file, const vicinal_image_header& header, Part part) {
  switch (header.format) {
    case VICINAL_IMAGE_JPEG:
      return decode_jpeg(file, header, part);
    case VICINAL_IMAGE_PNG:
      return decode_png(file, header, part);
    case VICINAL_IMAGE_WEBP:
      return decode_webp(file, header, part);
    default:
      return decode_raw(file, header, part);
  }
}

// A part of the upright picture.
Pixels upright(Bytes file, const vicinal_image_header& header, int orientation, Part part) {
  if (orientation == 1) return decode(file, header, part);
  const Turn turn(orientation);
  Part stored = turn.swap ? Part{part.top, part.left, part.height, part.width} : part;
  if (turn.back_x) stored.left = header.width - stored.left - stored.width;
  if (turn.back_y) stored.top = header.height - stored.top - stored.height;
  const Pixels as_stored = decode(file, header, stored);
  Pixels out(part.width, part.height);
  for (int y = 0; y < part.height; ++y) {
    std::uint8_t* to = out.row(y);
    for (int x = 0; x < part.width; ++x, to += 3) {
      int from_x = turn.swap ? y : x, from_y = turn.swap ? x : y;
      if (turn.back_x) from_x = stored.width - 1 - from_x;
      if (turn.back_y) from_y = stored.height - 1 - from_y;
      std::memcpy(to, as_stored.row(from_y) + 3 * from_x, 3);
    }
  }
  return out;
}

void flip(Pixels& picture) {
  for (int y = 0; y < picture.height; ++y) {
    std::uint8_t *left = picture.row(y), *right = left + 3 * (picture.width - 1);
    for (; left < right; left += 3, right -= 3)
      for (int c = 0; c < 3; ++c) std::swap(left[c], right[c]);
  }
}

inline __attribute__((always_inline)) void scaled(const std::uint8_t* row, std::size_t count, const float* scale,
                                                  const float* shift, float* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(row[i]) * scale[i] + shift[i];
}
void scale_and_shift(const std::uint8_t* row, std::size_t count, const float* scale, const float* shift,
                     float* values) {
  scaled(row, count, scale, shift, values);
}
namespace avx2 {
__attribute__((target("avx2,fma"))) void scale_and_shift(const std::uint8_t* row, std::size_t count, const float* scale,
                                                         const float* shift, float* values) {
  scaled(row, count, scale, shift, values);
}
}  // namespace avx2

}  // namespace

Pixels render(Bytes file, const vicinal_image_view& view) {
  const vicinal_image_header header = read_header(file);
  require(std::int64_t{header.width} * header.height <= view.most_pixels, "has ", header.width, " x ", header.height,
          " pixels, more than the ", view.most_pixels, " that are allowed");
  const int orientation = view.upright != 0 ? header.orientation : 1;
  const int width = orientation >= 5 ? header.height : header.width;
  const int height = orientation >= 5 ? header.width : header.height;
  require(view.left <= width - view.width && view.top <= height - view.height, "the view's part of ", view.width, " x ",
          view.height, " at (", view.left, ", ", view.top, ") lies outside of ", width, " x ", height, " pixels");
  Pixels out(view.out_width, view.out_height);
  // Columns and rows of the resized part that the crop shows.
  const auto from = [](int crop) { return std::max(0, crop); };
  const auto to = [](int crop, int kept, int size) {
    return static_cast<int>(std::min<std::int64_t>(std::int64_t{crop} + kept, size));
  };
  const int x0 = from(view.crop_left), x1 = to(view.crop_left, view.out_width, view.resized_width);
  const int y0 = from(view.crop_top), y1 = to(view.crop_top, view.out_height, view.resized_height);
  if (x1 - x0 != view.out_width || y1 - y0 != view.out_height) std::memset(out.data.get(), 0, out.bytes());
  if (x1 > x0 && y1 > y0) {
    const Kernel columns = make_kernel(view.filter, view.width, view.resized_width, x0, x1);
    const Kernel rows = make_kernel(view.filter, view.height, view.resized_height, y0, y1);
    const std::int64_t narrow = std::int64_t{columns.outputs()} * (rows.to - rows.from);
    require(narrow <= std::max<std::int64_t>(view.most_pixels, std::int64_t{width} * height), "has ", width, " x ",
            height, " pixels, too long a strip to be resized to ", view.resized_width, " x ", view.resized_height);
    const Part needed{view.left + columns.from, view.top + rows.from, columns.to - columns.from, rows.to - rows.from};
    resample(upright(file, header, orientation, needed), columns, rows, out, x0 - view.crop_left, y0 - view.crop_top);
  }
  if (view.flip != 0) flip(out);
  for (int i = 0; i < view.step_count; ++i) change_colour(out, view.steps[i], view.amounts[i]);
  if (view.reverse != 0)
    for (std::uint8_t *p = out.data.get(), *end = p + out.bytes(); p < end; p += 3) std::swap(p[0], p[2]);
  return out;
}

void put_values(const Pixels& picture, const vicinal_image_view& view, float* values) {
  const std::size_t count = picture.stride();
  std::vector<float> scale(count), shift(count);
  for (std::size_t i = 0; i < count; ++i) scale[i] = view.scale[i % 3], shift[i] = view.shift[i % 3];
  static const bool wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  for (int y = 0; y < picture.height; ++y)
    (wide ? avx2::scale_and_shift : scale_and_shift)(picture.row(y), count, scale.data(), shift.data(),
                                                     values + count * static_cast<std::size_t>(y));
}

}  // namespace vicinal::image
