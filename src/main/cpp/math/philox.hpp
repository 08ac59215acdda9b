// Random numbers that are a function of where they stand, not of when they are drawn: Philox4x32-10 (Salmon, Moraes,
// Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), ten rounds of a bijection of a counter under
// a key.
#ifndef VICINAL_MATH_PHILOX_HPP_
#define VICINAL_MATH_PHILOX_HPP_

#include <cmath>

#include "math/elementary.hpp"

namespace vicinal::math {
inline namespace VICINAL_ISA {

struct Words {
  std::uint32_t w[4];
};

VICINAL_HD Words philox(Words c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c.w[0], b = std::uint64_t{0xCD9E8D57u} * c.w[2];
    c = {{static_cast<std::uint32_t>(b >> 32) ^ c.w[1] ^ k0, static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ c.w[3] ^ k1, static_cast<std::uint32_t>(a)}};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

// The words of a program's random number (docs/programs.md).
VICINAL_HD Words random_words(std::int64_t key, std::int64_t id, std::int64_t position, std::uint32_t stream) {
  const auto k = static_cast<std::uint64_t>(key), i = static_cast<std::uint64_t>(id);
  return philox({{static_cast<std::uint32_t>(position), stream, static_cast<std::uint32_t>(i),
                  static_cast<std::uint32_t>(i >> 32)}},
                static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(k >> 32));
}

// 53 bits of two words.
VICINAL_HD double fraction(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>(((std::uint64_t{high} << 32) | low) >> 11) * 0x1p-53;
}

// In [0, 1). In single precision the first 24 bits of the same number.
template <class Real>
VICINAL_HD Real uniform_of(const Words& r) {
  if (sizeof(Real) == sizeof(float)) return static_cast<Real>(r.w[0] >> 8) * static_cast<Real>(0x1p-24);
  return static_cast<Real>(fraction(r.w[0], r.w[1]));
}

// Standard normal, in double (Box and Muller, 1958): the first number is the length, the second the angle.
template <class Real>
VICINAL_HD Real normal_of(const Words& r) {
  const double length = std::sqrt(-2.0 * log_of(1.0 - fraction(r.w[0], r.w[1])));
  return static_cast<Real>(length * std::cos(6.283185307179586 * fraction(r.w[2], r.w[3])));
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::math

#endif  // VICINAL_MATH_PHILOX_HPP_
