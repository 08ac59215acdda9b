// The processor's operations on rows: the normalisation x -> x / |x| and its derivatives (device/cpu/isa/rows.cpp),
// sums and products by element. The device's other bodies are in cuda/rows.cuh.
#ifndef VICINAL_CPU_ROWS_HPP_
#define VICINAL_CPU_ROWS_HPP_

#include "algorithm/data.hpp"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

// body(row in kernel order, row in the caller's order, how many rows follow both) over a range in kernel order.
template <class Body>
void in_order(const RowOrder& order, Range r, Body&& body) {
  if (order.centers == 1) {
    body(r.begin, r.begin, r.size());
  } else {
    for (std::int64_t row = r.begin; row < r.end; ++row) body(row, order.caller(row), std::int64_t{1});
  }
}

// unit = rows / norm, inverse_norm = 1 / norm (or null); rows with a norm below the smallest normal number are zero in
// both. x is in the caller's order. unit may be x.
template <class Real>
void normalize_rows(const Engine& e, std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm,
                    const RowOrder& order);

// Gradient through the normalisation: out = (q - (z.q) z) / r, beta = z.q (or null). out may be q; it is in kernel
// order, and `also` gets a copy in the caller's; either may be null.
template <class Real>
void project_rows(const Engine& e, std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm,
                  const Real* q, Real* beta, Real* out, Real* also, const RowOrder& order);

// m directions per row: v, out [n, m, d], alpha [n, m]. out = (v - (z.v) z) / r, alpha = z.v. out may be v. With an
// order m is 1 and v is in the caller's.
template <class Real>
void tangent_rows(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                  const Real* inverse_norm, const Real* v, Real* alpha, Real* out, const RowOrder& order);

// Tangent of project_rows: out = scale ((qt - (z.qt) z) / r - (g.zt) z - (alpha / r) g - (beta / r) zt), qt, zt, out
// [n, m, d], alpha, scale [n, m]. zt and alpha may be null (no direction), scale too (ones). out may be qt; with an
// order m is 1 and out is in the caller's.
template <class Real>
void project_rows_tangent(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                          const Real* inverse_norm, const Real* qt, const Real* g, const Real* beta, const Real* zt,
                          const Real* alpha, const Real* scale, Real* out, const RowOrder& order);

template <class Real>
void row_derivatives(const Engine& e, const RowDerivatives<Real>& r);
template <class Real>
void outer_rows(const Engine& e, const OuterRows<Real>& r);

// out [rows, width] = row.
template <class Real>
void fill_rows(const Engine& e, std::int64_t rows, std::int64_t width, const Real* row, Real* out);
// out [rows, m, width] = scale [rows, m] times x [rows, width]; with m = 1 out may be x.
template <class Real>
void scale_rows(const Engine& e, std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale,
                const Real* x, Real* out);
// sums [columns] += the column sums of x [n, columns], in double and in the order of rows.
template <class Real>
void add_column_sums(const Engine& e, std::int64_t n, std::int64_t columns, const Real* x, double* sums);
// to [n] = factor times from, rounded.
template <class Real>
void to_real(const Engine& e, std::int64_t n, double factor, const double* from, Real* to);
// y [n] += x.
template <class Real>
void add(const Engine& e, std::int64_t n, const Real* x, Real* y);

// Cosines s [rows, ld] of zero vectors, whose inverse norms are 0.
template <class Real, class Cosine>
void put_zero_cosines(const Engine& e, const ZeroCosines& zero, std::int64_t rows, std::int64_t columns,
                      std::int64_t ld, const Cosine* inverse, const Real* inverse_proxies, Cosine* s);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_ROWS_HPP_
