// Row operations over the engine's threads.
// Determinism  every row is independent; sums over rows in their order, in double.
#include "device/cpu/rows.hpp"

#include <algorithm>
#include <cstring>

namespace vicinal::cpu {
namespace {

// Operations per element of a row in about two passes over it, for the decision how to cut the work.
constexpr double kFlopsPerElement = 8;

template <class Body>
void over_rows(const Engine& e, std::int64_t n, std::int64_t width, double flops, Body&& body) {
  parallel_ranges(e, n, flops * static_cast<double>(n) * static_cast<double>(width), body);
}

template <class Real>
std::size_t bytes(std::int64_t elements) {
  return static_cast<std::size_t>(elements) * sizeof(Real);
}

}  // namespace

template <class Real>
void normalize_rows(const Engine& e, std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm,
                    const RowOrder& order) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  over_rows(e, n, d, kFlopsPerElement, [&](Range r) {
    in_order(order, r, [&](std::int64_t row, std::int64_t source, std::int64_t count) {
      k.normalize_rows(count, d, x + source * d, unit + row * d,
                       inverse_norm == nullptr ? nullptr : inverse_norm + row);
    });
  });
}

template <class Real>
void project_rows(const Engine& e, std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm,
                  const Real* q, Real* beta, Real* out, Real* also, const RowOrder& order) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  over_rows(e, n, d, kFlopsPerElement, [&](Range r) {
    in_order(order, r, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
      Real* to = out == nullptr ? also + target * d : out + row * d;
      k.project_rows(count, d, unit + row * d, inverse_norm + row, q + row * d, beta == nullptr ? nullptr : beta + row,
                     to);
      if (out != nullptr && also != nullptr) std::memcpy(also + target * d, to, bytes<Real>(count * d));
    });
  });
}

template <class Real>
void tangent_rows(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                  const Real* inverse_norm, const Real* v, Real* alpha, Real* out, const RowOrder& order) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  over_rows(e, n, m * d, kFlopsPerElement, [&](Range r) {
    in_order(order, r, [&](std::int64_t row, std::int64_t source, std::int64_t count) {
      k.tangent_rows(count, m, d, unit + row * d, inverse_norm + row, v + source * m * d, alpha + row * m,
                     out + row * m * d);
    });
  });
}

template <class Real>
void project_rows_tangent(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                          const Real* inverse_norm, const Real* qt, const Real* g, const Real* beta, const Real* zt,
                          const Real* alpha, const Real* scale, Real* out, const RowOrder& order) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const auto at = [](const Real* array, std::int64_t i) { return array == nullptr ? nullptr : array + i; };
  over_rows(e, n, m * d, kFlopsPerElement, [&](Range r) {
    in_order(order, r, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
      k.project_rows_tangent(count, m, d, unit + row * d, inverse_norm + row, qt + row * m * d, at(g, row * d),
                             at(beta, row), at(zt, row * m * d), at(alpha, row * m), at(scale, row * m),
                             out + target * m * d);
    });
  });
}

template <class Real>
void row_derivatives(const Engine& e, const RowDerivatives<Real>& r) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  over_rows(e, r.rows, r.m * (r.d + r.columns), 4, [&](Range range) {
    for (std::int64_t i = range.begin; i < range.end; ++i)
      for (std::int64_t q = 0; q < r.m; ++q) {
        const std::int64_t t = i * r.m + q;
        double by_rows = 0, by_proxies = 0;
        if (r.moved != nullptr) k.dot_rows(1, 1, r.d, r.gradient + i * r.d, r.moved + t * r.d, &by_rows);
        if (r.tangents != nullptr) k.dot_rows(1, 1, r.columns, r.g + i * r.ld, r.tangents + t * r.ld, &by_proxies);
        r.out[i * r.row_step + q * r.direction_step] = r.n * (by_rows + by_proxies);
      }
  });
}

