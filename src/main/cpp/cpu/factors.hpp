// Exact Kronecker factors, exact diagonals and quadratic forms of the samples' gradients, at a kept point.
#ifndef VICINAL_CPU_FACTORS_HPP_
#define VICINAL_CPU_FACTORS_HPP_

#include "cpu/device.hpp"

namespace vicinal::cpu {

// feature [D, D] = (1/N) X' diag(w) X; output [d, d] = (1/N) sum_i w_i of the samples' Gauss-Newton blocks. Either
// null.
template <class Real>
void factors(Engine& e, const Point<Real>& point, Real* feature, Real* output);

// Diagonal of a curvature matrix: weight [d, D], and Gauss-Newton's for the proxies [C, d]. Either null.
template <class Real>
void diagonal(Engine& e, const Point<Real>& point, int kind, Real* weight, Real* proxies);

// out [N]: sum_ab g_ia^2 inverse_ab x_ib^2.
template <class Real>
void self_influence(Engine& e, const Point<Real>& point, const Real* inverse, double* out);

// Every L_i [n] in double from the point's cosines, and how it changes when the weight becomes W + left' right,
// left [R, d], right [R, D].
template <class Real>
void sample_losses(Engine& e, const Point<Real>& point, double* losses);
template <class Real>
void loss_change(Engine& e, const Point<Real>& point, const double* losses, std::int64_t R, const Real* left,
                 const Real* right, double* change);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_FACTORS_HPP_
