// Cosines in double after a change of low rank.
// Determinism  rows are independent.
#include "cpu/loss_change.hpp"

#include <cmath>

#include "cpu/rows.hpp"

namespace vicinal::cpu {

template <class Real>
void widen(const Engine& e, std::int64_t n, const Real* from, double* to) {
  parallel_ranges(e, n, 2.0 * static_cast<double>(n), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) to[i] = static_cast<double>(from[i]);
  });
}

void subtract(const Engine& e, std::int64_t n, const double* x, double* y) {
  parallel_ranges(e, n, 2.0 * static_cast<double>(n), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) y[i] -= x[i];
  });
}

template <class Real>
void dot_rows(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b,
              double* dots) {
  kernels<Real>(e.isa).dot_rows(n, m, d, a, b, dots);
}

template <class Real>
void moved_cosines(Engine& e, const MovedCosines<Real>& r) {
  const Kernels<double>& k = kernels<double>(e.isa);
  const std::int64_t R = r.R, K = r.columns;
  const Workspace::Mark mark = e.workspace.mark();
  double* onto_proxies = e.workspace.get<double>(R * K);
  widen(e, R * K, r.onto_proxies, onto_proxies);
  const double work = 4.0 * static_cast<double>(r.rows) * static_cast<double>((R + 1) * K);
  parallel_ranges(e, r.rows, work, [&](Range range) {
    for (std::int64_t i = range.begin; i < range.end; ++i) {
      const Real* f = r.f + i * R;
      const double inverse = static_cast<double>(r.inverse[i]), radius = inverse > 0 ? 1 / inverse : 0;
      double square = radius * radius;
      for (std::int64_t a = 0; a < R; ++a) {
        double quadratic = 0;
        for (std::int64_t b = 0; b < R; ++b) quadratic += r.gram[a * R + b] * static_cast<double>(f[b]);
        square += static_cast<double>(f[a]) * (2 * radius * static_cast<double>(r.onto_z[i * R + a]) + quadratic);
      }
      const double moved = square > 0 ? 1 / std::sqrt(square) : 0;
      const double own = radius * moved;  // a zero embedding has no cosines of its own
      double* out = r.out + i * r.ld;
      for (std::int64_t c = 0; c < K; ++c)
        out[c] = inverse > 0 ? own * static_cast<double>(r.cosines[i * r.ld + c]) : 0.0;
      for (std::int64_t a = 0; a < R; ++a) k.axpy(K, static_cast<double>(f[a]) * moved, onto_proxies + a * K, out);
      put_zero_cosines(e, r.zero, 1, K, r.ld, &moved, r.inverse_proxies, out);
    }
  });
  e.workspace.rewind(mark);
}

#define VICINAL_INSTANTIATE(Real)                                                                                     \
  template void widen(const Engine&, std::int64_t, const Real*, double*);                                             \
  template void dot_rows(const Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, double*); \
  template void moved_cosines(Engine&, const MovedCosines<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
