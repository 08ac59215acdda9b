// Operations of programs on images. Float32 convolutions are oneDNN's where it has a fast one (onednn.hpp); the others
// are products here.
// Computes   conv: for a tile of positions the entries that their windows cover as rows (im2col), times the weights.
//            conv_data: the same the other way round; an entry of the image gathers from the windows that cover it.
//            conv_weight: for one place of the window and some channels, the tile's entries transposed times g.
//            A group of one channel is no matrix: multiplied entry by entry, all channels at a time.
// Memory     a tile of kTileBytes for every task, and the weights in the order that the product reads.
// Order      every output is one task's; tiles are added in order, whatever the threads.
#include <algorithm>
#include <vector>

#include "device/cpu/onednn.hpp"
#include "device/cpu/program.hpp"

namespace vicinal::cpu {
namespace {

using program::ImageAxis;
using program::ImageOp;
using program::ImageStep;

constexpr std::int64_t kTileBytes = 1 << 18, kLeastRows = 16;
constexpr std::int64_t kLane = 128;  // channels that are added up at a time

// From the positions of the window (kBack: from the entries of the image) to what they are made of.
template <bool kBack>
struct Walk {
  const ImageStep& s;
  static std::int64_t to(const ImageAxis& a) { return kBack ? a.size : a.count; }
  static std::int64_t from(const ImageAxis& a) { return kBack ? a.count : a.size; }
  static std::int64_t source(const ImageAxis& a, std::int64_t at, std::int64_t k) {
    return kBack ? a.position(at, k) : a.entry(at, k);
  }
  std::int64_t count() const { return kBack ? s.pixels() : s.positions(); }
  // body(q, source) for every place q of the window: the pixel that it is over, or -1.
  template <class Body>
  void each(std::int64_t pixel, const Range& places, Body&& body) const {
    const std::int64_t px = pixel % to(s.x), rest = pixel / to(s.x), py = rest % to(s.y), image = rest / to(s.y);
    std::int64_t ky = places.begin / s.x.window, kx = places.begin % s.x.window;
    for (std::int64_t q = places.begin; q < places.end; ++q) {
      const std::int64_t y = source(s.y, py, ky), x = source(s.x, px, kx);
      body(q, y < 0 || x < 0 ? -1 : (image * from(s.y) + y) * from(s.x) + x);
      if (++kx == s.x.window) kx = 0, ++ky;
    }
  }
};

// Rows of entries: to [pixels, places, channels] of from [pixels, width].
template <class Pixels, class Real>
void pack(const Pixels& walk, const Range& pixels, const Range& places, const Real* from, std::int64_t width,
          const Range& channels, Real* to) {
  for (std::int64_t p = pixels.begin; p < pixels.end; ++p)
    walk.each(p, places, [&](std::int64_t, std::int64_t source) {
      if (source < 0) {
        std::fill_n(to, channels.size(), Real(0));
      } else {
        std::copy_n(from + source * width + channels.begin, channels.size(), to);
      }
      to += channels.size();
    });
}

// conv, and conv_data where kBack.
template <bool kBack, class Real>
void convolve(Engine& e, const ImageStep& s, const Real* from, const Real* w, Real* out) {
  const Walk<kBack> walk{s};
  const std::int64_t window = s.window(), in = s.c / s.groups, on = s.o / s.groups;
  const std::int64_t inner = kBack ? on : in, outer = kBack ? in : on;  // of a group: channels read and written
  const bool single = in == 1 && s.groups > 1;
  const std::int64_t from_width = inner * s.groups, to_width = outer * s.groups;
  const auto mark = e.workspace.mark();
  // [groups, window, inner, outer]; where they are of one channel [window, o].
  Real* const weights = e.workspace.get<Real>(s.o * in * window);
  for (std::int64_t o = 0; o < s.o; ++o)
    for (std::int64_t i = 0; i < in; ++i)
      for (std::int64_t q = 0; q < window; ++q) {
        const std::int64_t g = o / on, a = kBack ? o % on : i, b = kBack ? i : o % on;
        weights[single ? q * s.o + o : ((g * window + q) * inner + a) * outer + b] = w[(o * in + i) * window + q];
      }
  if (single) {
    parallel_ranges(e, walk.count(), s.flops(), [&](const Range& r) {
      for (std::int64_t p = r.begin; p < r.end; ++p) {
        Real* const to = out + p * to_width;
        std::fill_n(to, to_width, Real(0));
        walk.each(p, {0, window}, [&](std::int64_t q, std::int64_t source) {
          if (source < 0) return;
          const Real *x = from + source * from_width, *f = weights + q * s.o;
          if (on == 1) {
            for (std::int64_t c = 0; c < s.o; ++c) to[c] += x[c] * f[c];
          } else {
            for (std::int64_t c = 0; c < s.o; ++c) to[kBack ? c / on : c] += x[kBack ? c : c / on] * f[c];
          }
        });
      }
    });
    return e.workspace.rewind(mark);
  }
  const std::int64_t depth = window * inner, bytes = depth * static_cast<std::int64_t>(sizeof(Real));
  const std::int64_t rows = std::min(walk.count(), std::max(kLeastRows, kTileBytes / bytes));
  const std::int64_t tiles = (walk.count() + rows - 1) / rows, tasks = std::min(tiles, task_count(e, s.flops()));
  Real* const columns = e.workspace.get<Real>(tasks * rows * depth);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range mine = part(tiles, tasks, t);
    Real* const tile = columns + t * rows * depth;
    for (std::int64_t i = mine.begin; i < mine.end; ++i) {
      e.poll();
      const Range r{i * rows, std::min(walk.count(), (i + 1) * rows)};
      for (std::int64_t g = 0; g < s.groups; ++g) {
        pack(walk, r, {0, window}, from, from_width, {g * inner, (g + 1) * inner}, tile);
        gemm_serial<Real>({false, false, r.size(), outer, depth, tile, depth, weights + g * depth * outer, outer,
                           out + r.begin * to_width + g * outer, to_width, false});
      }
    }
  });
  e.workspace.rewind(mark);
}

