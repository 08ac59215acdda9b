// Rank counting on the CPU (see rank.cpp).
#ifndef VICINAL_CPU_RANK_HPP_
#define VICINAL_CPU_RANK_HPP_

#include "core/device.h"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

void rank(Engine& e, const Ranking& problem);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_RANK_HPP_
