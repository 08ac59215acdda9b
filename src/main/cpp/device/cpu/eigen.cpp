// The symmetric eigenproblem, by LAPACK's divide and conquer (Cuppen 1981; syevd of the OpenBLAS that we link).
// Shapes       matrix [n, n], of which the upper triangle is read; its rows become the eigenvectors. LAPACK writes
//              eigenvectors as columns of a column-major matrix: the rows of ours.
// Cost         about 6 n^3 flops on one thread, half of them memory-bound; 2 n^2 elements of temporary memory. One
//              uninterruptible call.
// Determinism  one thread; the sign of a vector is fixed by its largest component, the first of equals, which is
//              positive.
#include <lapacke.h>

#include <cmath>

#include "device/cpu/operations.hpp"

namespace vicinal::cpu {
namespace {

lapack_int syevd(lapack_int n, float* a, float* w, float* work, lapack_int lwork, lapack_int* iwork,
                 lapack_int liwork) {
  return LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, a, n, w, work, lwork, iwork, liwork);
}
lapack_int syevd(lapack_int n, double* a, double* w, double* work, lapack_int lwork, lapack_int* iwork,
                 lapack_int liwork) {
  return LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, a, n, w, work, lwork, iwork, liwork);
}

template <class Real>
void fix_sign(std::int64_t n, Real* row) {
  std::int64_t top = 0;
  for (std::int64_t i = 1; i < n; ++i)
    if (std::fabs(row[i]) > std::fabs(row[top])) top = i;
  if (row[top] < 0)
    for (std::int64_t i = 0; i < n; ++i) row[i] = -row[i];
}

}  // namespace

template <class Real>
void symmetric_eigen(const Engine& e, std::int64_t n, Real* matrix, Real* values) {
  e.poll();
  const lapack_int size = static_cast<lapack_int>(n);
  Real length = 0;
  lapack_int integers = 0;
  syevd(size, matrix, values, &length, -1, &integers, -1);  // asks for the sizes
  // The answer is rounded when it passes through a float; the documented minimum is exact.
  const std::int64_t least = 1 + 6 * n + 2 * n * n;
  const std::int64_t lwork = std::max(least, static_cast<std::int64_t>(length));
  Buffer<Real> work(lwork);
  Buffer<lapack_int> iwork(integers);
  const lapack_int info =
      syevd(size, matrix, values, work.get(), static_cast<lapack_int>(lwork), iwork.get(), integers);
  if (info != 0)
    fail(VICINAL_INTERNAL, "the eigendecomposition of a ", n, " x ", n, " matrix did not converge (LAPACK says ", info,
         ")");
  parallel_ranges(e, n, 2 * static_cast<double>(n) * static_cast<double>(n), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) fix_sign(n, matrix + i * n);
  });
}

template void symmetric_eigen(const Engine&, std::int64_t, float*, float*);
template void symmetric_eigen(const Engine&, std::int64_t, double*, double*);

}  // namespace vicinal::cpu
