// The list of fused losses (math/losses.def) as data.
#ifndef VICINAL_CAPI_LOSSES_HPP_
#define VICINAL_CAPI_LOSSES_HPP_

#include <vector>

#include "math/losses.hpp"

namespace vicinal::capi {

struct LossParameter {
  const char* name;
  double standard, least, most;  // of a number, both ends included
  const char* choices;           // "default, other", or null: a number
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
