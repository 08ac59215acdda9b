// Vector operations over m rows: what a conjugate-gradient step does between two products.
// Shapes       rows of n elements, compact; one scalar per row.
// Cost         memory-bound, one pass.
// Determinism  inner products are summed over chunks of fixed length, in order: the same for every thread count.
#include "device/cpu/operations.hpp"

namespace vicinal::cpu {
namespace {

constexpr std::int64_t kChunk = 1 << 14;  // of an inner product: both operands fit the second-level cache
constexpr double kFlopsPerElement = 8;    // memory-bound: what an element costs, for the decision how to cut it

double work(std::int64_t m, std::int64_t n) {
  return kFlopsPerElement * static_cast<double>(m) * static_cast<double>(n);
}

// body(row, range) over all rows; ranges cut the columns.
template <class Body>
void each_row(const Engine& e, std::int64_t m, std::int64_t n, Body&& body) {
  parallel_ranges(e, n, work(m, n), [&](Range r) {
    for (std::int64_t q = 0; q < m; ++q) body(q, r);
  });
}

}  // namespace

template <class Real>
void dots(Engine& e, std::int64_t m, std::int64_t n, const Real* a, const Real* b, double* out) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t chunks = (n + kChunk - 1) / kChunk;
  double* sums = e.workspace.get<double>(m * chunks);
  parallel_ranges(e, m * chunks, work(m, n), [&](Range r) {
    for (std::int64_t t = r.begin; t < r.end; ++t) {
      const std::int64_t from = t % chunks * kChunk, at = t / chunks * n + from;
      sums[t] = k.dot(std::min(kChunk, n - from), a + at, b + at);
    }
  });
  for (std::int64_t q = 0; q < m; ++q) {
    out[q] = 0;
    for (std::int64_t t = 0; t < chunks; ++t) out[q] += sums[q * chunks + t];
  }
}

template <class Real>
void axpy(const Engine& e, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  each_row(e, m, n, [&](std::int64_t q, Range r) {
    const std::int64_t at = q * n + r.begin;
    k.axpy(r.size(), alpha[q], x + at, y + at);
  });
}

template <class Real>
void xpby(const Engine& e, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  each_row(e, m, n, [&](std::int64_t q, Range r) {
    const std::int64_t at = q * n + r.begin;
    k.xpby(r.size(), x + at, beta[q], y + at);
  });
}

template <class Real>
void multiply(const Engine& e, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  each_row(e, m, n, [&](std::int64_t q, Range r) {
    const std::int64_t at = q * n + r.begin;
    k.multiply(r.size(), shared + r.begin, x + at, out + at);
  });
}

#define VICINAL_INSTANTIATE(Real)                                                                   \
  template void dots(Engine&, std::int64_t, std::int64_t, const Real*, const Real*, double*);       \
  template void axpy(const Engine&, std::int64_t, std::int64_t, const double*, const Real*, Real*); \
  template void xpby(const Engine&, std::int64_t, std::int64_t, const Real*, const double*, Real*); \
  template void multiply(const Engine&, std::int64_t, std::int64_t, const Real*, const Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
