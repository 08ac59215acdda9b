#include "device/cpu/program.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

namespace vicinal::cpu {
namespace {

using program::AxisOp;
using program::AxisStep;
using program::Kernel;
using program::MapOp;
using program::Reduction;
using program::Result;
using program::Source;

// A reduction over the first axis becomes so many partial results at most, whatever the threads: sums do not depend on
// their number.
constexpr std::int64_t kParts = 16;
constexpr std::int64_t kTileElements = 512;
constexpr std::int64_t kWhole = std::int64_t{1} << 14;  // elements up to which they are one part

// A copy that swaps two axes. Rows of both arrays are read and written in one go, through a block of their own: rows a
// power of two apart share a few places of the first cache.
template <class Real>
bool transposed(Engine& e, const Kernel& k, void* const* buffers) {
  if (k.rank != 2 || k.length != 2 || k.code[0].op != MapOp::load || k.result[0].reduction != Reduction::none)
    return false;
  const program::Operand &x = k.operand[0], &y = k.result[0].out;
  if (x.source != Source::real || y.source != Source::real || x.stride[0] != 1 || y.stride[1] != 1) return false;
  constexpr std::int64_t kBlock = 32;
  const Real* from = static_cast<const Real*>(buffers[x.buffer]) + x.offset;
  Real* to = static_cast<Real*>(buffers[y.buffer]) + y.offset;
  const std::int64_t rows = k.size[0], columns = k.size[1], in = x.stride[1], out = y.stride[0];
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

template <class Real>
void put(const Result& q, void* const* buffers, std::int64_t at, double v) {
  if (q.reduction == Reduction::largest && v == -std::numeric_limits<double>::infinity()) v = q.empty;
  if (q.out.source == Source::scalar) {
    static_cast<double*>(buffers[q.out.buffer])[q.out.offset + at] = v;
  } else {
    static_cast<Real*>(buffers[q.out.buffer])[q.out.offset + at] = static_cast<Real>(v);
  }
}

// Sums and maxima over an empty grid.
template <class Real>
void reduce_nothing(const Kernel& k, void* const* buffers) {
  for (int r = 0; r < k.results; ++r) {
    const Result& q = k.result[r];
    if (q.reduction == Reduction::none) continue;
    std::int64_t n = 1;
    for (int i = 0; i < k.rank; ++i)
      if (!q.reduced[i]) n *= k.size[i];
    for (std::int64_t i = 0; i < n; ++i) put<Real>(q, buffers, i, q.reduction == Reduction::sum ? 0 : q.empty);
  }
}

}  // namespace

namespace {

// From so many entries on, and with one in so many that is not 0 at most, zeros are left out of a product.
constexpr std::int64_t kManyEntries = std::int64_t{1} << 16;
constexpr std::int64_t kSparse = 16;
constexpr std::int64_t kFirstRows = 16;

template <class Real>
bool is_sparse(Engine& e, const Product<Real>& p) {
  if (p.transpose_a || p.transpose_b || p.accumulate || p.m * p.k < kManyEntries || p.lda != p.k) return false;
  const auto& table = kernels<Real>(e.isa);
  const std::int64_t first = std::min(kFirstRows, p.m) * p.k;  // tells most of the others at no cost
  if (table.count_nonzero(first, p.a) > first / kSparse) return false;
  std::atomic<std::int64_t> count{0};
  parallel_ranges(e, p.m, static_cast<double>(p.m) * static_cast<double>(p.k),
                  [&](const Range& r) { count += table.count_nonzero(r.size() * p.k, p.a + r.begin * p.k); });
  return count <= p.m * p.k / kSparse;
}

}  // namespace

template <class Real>
void product(Engine& e, const Product<Real>& p) {
  if (!is_sparse(e, p)) return gemm(e, p);
  constexpr std::int64_t kBlock = 64;
  const auto& table = kernels<Real>(e.isa);
  const double work = static_cast<double>(p.m) * (static_cast<double>(p.k) + 4.0 * static_cast<double>(p.n));
  parallel_ranges(e, p.m, work, [&](const Range& r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) {
      Real* const to = p.c + i * p.ldc;
      std::fill(to, to + p.n, Real(0));
      const Real* const a = p.a + i * p.lda;
      for (std::int64_t at = 0; at < p.k; at += kBlock) {
        const std::int64_t end = std::min(p.k, at + kBlock);
        if (table.count_nonzero(end - at, a + at) == 0) continue;
        for (std::int64_t j = at; j < end; ++j)
          if (a[j] != Real(0)) table.axpy(p.n, static_cast<double>(a[j]), p.b + j * p.ldb, to);
      }
    }
  });
}

template <class Real>
void run_kernel(Engine& e, const Kernel& k, void* const* buffers) {
  if (transposed<Real>(e, k, buffers)) return;
  const auto& table = kernels<Real>(e.isa);
  const std::int64_t first = k.size[0], last = k.size[k.rank - 1];
  std::int64_t count = 1, width = 0;
  for (int i = 0; i < k.rank; ++i) count *= k.size[i];
  if (count == 0) return reduce_nothing<Real>(k, buffers);
  bool parted = false;  // whether something is reduced over the axis that is cut
  for (int r = 0; r < k.results; ++r) {
    const Result& q = k.result[r];
    if (q.reduction == Reduction::none) continue;
    width += q.reduced[k.rank - 1] ? 1 : last;
    parted = parted || q.reduced[0];
  }
  const std::int64_t units = k.rank == 1 ? (first + kTileElements - 1) / kTileElements : first;
  const std::int64_t tasks =
      parted ? (count <= kWhole ? 1 : std::min(kParts, units))
             : std::min(units, task_count(e, static_cast<double>(count) * static_cast<double>(k.length)));
  const auto mark = e.workspace.mark();
  double* const accumulators = width > 0 ? e.workspace.get<double>((parted ? 2 : 1) * tasks * width) : nullptr;
  double* const partial = parted ? accumulators + tasks * width : nullptr;
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(first, tasks, t, k.rank == 1 ? kTileElements : 1);
    table.run_kernel(k, buffers, r.begin, r.end, width > 0 ? accumulators + t * width : nullptr,
                     parted ? partial + t * width : nullptr);
  });
  std::int64_t from = 0;
  for (int r = 0; r < k.results && parted; ++r) {
    const Result& q = k.result[r];
    if (q.reduction == Reduction::none) continue;
    const std::int64_t wide = q.reduced[k.rank - 1] ? 1 : last;
    const std::int64_t step = q.reduced[k.rank - 1] ? 0 : q.out.stride[k.rank - 1];
    for (std::int64_t i = 0; i < wide && q.reduced[0]; ++i) {
      double v = partial[from + i];
      for (std::int64_t t = 1; t < tasks; ++t) {
        const double w = partial[t * width + from + i];
        v = q.reduction == Reduction::sum ? v + w : (w > v) | (w != w) ? w : v;
      }
      put<Real>(q, buffers, i * step, v);
    }
    from += wide;
  }
  e.workspace.rewind(mark);
}

