// The processor's operations for changes of the samples' losses (algorithm/loss_change.hpp has the formulas).
#ifndef VICINAL_CPU_LOSS_CHANGE_HPP_
#define VICINAL_CPU_LOSS_CHANGE_HPP_

#include "algorithm/data.hpp"
#include "cpu/engine.hpp"

namespace vicinal::cpu {

// to [n] = from.
template <class Real>
void widen(const Engine& e, std::int64_t n, const Real* from, double* to);
// y [n] -= x.
void subtract(const Engine& e, std::int64_t n, const double* x, double* y);
// dots [n, m] = a [n, d] . b [n, m, d], summed in double.
template <class Real>
void dot_rows(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b,
              double* dots);
template <class Real>
void moved_cosines(Engine& e, const MovedCosines<Real>& r);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_LOSS_CHANGE_HPP_