template <class Real>
void outer_rows(const Engine& e, const OuterRows<Real>& r) {
  over_rows(e, r.rows * r.m, r.width, 2, [&](Range range) {
    for (std::int64_t t = range.begin; t < range.end; ++t) {
      const double weight = r.weights == nullptr ? 1.0 : static_cast<double>(r.weights[t * r.step]);
      const Real factor = static_cast<Real>(r.derivatives[t * r.step] * weight);
      const Real* x = r.x + t / r.m * r.ld;
      Real* out = r.out + t * r.ld;
      for (std::int64_t j = 0; j < r.width; ++j) out[j] = factor * x[j];
    }
  });
}

template <class Real>
void fill_rows(const Engine& e, std::int64_t rows, std::int64_t width, const Real* row, Real* out) {
  over_rows(e, rows, width, 1, [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) std::memcpy(out + i * width, row, bytes<Real>(width));
  });
}

template <class Real>
void scale_rows(const Engine& e, std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale,
                const Real* x, Real* out) {
  over_rows(e, rows * m, width, 1, [&](Range r) {
    for (std::int64_t t = r.begin; t < r.end; ++t) {
      const Real* from = x + t / m * width;
      Real* to = out + t * width;
      for (std::int64_t j = 0; j < width; ++j) to[j] = scale[t] * from[j];
    }
  });
}

template <class Real>
void add_column_sums(const Engine&, std::int64_t n, std::int64_t columns, const Real* x, double* sums) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < columns; ++j) sums[j] += static_cast<double>(x[i * columns + j]);
}

template <class Real>
void to_real(const Engine&, std::int64_t n, double factor, const double* from, Real* to) {
  for (std::int64_t j = 0; j < n; ++j) to[j] = static_cast<Real>(factor * from[j]);
}

template <class Real>
void add(const Engine& e, std::int64_t n, const Real* x, Real* y) {
  over_rows(e, n, 1, 2, [&](Range r) {
    for (std::int64_t j = r.begin; j < r.end; ++j) y[j] += x[j];
  });
}

template <class Real, class Cosine>
void put_zero_cosines(const Engine&, const ZeroCosines& zero, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                      const Cosine* inverse, const Real* inverse_proxies, Cosine* s) {
  if (!zero.proxies) return;
  const bool any = std::find(inverse_proxies, inverse_proxies + columns, Real(0)) != inverse_proxies + columns;
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool zero_row = zero.rows && inverse[i] == Cosine(0);
    if (!zero_row && !any) continue;
    for (std::int64_t c = 0; c < columns; ++c) {
      const bool zero_proxy = inverse_proxies[c] == Real(0);
      if (zero_proxy || zero_row) s[i * ld + c] = zero_proxy && zero_row ? Cosine(1) : Cosine(0.5);
    }
  }
}

#define VICINAL_INSTANTIATE(Real)                                                                                      \
  template void normalize_rows(const Engine&, std::int64_t, std::int64_t, const Real*, Real*, Real*, const RowOrder&); \
  template void project_rows(const Engine&, std::int64_t, std::int64_t, const Real*, const Real*, const Real*, Real*,  \
                             Real*, Real*, const RowOrder&);                                                           \
  template void tangent_rows(const Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*,        \
                             const Real*, Real*, Real*, const RowOrder&);                                              \
  template void project_rows_tangent(const Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*,             \
                                     const Real*, const Real*, const Real*, const Real*, const Real*, const Real*,     \
                                     const Real*, Real*, const RowOrder&);                                             \
  template void row_derivatives(const Engine&, const RowDerivatives<Real>&);                                           \
  template void outer_rows(const Engine&, const OuterRows<Real>&);                                                     \
  template void fill_rows(const Engine&, std::int64_t, std::int64_t, const Real*, Real*);                              \
  template void scale_rows(const Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, Real*);  \
  template void add_column_sums(const Engine&, std::int64_t, std::int64_t, const Real*, double*);                      \
  template void to_real(const Engine&, std::int64_t, double, const double*, Real*);                                    \
  template void add(const Engine&, std::int64_t, const Real*, Real*);                                                  \
  template void put_zero_cosines(const Engine&, const ZeroCosines&, std::int64_t, std::int64_t, std::int64_t,          \
                                 const Real*, const Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE
// Of losses in double.
template void put_zero_cosines(const Engine&, const ZeroCosines&, std::int64_t, std::int64_t, std::int64_t,
                               const double*, const float*, double*);

}  // namespace vicinal::cpu
