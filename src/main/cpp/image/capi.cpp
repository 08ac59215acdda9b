// The C ABI of libvicinal_image: checks, sentences, nothing thrown across.
#include <cmath>
#include <cstring>

#include "image/render.hpp"

namespace vicinal::image {
namespace {

// Sides of a resized picture, of which only the crop is ever made: a long strip resized by its shorter side may be
// wide.
constexpr std::int32_t kLargestSide = 1 << 28;

Bytes read_bytes(const void* bytes, std::int64_t size) {
  require(bytes != nullptr || size == 0, "bytes is null");
  require(size >= 0, "size is ", size, "; it must not be negative");
  return {static_cast<const std::uint8_t*>(bytes), size};
}

void check_choice(const char* name, std::int32_t value) {
  require(value == 0 || value == 1, name, " is ", value, "; it must be 0 or 1");
}

void check(const vicinal_image_view* view) {
  require(view != nullptr, "view is null");
  require(view->struct_size == sizeof *view, "view.struct_size is ", view->struct_size, "; this library's is ",
          sizeof *view);
  check_choice("upright", view->upright);
  check_choice("flip", view->flip);
  check_choice("reverse", view->reverse);
  require(view->most_pixels >= 1, "most_pixels is ", view->most_pixels, "; it must be at least 1");
  require(view->left >= 0 && view->top >= 0, "left, top are ", view->left, ", ", view->top,
          "; they must not be negative");
  require(view->width >= 1 && view->height >= 1, "width, height are ", view->width, ", ", view->height,
          "; they must be at least 1");
  const std::int64_t wide = view->resized_width, high = view->resized_height;
  require(wide >= 1 && high >= 1 && wide <= kLargestSide && high <= kLargestSide, "cannot be resized to ", wide, " x ",
          high, " pixels: a side has at least 1 and at most ", kLargestSide);
  const std::int64_t columns = view->out_width, rows = view->out_height;
  require(columns >= 1 && rows >= 1 && columns * rows <= view->most_pixels, "cannot be made ", columns, " x ", rows,
          " pixels large: at least 1 and at most ", view->most_pixels, " pixels are possible");
  require(view->filter == VICINAL_IMAGE_BILINEAR || view->filter == VICINAL_IMAGE_BICUBIC, "filter is ", view->filter,
          "; it must be 1 or 2");
  require(
      std::abs(std::int64_t{view->crop_left}) <= kLargestSide && std::abs(std::int64_t{view->crop_top}) <= kLargestSide,
      "crop_left, crop_top are ", view->crop_left, ", ", view->crop_top, "; at most ", kLargestSide, " is supported");
  require(view->step_count >= 0 && view->step_count <= VICINAL_IMAGE_MOST_STEPS, "step_count is ", view->step_count,
          "; it must be in 0..", VICINAL_IMAGE_MOST_STEPS);
  for (std::int32_t i = 0; i < view->step_count; ++i) {
    require(view->steps[i] >= VICINAL_IMAGE_BRIGHTNESS && view->steps[i] <= VICINAL_IMAGE_GREY, "steps[", i, "] is ",
            view->steps[i], "; it must be in 1..", VICINAL_IMAGE_GREY);
    const double amount = view->amounts[i];
    require(std::isfinite(amount) && std::abs(amount) <= 1000, "amounts[", i, "] is ", amount,
            "; it must lie within 1000 of 0");
  }
  for (int c = 0; c < 3; ++c)
    require(std::isfinite(view->scale[c]) && std::isfinite(view->shift[c]), "scale, shift of channel ", c, " are ",
            view->scale[c], ", ", view->shift[c], "; they must be finite");
}

}  // namespace
}  // namespace vicinal::image

extern "C" {

int vicinal_image_abi_version(void) {
  return VICINAL_IMAGE_ABI_VERSION;
}

const char* vicinal_image_last_error(void) {
  return vicinal_last_error();  // this library's own copy
}

vicinal_status vicinal_image_read_header(const void* bytes, int64_t size, vicinal_image_header* header) {
  return vicinal::guard([&] {
    vicinal::require(header != nullptr, "header is null");
    *header = vicinal::image::read_header(vicinal::image::read_bytes(bytes, size));
  });
}

vicinal_status vicinal_image_render(const void* bytes, int64_t size, const vicinal_image_view* view, uint8_t* pixels,
                                    float* values) {
  return vicinal::guard([&] {
    const vicinal::image::Bytes file = vicinal::image::read_bytes(bytes, size);
    vicinal::image::check(view);
    vicinal::require(pixels != nullptr || values != nullptr, "pixels and values are null; give one");
    const vicinal::image::Pixels picture = vicinal::image::render(file, *view);
    if (pixels != nullptr) std::memcpy(pixels, picture.data.get(), picture.bytes());
    if (values != nullptr) vicinal::image::put_values(picture, *view, values);
  });
}

}  // extern "C"