template <class Real>
void conv_weight(Engine& e, const ImageStep& s, const Real* x, const Real* g, Real* out) {
  const Walk<false> walk{s};
  const std::int64_t window = s.window(), in = s.c / s.groups, on = s.o / s.groups;
  if (in == 1 && s.groups > 1) {
    const std::int64_t lanes = (s.o + kLane - 1) / kLane;
    parallel_ranges(e, window * lanes, s.flops(), [&](const Range& r) {
      for (std::int64_t job = r.begin; job < r.end; ++job) {
        const std::int64_t q = job / lanes, first = job % lanes * kLane, width = std::min(kLane, s.o - first);
        double sum[kLane] = {};
        for (std::int64_t p = 0; p < walk.count(); ++p)
          walk.each(p, {q, q + 1}, [&](std::int64_t, std::int64_t source) {
            if (source < 0) return;
            const Real *a = x + source * s.c, *b = g + p * s.o + first;
            for (std::int64_t i = 0; i < width; ++i)
              sum[i] += static_cast<double>(a[on == 1 ? first + i : (first + i) / on]) * static_cast<double>(b[i]);
          });
        for (std::int64_t i = 0; i < width; ++i) out[(first + i) * window + q] = static_cast<Real>(sum[i]);
      }
    });
    return;
  }
  // A job is a place of the window, a group and a slice of its channels.
  const std::int64_t slices = std::min((in + 15) / 16, std::max<std::int64_t>(1, 4 * e.threads / (window * s.groups)));
  const std::int64_t slice = (in + slices - 1) / slices, jobs = window * s.groups * slices;
  const std::int64_t bytes = slice * static_cast<std::int64_t>(sizeof(Real));
  const std::int64_t rows = std::min(walk.count(), std::max(kLeastRows, kTileBytes / bytes));
  const std::int64_t tasks = std::min(jobs, task_count(e, s.flops()));
  const auto mark = e.workspace.mark();
  Real* const scratch = e.workspace.get<Real>(tasks * slice * (rows + on));
  parallel(e, tasks, [&](std::int64_t t) {
    const Range mine = part(jobs, tasks, t);
    Real *const tile = scratch + t * slice * (rows + on), *const sums = tile + slice * rows;
    for (std::int64_t job = mine.begin; job < mine.end; ++job) {
      const std::int64_t q = job % window, group = job / window % s.groups, part_of = job / window / s.groups;
      const Range channels{part_of * slice, std::min(in, (part_of + 1) * slice)};
      if (channels.size() <= 0) continue;
      for (std::int64_t at = 0; at < walk.count(); at += rows) {
        e.poll();
        const Range r{at, std::min(walk.count(), at + rows)};
        pack(walk, r, {q, q + 1}, x, s.c, {group * in + channels.begin, group * in + channels.end}, tile);
        gemm_serial<Real>({true, false, channels.size(), on, r.size(), tile, channels.size(),
                           g + r.begin * s.o + group * on, s.o, sums, on, at > 0});
      }
      for (std::int64_t i = 0; i < channels.size(); ++i)
        for (std::int64_t o = 0; o < on; ++o)
          out[((group * on + o) * in + channels.begin + i) * window + q] = sums[i * on + o];
    }
  });
  e.workspace.rewind(mark);
}

