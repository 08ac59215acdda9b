#include "image/resample.hpp"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace vicinal::image {
namespace {

constexpr int kFraction = 22;  // a byte, two bits for what overshoots, and these
constexpr std::int32_t kHalf = 1 << (kFraction - 1);

struct Filter {
  double radius;
  double (*at)(double);
};

double triangle(double x) {
  return std::max(0.0, 1 - std::abs(x));
}

// Keys' cubic with a = -1/2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFraction, 0, 255));
}

// Outputs of two rows; of one where both are the same.
void columns_plain(const std::uint8_t* const in[2], const Kernel& k, std::uint8_t* const out[2]) {
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < k.outputs(); ++x) {
      const std::uint8_t* from = in[y] + 3 * k.first[static_cast<std::size_t>(x)];
      const std::int32_t* weights = k.row(x);
      for (int c = 0; c < 3; ++c) {
        std::int32_t sum = kHalf;
        for (int t = 0; t < k.count[static_cast<std::size_t>(x)]; ++t) sum += from[3 * t + c] * weights[t];
        out[y][3 * x + c] = to_byte(sum);
      }
    }
}

// in: `count` rows, `stride` bytes apart, of which 16 may be read from every one.
void row_plain(const std::uint8_t* in, std::size_t stride, int count, const std::int32_t* weights, std::size_t bytes,
               std::uint8_t* out) {
  for (std::size_t i = 0; i < bytes; ++i) {
    std::int32_t sum = kHalf;
    for (int t = 0; t < count; ++t) sum += in[static_cast<std::size_t>(t) * stride + i] * weights[t];
    out[i] = to_byte(sum);
  }
}

// The same sums, eight at a time: they are integers, so the bytes are the same.
namespace avx2 {

__attribute__((target("avx2"))) void columns(const std::uint8_t* const in[2], const Kernel& k,
                                             std::uint8_t* const out[2]) {
  const std::int32_t* weights = k.weights.data();
  for (int x = 0; x < k.outputs(); ++x, weights += k.taps) {
    const auto at = static_cast<std::size_t>(x);
    const std::uint8_t *upper = in[0] + 3 * k.first[at], *lower = in[1] + 3 * k.first[at];
    __m256i sum = _mm256_set1_epi32(kHalf);
    for (int t = 0, n = k.count[at]; t < n; ++t, upper += 3, lower += 3) {
      std::int32_t pixels[2];
      std::memcpy(&pixels[0], upper, 4);
      std::memcpy(&pixels[1], lower, 4);
      const __m256i two = _mm256_cvtepu8_epi32(_mm_set_epi32(0, 0, pixels[1], pixels[0]));
      sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(two, _mm256_set1_epi32(weights[t])));
    }
    sum = _mm256_srai_epi32(sum, kFraction);
    const __m256i words = _mm256_packus_epi32(sum, sum);
    const __m256i packed = _mm256_packus_epi16(words, words);
    std::uint32_t first, second;
    first = static_cast<std::uint32_t>(_mm256_extract_epi32(packed, 0));
    second = static_cast<std::uint32_t>(_mm256_extract_epi32(packed, 4));
    std::memcpy(out[0] + 3 * x, &first, 3);
    std::memcpy(out[1] + 3 * x, &second, 3);
  }
}

__attribute__((target("avx2"))) void row(const std::uint8_t* in, std::size_t stride, int count,
                                         const std::int32_t* weights, std::size_t bytes, std::uint8_t* out) {
  for (std::size_t i = 0; i < bytes; i += 16) {
    const std::uint8_t* from = in + i;
    __m256i low = _mm256_set1_epi32(kHalf), high = low;
    for (int t = 0; t < count; ++t, from += stride) {
      const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      const __m256i weight = _mm256_set1_epi32(weights[t]);
      low = _mm256_add_epi32(low, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(part), weight));
      high = _mm256_add_epi32(high, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(part, 8)), weight));
    }
    // Packing saturates, and works in halves: 0-3 8-11 | 4-7 12-15.
    const __m256i words = _mm256_packus_epi32(_mm256_srai_epi32(low, kFraction), _mm256_srai_epi32(high, kFraction));
    const __m256i ordered = _mm256_permute4x64_epi64(words, 0xD8);
    const __m128i rounded = _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
    if (bytes - i >= 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), rounded);
    } else {
      std::memcpy(out + i, &rounded, bytes - i);
    }
  }
}

}  // namespace avx2

}  // namespace

