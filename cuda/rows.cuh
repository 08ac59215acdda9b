// Row operations of the normalisation x -> x / |x| and its derivatives; the formulas are those of
// device/cpu/isa/rows.cpp.
#ifndef VICINAL_CUDA_ROWS_CUH_
#define VICINAL_CUDA_ROWS_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

// unit = rows / norm, inverse_norm = 1 / norm (or null); rows with a norm below the smallest normal number are zero in
// both. x is in the caller's order. unit may be x.
template <class Real>
void normalize_rows(Engine& e, std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm,
                    const RowOrder& order = {});

// Gradient through the normalisation: out = (q - (z.q) z) / r, beta = z.q (or null). out may be q; it is in kernel
// order, and `also` (or null) gets a copy in the caller's.
template <class Real>
void project_rows(Engine& e, std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm, const Real* q,
                  Real* beta, Real* out, Real* also = nullptr, const RowOrder& order = {});

// m directions per row: v, out [n, m, d], alpha [n, m]. out = (v - (z.v) z) / r, alpha = z.v. out may be v. With an
// order m is 1 and v is in the caller's.
template <class Real>
void tangent_rows(Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit, const Real* inverse_norm,
                  const Real* v, Real* alpha, Real* out, const RowOrder& order = {});

// Tangent of project_rows: out = scale ((qt - (z.qt) z) / r - (g.zt) z - (alpha / r) g - (beta / r) zt), qt, zt, out
// [n, m, d], alpha, scale [n, m]. zt and alpha may be null (no direction), scale too (ones). out may be qt; with an
// order it is in the caller's.
template <class Real>
void project_rows_tangent(Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                          const Real* inverse_norm, const Real* qt, const Real* g, const Real* beta, const Real* zt,
                          const Real* alpha, const Real* scale, Real* out, const RowOrder& order = {});

// dots [n, m] = a [n, d] . b [n, m, d], summed in double.
template <class Real>
void dot_rows(Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b, double* dots);

// sums [columns] += the column sums of x [n, columns], in double and in a fixed order.
template <class Real>
void add_column_sums(Engine& e, std::int64_t n, std::int64_t columns, const Real* x, double* sums);

template <class Real>
void row_derivatives(Engine& e, const RowDerivatives<Real>& r);
template <class Real>
void outer_rows(Engine& e, const OuterRows<Real>& r);

// out [rows, width] = row.
template <class Real>
void fill_rows(Engine& e, std::int64_t rows, std::int64_t width, const Real* row, Real* out);
// out [rows, m, width] = scale [rows, m] times x [rows, width], or with m = 1 x itself.
template <class Real>
void scale_rows(Engine& e, std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale, const Real* x,
                Real* out);
// y [n] += x.
template <class Real>
void add(Engine& e, std::int64_t n, const Real* x, Real* y);
// Cosines s [rows, ld] of zero vectors, whose inverse norms are 0.
template <class Real>
void put_zero_cosines(Engine& e, const ZeroCosines& zero, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                      const Real* inverse, const Real* inverse_proxies, Real* s);

// to [n] = factor times from, rounded.
template <class Real>
void to_real(Engine& e, std::int64_t n, double factor, const double* from, Real* to);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_ROWS_CUH_
