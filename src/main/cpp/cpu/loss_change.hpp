// Changes of the samples' losses, at a kept point.
#ifndef VICINAL_CPU_LOSS_CHANGE_HPP_
#define VICINAL_CPU_LOSS_CHANGE_HPP_

#include "cpu/device.hpp"

namespace vicinal::cpu {

// Every L_i [n] in double from the point's cosines, and how it changes when the weight becomes W + left' right,
// left [R, d], right [R, D].
template <class Real>
void sample_losses(Engine& e, const Point<Real>& point, double* losses);
template <class Real>
void loss_change(Engine& e, const Point<Real>& point, const double* losses, std::int64_t R, const Real* left,
                 const Real* right, double* change);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_LOSS_CHANGE_HPP_
