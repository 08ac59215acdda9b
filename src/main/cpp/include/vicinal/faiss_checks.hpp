/* faiss_checks.hpp: what FAISS takes without looking and dies of. Not bound to Java. */
#ifndef VICINAL_FAISS_CHECKS_HPP_
#define VICINAL_FAISS_CHECKS_HPP_

#include <faiss/impl/FaissException.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <string>

#include "vicinal/exact_distance.hpp"

namespace vicinal {
namespace faiss {
namespace detail {

[[noreturn]] inline void refuse(const std::string& what) {
  throw ::faiss::FaissException(what);
}

inline int64_t in_range(const char* name, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most) {
    refuse(std::string(name) + " must be " + std::to_string(least) + ".." + std::to_string(most) + ", got " +
           std::to_string(value));
  }
  return value;
}

constexpr int64_t kMostNumber = 1 << 24; /* of a dimension, a cell count, a breadth: beyond it memory would not do */

inline int dimension(int64_t d) {
  return static_cast<int>(in_range("d", d, 1, kMostNumber));
}

inline void check_array(const char* name, const void* array, int64_t n, int64_t width) {
  in_range("n", n, 0, INT64_MAX / 8 / std::max<int64_t>(1, width));
  if (n > 0 && array == nullptr) refuse(std::string(name) + " is null");
}

/* FAISS asserts in parallel regions that distances are numbers: no row may be so long that one overflows float32. */
inline void check_rows(int64_t n, const float* x, int64_t d) {
  check_array("x", x, n, d);
  constexpr double kLargest = 1e37; /* (|a| + |b|)^2 stays below 4e37 */
  for (int64_t i = 0; i < n; ++i) {
    const double square = squared_norm(x + i * d, d);
    if (!std::isfinite(square)) refuse("row " + std::to_string(i) + " is not finite");
    if (square > kLargest) refuse("row " + std::to_string(i) + " is too long for float32 distances: scale the rows");
  }
}

/* FAISS divides by the numbers of a description. */
inline const std::string& check_description(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    if (!std::isdigit(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    int64_t number = 0;
    const size_t first = at;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])); ++at) {
      number = std::min<int64_t>(number * 10 + (text[at] - '0'), kMostNumber + 1);
    }
    const bool links = first >= 4 && text.compare(first - 4, 4, "HNSW") == 0;
    if (number < (links ? 2 : 1) || number > kMostNumber) {
      refuse("the number at position " + std::to_string(first) + " of '" + text + "' is out of range");
    }
  }
  return text;
}

}  // namespace detail
}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_CHECKS_HPP_