namespace {

// out [n, n] = x + x', a pair of blocks at a time, both of which are read before either is written.
template <class Real>
void mirror(Engine& e, std::int64_t n, const Real* x, Real* out) {
  constexpr std::int64_t kBlock = 32;
  const std::int64_t blocks = (n + kBlock - 1) / kBlock, pairs = (blocks + 1) / 2;
  const double work = 4.0 * static_cast<double>(n) * static_cast<double>(n);
  parallel_ranges(e, pairs, work, [&](const Range& r) {
    Real lower[kBlock][kBlock + 1];
    const auto row = [&](std::int64_t i) {
      const std::int64_t m = std::min(kBlock, n - i);
      for (std::int64_t j = i; j < n; j += kBlock) {
        const std::int64_t width = std::min(kBlock, n - j);
        for (std::int64_t q = 0; q < width; ++q) std::copy_n(x + (j + q) * n + i, m, lower[q]);
        for (std::int64_t p = 0; p < m; ++p) {
          const Real* from = x + (i + p) * n + j;
          Real* to = out + (i + p) * n + j;
          for (std::int64_t q = 0; q < width; ++q) {
            const Real sum = from[q] + lower[q][p];
            lower[q][p] = sum;
            if (j != i) to[q] = sum;
          }
        }
        for (std::int64_t q = 0; q < width; ++q) std::copy_n(lower[q], m, out + (j + q) * n + i);
      }
    };
    for (std::int64_t b = r.begin; b < r.end; ++b) {  // a long row of blocks and a short one
      row(b * kBlock);
      if (blocks - 1 - b > b) row((blocks - 1 - b) * kBlock);
    }
  });
}

}  // namespace

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
    case AxisOp::mirror:
      mirror(e, a.n, x, real);
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

template void product<float>(Engine&, const Product<float>&);
template void product<double>(Engine&, const Product<double>&);
template void run_kernel<float>(Engine&, const Kernel&, void* const*);
template void run_kernel<double>(Engine&, const Kernel&, void* const*);
template void run_axis<float>(Engine&, const AxisStep&, const float*, const float*, const std::int64_t*, void*);
template void run_axis<double>(Engine&, const AxisStep&, const double*, const double*, const std::int64_t*, void*);

}  // namespace vicinal::cpu
