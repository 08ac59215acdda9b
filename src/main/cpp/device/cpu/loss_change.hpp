// The processor's operations for changes of the samples' losses (algorithm/loss_change.hpp has the formulas).
#ifndef VICINAL_CPU_LOSS_CHANGE_HPP_
#define VICINAL_CPU_LOSS_CHANGE_HPP_

#include "algorithm/data.hpp"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

// dots [n, m] = a [n, d] . b [n, m, d], summed in double.
template <class Real>
void dot_rows(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b,
              double* dots);
template <class Real>
void moved_losses(Engine& e, const LossSpec& spec, const MovedLosses<Real>& r);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_LOSS_CHANGE_HPP_
