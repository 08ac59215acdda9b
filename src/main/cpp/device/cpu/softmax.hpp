// The processor's operations on the rows of a cosine softmax, for exact Kronecker factors and diagonals
// (algorithm/softmax_rows.hpp, factors.hpp and diagonal.hpp have the formulas).
#ifndef VICINAL_CPU_SOFTMAX_HPP_
#define VICINAL_CPU_SOFTMAX_HPP_

#include "algorithm/softmax_tile.hpp"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

// others from the loss's gradient (tau / N) (mass pi_c - t_c), with 1 - pi_y free of cancellation, and all but delta,
// curved and twice; from = N / tau.
template <class Real>
void softmax_probabilities(const Engine& e, const SoftmaxTile<Real>& tile, Real from);
// delta, curved and twice; delta and curved hold the sums over the classes other than the label. square = tau^2.
template <class Real>
void softmax_differences(const Engine& e, const SoftmaxTile<Real>& tile, Real square);

// a [n, n] = scale times its upper triangle, mirrored; and a + a', exactly symmetric.
template <class Real>
void mirror(const Engine& e, std::int64_t n, Real scale, Real* a);
template <class Real>
void fold(const Engine& e, std::int64_t n, Real* a);
// The left factors of the two products over rows: curved becomes omega (b z / 2 - c), side
// square omega (p^_y + delta / 2).
template <class Real>
void factor_sides(const Engine& e, const SoftmaxTile<Real>& tile, Real square, Real* side);
// spread [classes] += omega_i pi_ic, and -omega_i epsilon_i at the label.
template <class Real>
void add_spread(const Engine& e, const SoftmaxTile<Real>& tile, double* spread);

// out [n] = x * x.
template <class Real>
void square(const Engine& e, std::int64_t n, const Real* x, Real* out);
// The Gauss-Newton part of h / N from h = sum_{c != y} pi_c p^_c^2; square = tau^2.
template <class Real>
void softmax_diagonal(const Engine& e, const SoftmaxTile<Real>& tile, Real square, Real* h);
// What the normalisation adds to it.
template <class Real>
void normalisation_diagonal(const Engine& e, const PointRows<Real>& rows, Real* h);
// The Fisher matrix's h / N: N^2 of the gradients over N of the mean.
template <class Real>
void fisher_diagonal(const Engine& e, const PointRows<Real>& rows, Real* h);
// spread = f = w mass pi (1 - pi), tilted = f s [rows, ld]; along [classes] += f s^2.
template <class Real>
void spread_proxies(const Engine& e, const SoftmaxTile<Real>& tile, Real* spread, Real* tilted, double* along);
// proxies [classes, d] from the sums of f z^2 (in place), f s z and f s^2.
template <class Real>
void proxy_diagonal(const Engine& e, std::int64_t classes, std::int64_t d, double factor, const Real* unit,
                    const Real* inverse_proxies, const Real* cross, const double* along, Real* proxies);
// out [rows] = sum_a (n g_ia)^2 forms_ia, in double.
template <class Real>
void quadratic_forms(const Engine& e, std::int64_t rows, std::int64_t d, double n, const Real* gradient,
                     const Real* forms, double* out);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_SOFTMAX_HPP_
