#include "device/cpu/program.hpp"

#include <algorithm>
#include <limits>

namespace vicinal::cpu {
namespace {

using program::AxisOp;
using program::AxisStep;
using program::Kernel;
using program::MapOp;
using program::Reduction;
using program::Source;

// A reduction over the first axis becomes so many partial results at most, whatever the threads: sums do not depend on
// their number.
constexpr std::int64_t kParts = 16;
constexpr std::int64_t kTileElements = 256;

// A copy that swaps two axes. Rows of both arrays are read and written in one go, through a block of their own: rows a
// power of two apart share a few places of the first cache.
template <class Real>
bool transposed(Engine& e, const Kernel& k, void* const* buffers) {
  if (k.rank != 2 || k.length != 1 || k.code[0].op != MapOp::load || k.reduction != Reduction::none) return false;
  const program::Operand& x = k.operand[0];
  if (x.source != Source::real || k.out.source != Source::real || x.stride[0] != 1 || k.out.stride[1] != 1)
    return false;
  constexpr std::int64_t kBlock = 32;
  const Real* from = static_cast<const Real*>(buffers[x.buffer]) + x.offset;
  Real* to = static_cast<Real*>(buffers[k.out.buffer]) + k.out.offset;
  const std::int64_t rows = k.size[0], columns = k.size[1], in = x.stride[1], out = k.out.stride[0];
  const std::int64_t blocks = (rows + kBlock - 1) / kBlock;
  parallel_ranges(e, blocks, 4.0 * static_cast<double>(rows) * static_cast<double>(columns), [&](const Range& r) {
    Real block[kBlock][kBlock + 1];
    for (std::int64_t i = r.begin * kBlock; i < std::min(rows, r.end * kBlock); i += kBlock)
      for (std::int64_t j = 0; j < columns; j += kBlock) {
        const std::int64_t m = std::min(kBlock, rows - i), n = std::min(kBlock, columns - j);
        for (std::int64_t q = 0; q < n; ++q)
          for (std::int64_t p = 0; p < m; ++p) block[p][q] = from[(j + q) * in + i + p];
        for (std::int64_t p = 0; p < m; ++p) std::copy_n(block[p], n, to + (i + p) * out + j);
      }
  });
  return true;
}

}  // namespace

template <class Real>
void run_kernel(Engine& e, const Kernel& k, void* const* buffers) {
  if (transposed<Real>(e, k, buffers)) return;
  const auto& table = kernels<Real>(e.isa);
  double work = k.length;
  for (int i = 0; i < k.rank; ++i) work *= static_cast<double>(k.size[i]);
  const std::int64_t first = k.size[0], last = k.size[k.rank - 1];
  const std::int64_t width = k.reduced[k.rank - 1] ? 1 : last;
  const auto mark = e.workspace.mark();
  if (k.reduction == Reduction::none || !k.reduced[0]) {
    const std::int64_t tasks = std::max<std::int64_t>(1, std::min(first, task_count(e, work)));
    const bool sums = k.reduction != Reduction::none;
    double* accumulators = sums ? e.workspace.get<double>(tasks * width) : nullptr;
    parallel(e, tasks, [&](std::int64_t t) {
      const Range r = part(first, tasks, t, k.rank == 1 ? kTileElements : 1);
      if (r.size() > 0)
        table.run_kernel(k, buffers, r.begin, r.end, sums ? accumulators + t * width : nullptr, nullptr);
    });
  } else {
    const std::int64_t units = k.rank == 1 ? (first + kTileElements - 1) / kTileElements : first;
    const std::int64_t parts = work < kSerialFlops ? 1 : std::max<std::int64_t>(1, std::min(kParts, units));
    double* accumulators = e.workspace.get<double>(2 * parts * width);
    double* partial = accumulators + parts * width;
    parallel(e, parts, [&](std::int64_t t) {
      const Range r = part(first, parts, t, k.rank == 1 ? kTileElements : 1);
      table.run_kernel(k, buffers, r.begin, r.end, accumulators + t * width, partial + t * width);
    });
    const bool scalar = k.out.source == Source::scalar;
    const std::int64_t step = k.reduced[k.rank - 1] ? 0 : k.out.stride[k.rank - 1];
    for (std::int64_t i = 0; i < width; ++i) {
      double v = partial[i];
      for (std::int64_t t = 1; t < parts; ++t) {
        const double w = partial[t * width + i];
        v = k.reduction == Reduction::sum ? v + w : (w > v) | (w != w) ? w : v;
      }
      if (k.reduction == Reduction::largest && v == -std::numeric_limits<double>::infinity()) v = k.empty;
      if (scalar) {
        static_cast<double*>(buffers[k.out.buffer])[k.out.offset + i * step] = v;
      } else {
        static_cast<Real*>(buffers[k.out.buffer])[k.out.offset + i * step] = static_cast<Real>(v);
      }
    }
  }
  e.workspace.rewind(mark);
}

template <class Real>
void run_axis(Engine& e, const AxisStep& a, const Real* x, const Real* where, const std::int64_t* index, void* out) {
  const auto id = [&](std::int64_t o, std::int64_t j, std::int64_t i) {
    const std::int64_t at = a.shared ? index[j] : index[(o * a.m + j) * a.inner + i];
    return at < a.n ? at : -1;
  };
  const double work =
      2.0 * static_cast<double>(a.outer) * static_cast<double>(std::max(a.n, a.m)) * static_cast<double>(a.inner);
  Real* const real = static_cast<Real*>(out);
  switch (a.op) {
    case AxisOp::argmax: {
      std::int64_t* const to = static_cast<std::int64_t*>(out);
      parallel_ranges(e, a.outer, work, [&](const Range& r) {
        for (std::int64_t o = r.begin; o < r.end; ++o)
          for (std::int64_t i = 0; i < a.inner; ++i) {
            std::int64_t best = -1;
            Real top = 0;
            for (std::int64_t j = 0; j < a.n; ++j) {
              const std::int64_t at = (o * a.n + j) * a.inner + i;
              if (where != nullptr && where[at] == Real(0)) continue;
              if (best < 0 || x[at] > top || (x[at] != x[at] && top == top)) best = j, top = x[at];
            }
            to[o * a.inner + i] = best;
          }
      });
      break;
    }
    case AxisOp::cumsum:
      parallel_ranges(e, a.outer, work, [&](const Range& r) {
        for (std::int64_t o = r.begin; o < r.end; ++o)
          for (std::int64_t i = 0; i < a.inner; ++i) {
            double sum = 0;
            for (std::int64_t j = 0; j < a.n; ++j) {
              const std::int64_t at = (o * a.n + (a.reverse ? a.n - 1 - j : j)) * a.inner + i;
              sum += static_cast<double>(x[at]);
              real[at] = static_cast<Real>(sum);
            }
          }
      });
      break;
    case AxisOp::pick:
      parallel_ranges(e, a.outer * a.m, work, [&](const Range& r) {
        for (std::int64_t q = r.begin; q < r.end; ++q) {
          const std::int64_t o = q / a.m, j = q % a.m;
          Real* to = real + q * a.inner;
          if (a.shared) {
            const std::int64_t from = id(0, j, 0);
            if (from < 0) {
              std::fill(to, to + a.inner, Real(0));
            } else {
              std::copy_n(x + (o * a.n + from) * a.inner, a.inner, to);
            }
            continue;
          }
          for (std::int64_t i = 0; i < a.inner; ++i) {
            const std::int64_t from = id(o, j, i);
            to[i] = from < 0 ? Real(0) : x[(o * a.n + from) * a.inner + i];
          }
        }
      });
      break;
    case AxisOp::place: {
      // Every target adds its own sources in their order: over columns of the rows, or over the outer positions.
      e.zero(real, a.outer * a.n * a.inner);
      const bool columns = a.outer == 1;
      parallel_ranges(e, columns ? a.inner : a.outer, work, [&](const Range& r) {
        const Range outer = columns ? Range{0, 1} : r, inner = columns ? r : Range{0, a.inner};
        for (std::int64_t o = outer.begin; o < outer.end; ++o)
          for (std::int64_t j = 0; j < a.m; ++j) {
            const Real* from = x + (o * a.m + j) * a.inner;
            for (std::int64_t i = inner.begin; i < inner.end; ++i) {
              const std::int64_t to = id(o, j, i);
              if (to >= 0) real[(o * a.n + to) * a.inner + i] += from[i];
            }
          }
      });
      break;
    }
  }
}

template void run_kernel<float>(Engine&, const Kernel&, void* const*);
template void run_kernel<double>(Engine&, const Kernel&, void* const*);
template void run_axis<float>(Engine&, const AxisStep&, const float*, const float*, const std::int64_t*, void*);
template void run_axis<double>(Engine&, const AxisStep&, const double*, const double*, const std::int64_t*, void*);

}  // namespace vicinal::cpu
