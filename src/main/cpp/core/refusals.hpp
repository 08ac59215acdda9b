// The sentences about array elements, the same from every device.
#ifndef VICINAL_CORE_REFUSALS_HPP_
#define VICINAL_CORE_REFUSALS_HPP_

#include <cstdint>

#include "core/error.hpp"

namespace vicinal {

// Ids are least..bound - 1.
[[noreturn]] inline void refuse_id(const char* name, std::int64_t i, std::int64_t value, std::int64_t bound,
                                   std::int64_t least = 0) {
  fail(VICINAL_INVALID_ARGUMENT, name, "[", i, "] is ", value, "; it must be in ", least, "..", bound - 1);
}

// Element i of a matrix with `columns` columns; 1 for a vector.
template <class Real>
[[noreturn]] void refuse_weight(const char* name, std::int64_t i, std::int64_t columns, Real value) {
  constexpr const char* kRule = "; it must be finite and not negative";
  if (columns == 1) fail(VICINAL_INVALID_ARGUMENT, name, "[", i, "] is ", value, kRule);
  fail(VICINAL_INVALID_ARGUMENT, name, "[", i / columns, ", ", i % columns, "] is ", value, kRule);
}

}  // namespace vicinal

#endif  // VICINAL_CORE_REFUSALS_HPP_
