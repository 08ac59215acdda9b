// m vectors at once, for iterative solvers with many right-hand sides, and the symmetric eigenproblem.
#ifndef VICINAL_CPU_VECTORS_HPP_
#define VICINAL_CPU_VECTORS_HPP_

#include "cpu/engine.hpp"

namespace vicinal::cpu {

// out[q] = sum_i a[q, i] b[q, i] over rows of n, in double.
template <class Real>
void dots(Engine& e, std::int64_t m, std::int64_t n, const Real* a, const Real* b, double* out);
// y[q, i] += alpha[q] x[q, i].
template <class Real>
void axpy(const Engine& e, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y);
// y[q, i] = x[q, i] + beta[q] y[q, i].
template <class Real>
void xpby(const Engine& e, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y);
// out[q, i] = shared[i] x[q, i]; out may be x.
template <class Real>
void multiply(const Engine& e, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out);

// Rows of `matrix` become the unit eigenvectors of the symmetric matrix, `values` its eigenvalues, ascending.
template <class Real>
void symmetric_eigen(const Engine& e, std::int64_t n, Real* matrix, Real* values);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_VECTORS_HPP_
