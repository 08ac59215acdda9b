// Matrix products: OpenBLAS, one thread per call, called from our tasks.
// Computes   c [m, n] = op(a) op(b), or += .
// Cost       2 m n k flops. The longer side of c is cut: every task packs its slice of one operand and the whole of
//            the other, so cutting the longer side packs least.
//            gemm_over_rows cuts k instead, for the sum over samples of a' b: each thread then reads whole rows of both
//            operands and packs neither twice (7 % faster than cutting columns at 512 x 2048 x 5864).
//            A product of a matrix with itself is the blocks on one side of the diagonal, copied to the other: half of
//            the flops. With up to four rows on one side a b' is a pass over memory, and packing would be a second one:
//            inner products of the rows as they lie.
// Order      gemm never cuts k; gemm_over_rows adds the threads' sums in order.
#include <cblas.h>

#include "device/cpu/engine.hpp"

namespace vicinal::cpu {
namespace {

void call(const Product<float>& p) {
  cblas_sgemm(CblasRowMajor, p.transpose_a ? CblasTrans : CblasNoTrans, p.transpose_b ? CblasTrans : CblasNoTrans,
              static_cast<blasint>(p.m), static_cast<blasint>(p.n), static_cast<blasint>(p.k), 1.0f, p.a,
              static_cast<blasint>(p.lda), p.b, static_cast<blasint>(p.ldb), p.accumulate ? 1.0f : 0.0f, p.c,
              static_cast<blasint>(p.ldc));
}
void call(const Product<double>& p) {
  cblas_dgemm(CblasRowMajor, p.transpose_a ? CblasTrans : CblasNoTrans, p.transpose_b ? CblasTrans : CblasNoTrans,
              static_cast<blasint>(p.m), static_cast<blasint>(p.n), static_cast<blasint>(p.k), 1.0, p.a,
              static_cast<blasint>(p.lda), p.b, static_cast<blasint>(p.ldb), p.accumulate ? 1.0 : 0.0, p.c,
              static_cast<blasint>(p.ldc));
}

// Multiple of the micro-kernel's tile on both sides, so that a cut leaves no ragged tiles.
constexpr std::int64_t kCut = 16;
// A sum over samples is cut when every thread has this many; its threads' sums may take this many bytes together.
constexpr std::int64_t kLeastRows = 512;
constexpr std::int64_t kMostShare = std::int64_t{64} << 20;

// Rows on the shorter side up to which inner products are faster.
constexpr std::int64_t kFew = 4;

// c = a b' with few rows on one side.
template <class Real>
void inner_products(const Engine& e, const Product<Real>& p) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const bool tall = p.m >= p.n;
  const std::int64_t many = tall ? p.m : p.n, few = tall ? p.n : p.m;
  const Real* few_rows[4];
  for (std::int64_t j = 0; j < 4; ++j)
    few_rows[j] = tall ? p.b + std::min(j, few - 1) * p.ldb : p.a + std::min(j, few - 1) * p.lda;
  const double flops = 2.0 * static_cast<double>(many) * static_cast<double>(few) * static_cast<double>(p.k);
  parallel_ranges(e, many, flops, [&](Range r) {
    for (std::int64_t at = r.begin; at < r.end; at += 4) {
      const std::int64_t rows = std::min<std::int64_t>(4, r.end - at);
      const Real* many_rows[4];
      for (std::int64_t i = 0; i < 4; ++i) {
        const std::int64_t row = at + std::min(i, rows - 1);
        many_rows[i] = tall ? p.a + row * p.lda : p.b + row * p.ldb;
      }
      Real sums[16];
      k.dots_4x4(p.k, many_rows, few_rows, sums);
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < few; ++j) {
          Real& c = tall ? p.c[(at + i) * p.ldc + j] : p.c[j * p.ldc + at + i];
          c = p.accumulate ? c + sums[i * 4 + j] : sums[i * 4 + j];
        }
    }
  });
}

void upper(const Product<float>& p) {
  cblas_ssyrk(CblasRowMajor, CblasUpper, p.transpose_a ? CblasTrans : CblasNoTrans, static_cast<blasint>(p.n),
              static_cast<blasint>(p.k), 1.0f, p.a, static_cast<blasint>(p.lda), 0.0f, p.c,
              static_cast<blasint>(p.ldc));
}
void upper(const Product<double>& p) {
  cblas_dsyrk(CblasRowMajor, CblasUpper, p.transpose_a ? CblasTrans : CblasNoTrans, static_cast<blasint>(p.n),
              static_cast<blasint>(p.k), 1.0, p.a, static_cast<blasint>(p.lda), 0.0, p.c, static_cast<blasint>(p.ldc));
}

// Columns [from, to) of a symmetric c below row `to` from rows [from, to), through a block that is read and written by
// rows: rows a power of two apart share a few places of the first cache.
constexpr std::int64_t kBlock = 32;
template <class Real>
void copy_down(const Product<Real>& p, std::int64_t from, std::int64_t to) {
  Real block[kBlock][kBlock + 1];
  for (std::int64_t i = from; i < to; i += kBlock)
    for (std::int64_t j = to; j < p.n; j += kBlock) {
      const std::int64_t m = std::min(kBlock, to - i), n = std::min(kBlock, p.n - j);
      for (std::int64_t r = 0; r < m; ++r) std::copy_n(p.c + (i + r) * p.ldc + j, n, block[r]);
      for (std::int64_t q = 0; q < n; ++q)
        for (std::int64_t r = 0; r < m; ++r) p.c[(j + q) * p.ldc + i + r] = block[r][q];
    }
}

