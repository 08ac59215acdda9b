#include "image/colour.hpp"

#include <algorithm>
#include <cmath>

namespace vicinal::image {
namespace {

std::uint8_t to_byte(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

// ITU-R 601-2 luma, rounded, in 16 fraction bits.
int luma(const std::uint8_t* rgb) {
  return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

// Between a plain value and a picture's: cut to a byte, not rounded, as Image.blend does.
std::uint8_t blend(int plain, int value, float amount) {
  const float mixed = static_cast<float>(plain) + amount * static_cast<float>(value - plain);
  return static_cast<std::uint8_t>(static_cast<int>(std::clamp(mixed, 0.0f, 255.0f)));
}

// Every byte by what becomes of its value.
void blend_all(Pixels& picture, int plain, float amount) {
  std::uint8_t becomes[256];
  for (int value = 0; value < 256; ++value) becomes[value] = blend(plain, value, amount);
  std::uint8_t *p = picture.data.get(), *const end = p + picture.bytes();
  for (; p < end; ++p) *p = becomes[*p];
}

// The circle of hues in 256 steps, turned; saturation and value in bytes, as Pillow's mode HSV has them.
void turn_hue(std::uint8_t* rgb, int turn) {
  const int r = rgb[0], g = rgb[1], b = rgb[2];
  const int most = std::max({r, g, b}), least = std::min({r, g, b});
  if (most == least) return;
  const auto range = static_cast<float>(most - least);
  const float rc = static_cast<float>(most - r) / range, gc = static_cast<float>(most - g) / range,
              bc = static_cast<float>(most - b) / range;
  // Pillow rounds to float in between: a step of hue more or less is a visible change.
  const auto at = static_cast<float>(r == most ? bc - gc : g == most ? 2.0 + rc - bc : 4.0 + gc - rc);
  const double turned = at / 6.0 + 1.0;
  const auto circle = static_cast<float>(turned >= 1 ? turned - 1 : turned);
  const int hue = (to_byte(static_cast<int>(circle * 255.0)) + turn) & 255;
  const int saturation = to_byte(static_cast<int>(static_cast<double>(range / static_cast<float>(most)) * 255.0));
  if (saturation == 0) {
    rgb[0] = rgb[1] = rgb[2] = static_cast<std::uint8_t>(most);
    return;
  }
  const double sector = hue * 6.0 / 255.0, whole = std::floor(sector);
  const auto rest = static_cast<float>(sector - whole), s = static_cast<float>(saturation / 255.0);
  const auto part = [&](double share) { return to_byte(static_cast<int>(most * (1.0 - s * share) + 0.5)); };
  const std::uint8_t v = static_cast<std::uint8_t>(most), p = part(1.0), q = part(rest), t = part(1.0 - rest);
  switch (static_cast<int>(whole) % 6) {
    case 0:
      rgb[0] = v, rgb[1] = t, rgb[2] = p;
      break;
    case 1:
      rgb[0] = q, rgb[1] = v, rgb[2] = p;
      break;
    case 2:
      rgb[0] = p, rgb[1] = v, rgb[2] = t;
      break;
    case 3:
      rgb[0] = p, rgb[1] = q, rgb[2] = v;
      break;
    case 4:
      rgb[0] = t, rgb[1] = p, rgb[2] = v;
      break;
    default:
      rgb[0] = v, rgb[1] = p, rgb[2] = q;
      break;
  }
}

}  // namespace

void change_colour(Pixels& picture, int step, double amount) {
  std::uint8_t* const begin = picture.data.get();
  std::uint8_t* const end = begin + picture.bytes();
  const auto a = static_cast<float>(amount);
  switch (step) {
    case VICINAL_IMAGE_BRIGHTNESS:
      blend_all(picture, 0, a);
      break;
    case VICINAL_IMAGE_CONTRAST: {
      std::int64_t sum = 0;
      for (const std::uint8_t* p = begin; p < end; p += 3) sum += luma(p);
      const double pixels = static_cast<double>(picture.bytes() / 3);
      blend_all(picture, static_cast<int>(static_cast<double>(sum) / pixels + 0.5), a);
      break;
    }
    case VICINAL_IMAGE_SATURATION:
      for (std::uint8_t* p = begin; p < end; p += 3) {
        const int grey = luma(p);
        for (int c = 0; c < 3; ++c) p[c] = blend(grey, p[c], a);
      }
      break;
    case VICINAL_IMAGE_HUE: {
      const int turn = static_cast<int>(amount * 255);
      for (std::uint8_t* p = begin; p < end; p += 3) turn_hue(p, turn);
      break;
    }
    case VICINAL_IMAGE_GREY:
      for (std::uint8_t* p = begin; p < end; p += 3) p[0] = p[1] = p[2] = static_cast<std::uint8_t>(luma(p));
      break;
    default:
      fail(VICINAL_INTERNAL, "no such change of colour");
  }
}

}  // namespace vicinal::image
