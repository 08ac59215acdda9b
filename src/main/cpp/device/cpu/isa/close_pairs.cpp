// The scan of close pairs, compiled once per instruction set.
// Computes     of scores halves - products how many lie surely below the limit, and which need a closer look
// Shapes       a row [n] of a tile
// Cost         a subtraction and a comparison per score, for blocks that lie beyond the limit
// Determinism  a count and a list in order
#include "device/cpu/kernels.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

constexpr std::int64_t kBlock = 128;  // scores between two looks at "is any of them near at all"

std::int64_t scan_close(std::int64_t n, const float* halves, const float* products, const CloseScores& limits,
                        std::int32_t* listed, std::int64_t* sure) {
  const float low = limits.low, high = limits.high, enter = limits.enter;
  std::int64_t count = 0;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = begin + kBlock < n ? begin + kBlock : n;
    std::int32_t near = 0;
#pragma omp simd reduction(+ : near)
    for (std::int64_t j = begin; j < end; ++j) near += halves[j] - products[j] <= high ? 1 : 0;
    if (near == 0) continue;
    std::int32_t under = 0, looked_at = 0;
#pragma omp simd reduction(+ : under, looked_at)
    for (std::int64_t j = begin; j < end; ++j) {
      const float score = halves[j] - products[j];
      const std::int32_t below = score < low ? 1 : 0, near_limit = (score <= high ? 1 : 0) & (1 - below);
      under += below;
      looked_at += near_limit | (score <= enter ? 1 : 0);
    }
    *sure += under;
    if (looked_at == 0) continue;
    for (std::int64_t j = begin; j < end; ++j) {
      const float score = halves[j] - products[j];
      if (score <= enter || (score <= high && !(score < low))) listed[count++] = static_cast<std::int32_t>(j);
    }
  }
  return count;
}

}  // namespace

void fill_close_pairs(Kernels<float>& k) {
  k.scan_close = scan_close;
}
void fill_close_pairs(Kernels<double>& k) {
  k.scan_close = nullptr;  // searches are in float32
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
