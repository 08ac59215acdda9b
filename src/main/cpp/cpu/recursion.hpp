// The stochastic recursion h <- v + (1 - damping) h - (1/scale) H_i h over the samples in order, at a kept point.
#ifndef VICINAL_CPU_RECURSION_HPP_
#define VICINAL_CPU_RECURSION_HPP_

#include "cpu/device.hpp"

namespace vicinal::cpu {

// m recursions over the weight, of v_q = left_q right with left [m, d, R] and right [R, D]; h [m, d, D] receives the
// result of one pass from h = v.
template <class Real>
void seed_recursion(Engine& e, const Point<Real>& point, double damping, double scale, std::int64_t m, std::int64_t R,
                    const Real* left, const Real* right, Real* h);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_RECURSION_HPP_
