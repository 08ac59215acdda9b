#include "capi/checks.hpp"

namespace vicinal::capi {

void check_parameter(const char* name, double value, double low, bool low_allowed, double high) {
  const bool above = low_allowed ? value >= low : value > low;
  require(std::isfinite(value) && above && value <= high, name, " is ", value, "; it must be finite, ",
          low_allowed ? "at least " : "more than ", low, " and at most ", high);
}

}  // namespace vicinal::capi
