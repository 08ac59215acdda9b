#include "image/resample.hpp"

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

// Compiled for two instruction sets, of which the loader takes one: the sums are integers, so the bytes are the same.
#define VICINAL_WIDE __attribute__((target_clones("default", "arch=x86-64-v3")))
#define VICINAL_INLINE inline __attribute__((always_inline))

typedef std::uint8_t Byte4 __attribute__((vector_size(4)));
typedef std::int32_t Int4 __attribute__((vector_size(16)));
typedef std::uint8_t Byte16 __attribute__((vector_size(16)));
typedef std::int32_t Int16 __attribute__((vector_size(64)));

VICINAL_WIDE void columns_of(const std::uint8_t* in, int outputs, const int* first, const int* count,
                             const std::int32_t* weights, int taps, std::uint8_t* out) {
  for (int x = 0; x < outputs; ++x, weights += taps, out += 3) {
    const std::uint8_t* from = in + 3 * first[x];
    Int4 sum = {kHalf, kHalf, kHalf, kHalf};
    for (int t = 0; t < count[x]; ++t, from += 3) {
      Byte4 pixel;
      std::memcpy(&pixel, from, 4);
      sum += __builtin_convertvector(pixel, Int4) * weights[t];
    }
    sum >>= kFraction;
    sum = sum < 0 ? Int4{} : sum;
    sum = sum > 255 ? Int4{255, 255, 255, 255} : sum;
    out[0] = static_cast<std::uint8_t>(sum[0]);
    out[1] = static_cast<std::uint8_t>(sum[1]);
    out[2] = static_cast<std::uint8_t>(sum[2]);
  }
}

// in: rows of `stride` bytes, of which 16 may be read from every one.
VICINAL_WIDE void row_of(const std::uint8_t* in, std::size_t stride, int count, const std::int32_t* weights,
                         std::size_t bytes, std::uint8_t* out) {
  for (std::size_t i = 0; i < bytes; i += 16) {
    Int16 sum = Int16{} + kHalf;
    const std::uint8_t* from = in + i;
    for (int t = 0; t < count; ++t, from += stride) {
      Byte16 part;
      std::memcpy(&part, from, 16);
      sum += __builtin_convertvector(part, Int16) * weights[t];
    }
    sum >>= kFraction;
    sum = sum < 0 ? Int16{} : sum;
    sum = sum > 255 ? Int16{} + 255 : sum;
    const Byte16 rounded = __builtin_convertvector(sum, Byte16);
    std::memcpy(out + i, &rounded, std::min<std::size_t>(16, bytes - i));
  }
}

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
  const std::size_t bytes = std::size_t{3} * static_cast<std::size_t>(columns.outputs());
  Pixels narrow;
  if (!columns.identity) {
    narrow = Pixels(columns.outputs(), in.height);
    for (int y = 0; y < in.height; ++y)
      columns_of(in.row(y), columns.outputs(), columns.first.data(), columns.count.data(), columns.weights.data(),
                 columns.taps, narrow.row(y));
  }
  const Pixels& wide = columns.identity ? in : narrow;
  for (int y = 0; y < rows.outputs(); ++y) {
    const std::uint8_t* from = wide.row(rows.first[static_cast<std::size_t>(y)]);
    std::uint8_t* to = out.row(top + y) + 3 * left;
    if (rows.identity) {
      std::memcpy(to, from, bytes);
    } else {
      row_of(from, wide.stride(), rows.count[static_cast<std::size_t>(y)], rows.row(y), bytes, to);
    }
  }
}

}  // namespace vicinal::image
