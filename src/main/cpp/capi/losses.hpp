// The list of fused losses (math/losses.def) as data.
#ifndef VICINAL_CAPI_LOSSES_HPP_
#define VICINAL_CAPI_LOSSES_HPP_

#include <vector>

#include "math/losses.hpp"
#include "vicinal/vicinal.h"

namespace vicinal::capi {

struct LossParameter {
  vicinal_loss_parameter described;
  // Where it is kept, one of them.
  double LossSpec::*number;
  std::int32_t LossSpec::*whole;
  bool LossSpec::*choice;
};

struct ListedLoss {
  std::int32_t kind;
  const char* name;
  std::vector<LossParameter> parameters;
};

const std::vector<ListedLoss>& losses();

}  // namespace vicinal::capi

#endif  // VICINAL_CAPI_LOSSES_HPP_
