// Matrix products: OpenBLAS, one thread per call, called from our tasks.
// Computes   c [m, n] = op(a) op(b), or += .
// Cost       2 m n k flops. The longer side of c is cut: every task packs its slice of one operand and the whole of
//            the other, so cutting the longer side packs least.
// Order      k is never cut: the order of summation does not depend on the number of threads.
#include <cblas.h>

#include "cpu/engine.hpp"

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

}  // namespace

template <class Real>
void gemm_serial(const Product<Real>& p) {
  call(p);
}

template <class Real>
void gemm(const Engine& e, const Product<Real>& p) {
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

template void gemm_serial<float>(const Product<float>&);
template void gemm_serial<double>(const Product<double>&);
template void gemm<float>(const Engine&, const Product<float>&);
template void gemm<double>(const Engine&, const Product<double>&);

}  // namespace vicinal::cpu
