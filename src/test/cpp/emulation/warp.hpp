// Warp intrinsics. Every lane posts its value and where it reads; the last lane of the mask to arrive hands out the
// results.
#ifndef VICINAL_EMULATION_WARP_HPP_
#define VICINAL_EMULATION_WARP_HPP_

#include <cstdint>
#include <cstring>

#include "language.hpp"

namespace emulation {

template <class T>
T shuffle(unsigned mask, T value, int source, Site site) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = exchange(mask, bits, source, site);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace emulation

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = warpSize, VICINAL_EMULATION_HERE) {
  const int first = emulation::lane() & ~(width - 1);
  return emulation::shuffle(mask, value, first | (source & (width - 1)), {file, line});
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = warpSize, VICINAL_EMULATION_HERE) {
  const int lane = emulation::lane(), source = lane - static_cast<int>(delta);
  return emulation::shuffle(mask, value, source < (lane & ~(width - 1)) ? lane : source, {file, line});
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = warpSize, VICINAL_EMULATION_HERE) {
  const int lane = emulation::lane(), source = lane ^ bits;
  return emulation::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, {file, line});
}

inline unsigned __ballot_sync(unsigned mask, int predicate, VICINAL_EMULATION_HERE) {
  return emulation::ballot(mask, predicate != 0, {file, line});
}

#endif  // VICINAL_EMULATION_WARP_HPP_
