// WebP by libwebp, lossy and lossless; alpha is dropped as of PNG.
#include <webp/decode.h>

#include <cstring>

#include "image/codecs.hpp"

namespace vicinal::image {
namespace {

void check(VP8StatusCode status) {
  if (status == VP8_STATUS_OK) return;
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) refuse_truncated();
  if (status == VP8_STATUS_OUT_OF_MEMORY) fail(VICINAL_OUT_OF_MEMORY, "out of memory");
  fail(VICINAL_INVALID_ARGUMENT, "cannot be decoded as WebP: its bitstream is broken");
}

}  // namespace

vicinal_image_header webp_header(Bytes file) {
  WebPBitstreamFeatures features;
  check(WebPGetFeatures(file.data, static_cast<std::size_t>(file.size), &features));
  require(features.has_animation == 0, "is an animation; save one of its pictures");
  return {VICINAL_IMAGE_WEBP, features.width, features.height, 1};
}

Pixels decode_webp(Bytes file, const vicinal_image_header& header, Part part) {
  Pixels whole(header.width, header.height);
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) fail(VICINAL_UNAVAILABLE, "libwebp has another version");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = whole.data.get();
  config.output.u.RGBA.stride = static_cast<int>(whole.stride());
  config.output.u.RGBA.size = whole.bytes();
  check(WebPDecode(file.data, static_cast<std::size_t>(file.size), &config));
  if (part.width == header.width && part.height == header.height) return whole;
  Pixels out(part.width, part.height);
  for (int y = 0; y < part.height; ++y)
    std::memcpy(out.row(y), whole.row(part.top + y) + std::size_t{3} * static_cast<std::size_t>(part.left),
                out.stride());
  return out;
}

}  // namespace vicinal::image
