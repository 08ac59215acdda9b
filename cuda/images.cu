// Operations of programs on images: program/image.hpp has what they are.
// Threads      one for an entry of the result; for an entry of a weight's gradient a block, which shares the positions.
// Cost         every entry is read from memory once for each place of the window: simple, and not tuned.
// Determinism  sums in double, in an order that only sizes decide.
#include "operations.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

using program::ImageOp;
using program::ImageStep;

constexpr unsigned kThreads = 128;

// The place of entry (image, y, x) in a grid of pixels; -1 where it is not in it.
__device__ std::int64_t pixel(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t height,
                              std::int64_t width) {
  return y < 0 || x < 0 ? -1 : (image * height + y) * width + x;
}

template <class Real>
__global__ void position_kernel(ImageStep s, const Real* x, const Real* w, void* out) {
  const std::int64_t in = s.c / s.groups, on = s.o / s.groups;
  each_index(s.positions() * s.o, [&](std::int64_t i) {
    const std::int64_t c = i % s.o, at = i / s.o, px = at % s.x.count, py = at / s.x.count % s.y.count,
                       image = at / s.x.count / s.y.count;
    double sum = 0;
    std::int64_t best = -1;
    Real top = 0;
    for (std::int64_t q = 0; q < s.window(); ++q) {
      const std::int64_t y = s.y.entry(py, q / s.x.window);
      const std::int64_t from = pixel(image, y, s.x.entry(px, q % s.x.window), s.y.size, s.x.size);
      if (from < 0) continue;
      if (s.op == ImageOp::conv) {
        for (std::int64_t j = 0; j < in; ++j)
          sum += static_cast<double>(x[from * s.c + c / on * in + j]) *
                 static_cast<double>(w[(c * in + j) * s.window() + q]);
        continue;
      }
      const Real v = x[from * s.c + c];
      sum += static_cast<double>(v);
      if (best < 0 || v > top || (v != v && top == top)) best = from % (s.y.size * s.x.size), top = v;
    }
    if (s.op == ImageOp::pool_argmax) {
      static_cast<std::int64_t*>(out)[i] = best;
    } else {
      static_cast<Real*>(out)[i] = static_cast<Real>(sum);
    }
  });
}

// Of the entries of an image.
template <class Real>
__global__ void entry_kernel(ImageStep s, const Real* g, const Real* w, Real* out) {
  const std::int64_t in = s.c / s.groups, on = s.o / s.groups;
  each_index(s.pixels() * s.c, [&](std::int64_t i) {
    const std::int64_t c = i % s.c, at = i / s.c, px = at % s.x.size, py = at / s.x.size % s.y.size,
                       image = at / s.x.size / s.y.size;
    double sum = 0;
    for (std::int64_t q = 0; q < s.window(); ++q) {
      const std::int64_t y = s.y.position(py, q / s.x.window);
      const std::int64_t from = pixel(image, y, s.x.position(px, q % s.x.window), s.y.count, s.x.count);
      if (from < 0) continue;
      if (s.op == ImageOp::pool_spread) {
        sum += static_cast<double>(g[from * s.o + c]);
        continue;
      }
      for (std::int64_t o = c / in * on; o < (c / in + 1) * on; ++o)
        sum += static_cast<double>(g[from * s.o + o]) * static_cast<double>(w[(o * in + c % in) * s.window() + q]);
    }
    out[i] = static_cast<Real>(sum);
  });
}

template <class Real>
__global__ void weight_kernel(ImageStep s, const Real* x, const Real* g, Real* out) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t in = s.c / s.groups, on = s.o / s.groups;
  for (std::int64_t i = blockIdx.x; i < s.o * in * s.window(); i += gridDim.x) {
    const std::int64_t q = i % s.window(), o = i / s.window() / in, c = o / on * in + i / s.window() % in;
    double sum = 0;
    for (std::int64_t at = threadIdx.x; at < s.positions(); at += blockDim.x) {
      const std::int64_t y = s.y.entry(at / s.x.count % s.y.count, q / s.x.window);
      const std::int64_t from =
          pixel(at / s.x.count / s.y.count, y, s.x.entry(at % s.x.count, q % s.x.window), s.y.size, s.x.size);
      if (from >= 0) sum += static_cast<double>(x[from * s.c + c]) * static_cast<double>(g[at * s.o + o]);
    }
    sum = block_sum(sum, slots);
    if (threadIdx.x == 0) out[i] = static_cast<Real>(sum);
  }
}

}  // namespace

template <class Real>
void run_image(Engine& e, const ImageStep& s, const Real* x, const Real* other, void* out) {
  Real* const real = static_cast<Real*>(out);
  switch (s.op) {
    case ImageOp::conv:
    case ImageOp::pool_argmax:
    case ImageOp::pool_sum:
      over(e, s.positions() * s.o, position_kernel<Real>, s, x, other, out);
      break;
    case ImageOp::conv_data:
    case ImageOp::pool_spread:
      over(e, s.pixels() * s.c, entry_kernel<Real>, s, x, other, real);
      break;
    case ImageOp::conv_weight: {
      const std::int64_t entries = s.o * (s.c / s.groups) * s.window();
      const std::int64_t blocks = std::min<std::int64_t>(entries, std::int64_t{e.processors} * 32);
      launch(weight_kernel<Real>, dim3(static_cast<unsigned>(blocks)), dim3(kThreads), 0, e.stream, s, x, other, real);
      break;
    }
  }
}

template void run_image<float>(Engine&, const ImageStep&, const float*, const float*, void*);
template void run_image<double>(Engine&, const ImageStep&, const double*, const double*, void*);

}  // namespace vicinal::cuda
