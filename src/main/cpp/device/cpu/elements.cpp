// Element-wise operations: clipping, reciprocals, the lowest, the search for NaN and infinity, rows by
// their ids;
// device/cpu/isa/elements.cpp has the formulas.
// Cost         memory-bound, one pass.
// Determinism  every element is independent; what is searched for is a minimum.
#include <atomic>
#include <cstring>
#include <limits>

#include "device/cpu/operations.hpp"

namespace vicinal::cpu {
namespace {

// Element-wise work: memory-bound, about this many operations per element for the decision how to cut it.
constexpr double kFlopsPerElement = 8;

template <class Body>
void elements(const Engine& e, std::int64_t n, Body&& body) {
  parallel_ranges(e, n, kFlopsPerElement * static_cast<double>(n), body);
}

}  // namespace

template <class Real>
void clip(Engine& e, std::int64_t n, double low, double high, Real* values) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  elements(e, n, [&](Range r) { k.clip(r.size(), low, high, values + r.begin); });
}

template <class Real>
double lowest(Engine& e, std::int64_t n, const Real* values) {
  std::atomic<double> low{std::numeric_limits<double>::infinity()};
  elements(e, n, [&](Range r) {
    double own = values[r.begin];
    for (std::int64_t i = r.begin + 1; i < r.end; ++i) own = math::lower_of(own, static_cast<double>(values[i]));
    double seen = low.load();
    while (!low.compare_exchange_weak(seen, math::lower_of(seen, own))) {
    }
  });
  return low.load();
}

template <class Real>
void reciprocal(Engine& e, std::int64_t n, double shift, const Real* x, Real* out) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  elements(e, n, [&](Range r) { k.reciprocal(r.size(), shift, x + r.begin, out + r.begin); });
}

template <class Real>
std::int64_t find_nonfinite(Engine& e, std::int64_t n, const Real* values) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  std::atomic<std::int64_t> first{n};
  elements(e, n, [&](Range r) {
    const std::int64_t at = k.find_nonfinite(r.size(), values + r.begin);
    if (at < 0) return;
    std::int64_t seen = first.load();
    while (r.begin + at < seen && !first.compare_exchange_weak(seen, r.begin + at)) {
    }
  });
  return first.load() == n ? -1 : first.load();
}

template <class Real>
void gather_rows(Engine& e, std::int64_t, std::int64_t columns, const Real* values, std::int64_t n,
                 const std::int64_t* ids, Real* out) {
  parallel_ranges(e, n, static_cast<double>(n) * static_cast<double>(columns), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i)
      std::memcpy(out + i * columns, values + ids[i] * columns, static_cast<std::size_t>(columns) * sizeof(Real));
  });
}

#define VICINAL_INSTANTIATE(Real)                                              \
  template void clip(Engine&, std::int64_t, double, double, Real*);            \
  template double lowest(Engine&, std::int64_t, const Real*);                  \
  template void reciprocal(Engine&, std::int64_t, double, const Real*, Real*); \
  template std::int64_t find_nonfinite(Engine&, std::int64_t, const Real*);    \
  template void gather_rows(Engine&, std::int64_t, std::int64_t, const Real*, std::int64_t, const std::int64_t*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
