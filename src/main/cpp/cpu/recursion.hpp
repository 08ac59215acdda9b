// The stochastic recursion h <- v + (1 - damping) h - (1/scale) H_i h over the samples in order, at a kept point.
#ifndef VICINAL_CPU_RECURSION_HPP_
#define VICINAL_CPU_RECURSION_HPP_

#include "cpu/point.hpp"

namespace vicinal::cpu {

// m recursions over the weight, v and h [m, d, D]; h starts as v and receives the result of one pass.
template <class Real>
void seed_recursion(Engine& e, const Point<Real>& point, double damping, double scale, std::int64_t m, const Real* v,
                    Real* h);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_RECURSION_HPP_