Kernel make_kernel(int filter, int inputs, int outputs, int begin, int end) {
  const Filter f = filter == VICINAL_IMAGE_BICUBIC ? Filter{2, cubic} : Filter{1, triangle};
  Kernel k;
  const int n = end - begin;
  k.first.resize(static_cast<std::size_t>(n));
  k.count.resize(static_cast<std::size_t>(n));
  k.identity = inputs == outputs;
  if (k.identity) {
    for (int i = 0; i < n; ++i) k.first[static_cast<std::size_t>(i)] = i, k.count[static_cast<std::size_t>(i)] = 1;
    k.from = begin;
    k.to = end;
    return k;
  }
  // A filter is as wide as an output where the picture shrinks, and as an input where it grows.
  const double scale = static_cast<double>(inputs) / outputs;
  const double width = std::max(1.0, scale);
  const double radius = f.radius * width;
  k.taps = 2 * static_cast<int>(std::ceil(radius)) + 1;
  k.weights.assign(static_cast<std::size_t>(n) * static_cast<std::size_t>(k.taps), 0);
  std::vector<double> w(static_cast<std::size_t>(k.taps));
  k.from = inputs;
  for (int i = 0; i < n; ++i) {
    const double centre = (begin + i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - radius + 0.5));
    const int last = std::min(inputs, static_cast<int>(centre + radius + 0.5));
    double sum = 0;
    for (int t = 0; t < last - first; ++t) {
      w[static_cast<std::size_t>(t)] = f.at((t + first - centre + 0.5) * (1 / width));
      sum += w[static_cast<std::size_t>(t)];
    }
    std::int32_t* to = k.weights.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(k.taps);
    for (int t = 0; t < last - first; ++t) {
      const double weight = sum == 0 ? 0 : w[static_cast<std::size_t>(t)] / sum;
      to[t] = static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kFraction));
    }
    k.first[static_cast<std::size_t>(i)] = first;
    k.count[static_cast<std::size_t>(i)] = last - first;
    k.from = std::min(k.from, first);
    k.to = std::max(k.to, last);
  }
  for (int& first : k.first) first -= k.from;
  return k;
}

void resample(const Pixels& in, const Kernel& columns, const Kernel& rows, Pixels& out, int left, int top) {
  static const bool wide = __builtin_cpu_supports("avx2");
  const std::size_t bytes = std::size_t{3} * static_cast<std::size_t>(columns.outputs());
  Pixels narrow;
  if (!columns.identity) {
    narrow = Pixels(columns.outputs(), in.height);
    for (int y = 0; y < in.height; y += 2) {
      const int next = std::min(y + 1, in.height - 1);
      const std::uint8_t* const from[2] = {in.row(y), in.row(next)};
      std::uint8_t* const to[2] = {narrow.row(y), narrow.row(next)};
      (wide ? avx2::columns : columns_plain)(from, columns, to);
    }
  }
  const Pixels& from_columns = columns.identity ? in : narrow;
  for (int y = 0; y < rows.outputs(); ++y) {
    const std::uint8_t* from = from_columns.row(rows.first[static_cast<std::size_t>(y)]);
    std::uint8_t* to = out.row(top + y) + 3 * left;
    if (rows.identity) {
      std::memcpy(to, from, bytes);
    } else {
      (wide ? avx2::row : row_plain)(from, from_columns.stride(), rows.count[static_cast<std::size_t>(y)], rows.row(y),
                                     bytes, to);
    }
  }
}

}  // namespace vicinal::image