// Sums over what each pixel is made of.
template <bool kBack, class Real>
void pool(Engine& e, const ImageStep& s, const Real* from, Real* out) {
  const Walk<kBack> walk{s};
  parallel_ranges(e, walk.count(), s.flops(), [&](const Range& r) {
    for (std::int64_t p = r.begin; p < r.end; ++p)
      for (std::int64_t c = 0; c < s.c; c += kLane) {
        const std::int64_t width = std::min(kLane, s.c - c);
        double sum[kLane] = {};
        walk.each(p, {0, s.window()}, [&](std::int64_t, std::int64_t source) {
          if (source < 0) return;
          for (std::int64_t i = 0; i < width; ++i) sum[i] += static_cast<double>(from[source * s.c + c + i]);
        });
        for (std::int64_t i = 0; i < width; ++i) out[p * s.c + c + i] = static_cast<Real>(sum[i]);
      }
  });
}

template <class Real>
void pool_argmax(Engine& e, const ImageStep& s, const Real* x, std::int64_t* out) {
  const Walk<false> walk{s};
  const std::int64_t plane = s.y.size * s.x.size;
  parallel_ranges(e, walk.count(), s.flops(), [&](const Range& r) {
    for (std::int64_t p = r.begin; p < r.end; ++p)
      for (std::int64_t c = 0; c < s.c; c += kLane) {
        const std::int64_t width = std::min(kLane, s.c - c);
        std::int32_t best[kLane];  // of the size of a float, so that both are chosen by one mask
        Real top[kLane];
        bool some = false;
        walk.each(p, {0, s.window()}, [&](std::int64_t, std::int64_t source) {
          if (source < 0) return;
          const Real* const v = x + source * s.c + c;
          const std::int32_t at = static_cast<std::int32_t>(source % plane);
          if (!some) {
            std::copy_n(v, width, top);
            std::fill_n(best, width, at);
            some = true;
            return;
          }
          for (std::int64_t i = 0; i < width; ++i) {
            const bool more = (v[i] > top[i]) | ((v[i] != v[i]) & (top[i] == top[i]));
            top[i] = more ? v[i] : top[i];
            best[i] = more ? at : best[i];
          }
        });
        for (std::int64_t i = 0; i < width; ++i) out[p * s.c + c + i] = some ? best[i] : -1;
      }
  });
}

}  // namespace

template <class Real>
void run_image(Engine& e, const ImageStep& s, const Real* x, const Real* other, void* out) {
  Real* const real = static_cast<Real*>(out);
  switch (s.op) {
    case ImageOp::conv:
      if (!onednn_convolve(e, s, x, other, real)) convolve<false>(e, s, x, other, real);
      break;
    case ImageOp::conv_data:
      if (!onednn_convolve(e, s, x, other, real)) convolve<true>(e, s, x, other, real);
      break;
    case ImageOp::conv_weight:
      if (!onednn_convolve(e, s, x, other, real)) conv_weight(e, s, x, other, real);
      break;
    case ImageOp::pool_argmax:
      pool_argmax(e, s, x, static_cast<std::int64_t*>(out));
      break;
    case ImageOp::pool_sum:
      pool<false>(e, s, x, real);
      break;
    case ImageOp::pool_spread:
      pool<true>(e, s, x, real);
      break;
  }
}

template void run_image<float>(Engine&, const ImageStep&, const float*, const float*, void*);
template void run_image<double>(Engine&, const ImageStep&, const double*, const double*, void*);

}  // namespace vicinal::cpu