// Where there is one thread: the BLAS's own half, a tenth faster than blocks at 1024 x 512, and than the whole at 128 x
// 512. Only where it is short, for nothing cancels it.
constexpr std::int64_t kLeastRank = 64, kMostProducts = std::int64_t{1} << 32;
template <class Real>
void rank_k(const Product<Real>& p) {
  upper(p);
  for (std::int64_t i = 0; i < p.n; i += kBlock) {
    const std::int64_t to = std::min(i + kBlock, p.n);
    for (std::int64_t q = i; q < to; ++q)
      for (std::int64_t r = i; r < q; ++r) p.c[q * p.ldc + r] = p.c[r * p.ldc + q];
    copy_down(p, i, to);
  }
}

// c = a a' or a' a: the blocks on one side of the diagonal, copied to the other. False: too few blocks for the threads.
template <class Real>
bool gram(const Engine& e, const Product<Real>& p) {
  if (p.a != p.b || p.lda != p.ldb || p.m != p.n || p.transpose_a == p.transpose_b || p.accumulate) return false;
  if (e.threads == 1 && p.n >= kLeastRank && p.n * p.n <= kMostProducts / std::max<std::int64_t>(p.k, 1)) {
    rank_k(p);
    return true;
  }
  const std::int64_t n = p.n, side = n < 512 ? 64 : 128, blocks = (n + side - 1) / side, pairs = (blocks + 1) / 2;
  if (pairs < std::max(2, e.threads)) return false;
  parallel(e, pairs, [&](std::int64_t t) {
    for (const std::int64_t b : {t, blocks - 1 - t}) {  // a long row of blocks and a short one
      const std::int64_t from = b * side, to = std::min(from + side, n);
      Product<Real> q = p;
      q.m = to - from;
      q.n = n - from;
      q.a = q.b = p.a + (p.transpose_a ? from : from * p.lda);
      q.c = p.c + from * p.ldc + from;
      call(q);
      copy_down(p, from, to);
      if (2 * t == blocks - 1) break;  // the one in the middle
    }
  });
  return true;
}

}  // namespace

template <class Real>
void gemm_serial(const Product<Real>& p) {
  call(p);
}

template <class Real>
void gemm(const Engine& e, const Product<Real>& p) {
  if (!p.transpose_a && p.transpose_b && std::min(p.m, p.n) <= kFew) return inner_products(e, p);
  if (gram(e, p)) return;
  const bool cut_rows = p.m >= p.n;
  const std::int64_t side = cut_rows ? p.m : p.n;
  const std::int64_t tasks =
      std::min(task_count(e, 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k)),
               (side + kCut - 1) / kCut);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(side, tasks, t, kCut);
    if (r.size() == 0) return;
    Product<Real> q = p;
    if (cut_rows) {
      q.m = r.size();
      q.a = p.a + (p.transpose_a ? r.begin : r.begin * p.lda);
      q.c = p.c + r.begin * p.ldc;
    } else {
      q.n = r.size();
      q.b = p.b + (p.transpose_b ? r.begin * p.ldb : r.begin);
      q.c = p.c + r.begin;
    }
    call(q);
  });
}

template <class Real>
void gemm_over_rows(Engine& e, const Product<Real>& p) {
  const double flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  const std::int64_t parts = e.threads, size = p.m * p.n;
  if (parts == 1 || p.k < parts * kLeastRows ||
      (parts - 1) * size > kMostShare / static_cast<std::int64_t>(sizeof(Real)))
    return gemm(e, p);
  const Workspace::Mark mark = e.workspace.mark();
  Real* shares = e.workspace.get<Real>((parts - 1) * size);
  parallel(e, parts, [&](std::int64_t t) {
    const Range mine = part(p.k, parts, t);
    const std::int64_t steps = 1 + static_cast<std::int64_t>(flops / static_cast<double>(parts) / kTaskFlops);
    for (std::int64_t i = 0; i < steps; ++i) {
      e.poll();
      const Range step = part(mine.size(), steps, i);
      Product<Real> q = p;
      q.k = step.size();
      q.a = p.a + (mine.begin + step.begin) * p.lda;
      q.b = p.b + (mine.begin + step.begin) * p.ldb;
      q.accumulate = i > 0 || (t == 0 && p.accumulate);
      if (t > 0) {
        q.c = shares + (t - 1) * size;
        q.ldc = p.n;
      }
      call(q);
    }
  });
  parallel_ranges(e, p.m, static_cast<double>(size) * static_cast<double>(parts), [&](Range r) {
    for (std::int64_t t = 1; t < parts; ++t)
      for (std::int64_t i = r.begin; i < r.end; ++i)
        for (std::int64_t j = 0; j < p.n; ++j) p.c[i * p.ldc + j] += shares[(t - 1) * size + i * p.n + j];
  });
  e.workspace.rewind(mark);
}

template void gemm_over_rows<float>(Engine&, const Product<float>&);
template void gemm_over_rows<double>(Engine&, const Product<double>&);
template void gemm_serial<float>(const Product<float>&);
template void gemm_serial<double>(const Product<double>&);
template void gemm<float>(const Engine&, const Product<float>&);
template void gemm<double>(const Engine&, const Product<double>&);

}  // namespace vicinal::cpu
