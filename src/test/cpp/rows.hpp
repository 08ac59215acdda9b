// Rows that are hostile to single precision, for the tests of searches.
#ifndef VICINAL_TEST_ROWS_HPP_
#define VICINAL_TEST_ROWS_HPP_

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace test {

using Fill = float (*)(std::mt19937&, std::int64_t row);

inline std::vector<float> matrix(std::int64_t rows, std::int64_t d, unsigned seed, Fill fill) {
  std::mt19937 random(seed);
  std::vector<float> x(static_cast<std::size_t>(rows * d));
  for (std::int64_t i = 0; i < rows * d; ++i) x[static_cast<std::size_t>(i)] = fill(random, i / d);
  return x;
}

inline float gaussian(std::mt19937& random, std::int64_t) {
  return std::normal_distribution<float>()(random);
}
// Few different rows: exact ties everywhere. Multiples of 1/8, so that every order of summation is exact.
inline float grid(std::mt19937& random, std::int64_t) {
  return static_cast<float>(random() % 3) / 8;
}
// Collapsed: differences of one unit in the last place, which single-precision products cannot see.
inline float collapsed(std::mt19937& random, std::int64_t) {
  return 1 + static_cast<float>(random() % 3) * 0x1p-23f;
}
inline float equal(std::mt19937&, std::int64_t) {
  return 3;
}
inline float zero(std::mt19937&, std::int64_t) {
  return 0;
}
// Rows of very different norms.
inline float scaled(std::mt19937& random, std::int64_t row) {
  const float scale[] = {1e-30f, 1e-3f, 1, 1e6f, 1e25f};
  return std::normal_distribution<float>()(random) * scale[row % 5];
}
inline float one_outlier(std::mt19937& random, std::int64_t row) {
  return std::normal_distribution<float>()(random) * (row == 7 ? 1e12f : 1);
}

inline const std::pair<const char*, Fill> kFills[] = {{"gaussian", gaussian},  {"grid", grid}, {"collapsed", collapsed},
                                                      {"equal", equal},        {"zero", zero}, {"scaled", scaled},
                                                      {"outlier", one_outlier}};

}  // namespace test

#endif  // VICINAL_TEST_ROWS_HPP_
