// Rank counting's scans, compiled once per instruction set.
// Computes     how many scores of a tile's row lie surely below each threshold, and which are too close to tell
// Shapes       one row [n] of a tile, thresholds [m]
// Cost         few: 2 m compares per score, none for blocks that lie beyond every threshold; many: one table look-up
// Determinism  counts: independent of any order
#include "device/cpu/rank_kernels.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

constexpr std::int64_t kBlock = 128;  // scores between two looks at "is any of them near at all"

std::int64_t scan_few(std::int64_t n, const float* half_squares, float* row, std::int64_t m, const float* lo,
                      const float* hi, std::int64_t* below, std::int32_t* uncertain) {
  const float top = hi[m - 1];
  std::int64_t listed = 0;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = begin + kBlock < n ? begin + kBlock : n;
    std::int32_t near = 0;
#pragma omp simd reduction(+ : near)
    for (std::int64_t j = begin; j < end; ++j) {
      const float s = half_squares[j] - row[j];
      row[j] = s;
      near += s <= top ? 1 : 0;
    }
    if (near == 0) continue;
    std::int32_t open = 0;
    for (std::int64_t i = 0; i < m; ++i) {
      const float low = lo[i], high = hi[i];
      std::int32_t under = 0, up_to = 0;
#pragma omp simd reduction(+ : under, up_to)
      for (std::int64_t j = begin; j < end; ++j) {
        under += row[j] < low ? 1 : 0;
        up_to += row[j] <= high ? 1 : 0;
      }
      below[i] += under;
      open += up_to - under;
    }
    if (open == 0) continue;
    std::int32_t marked[kBlock] = {};
    for (std::int64_t i = 0; i < m; ++i) {
      const float low = lo[i], high = hi[i];
#pragma omp simd
      for (std::int64_t j = begin; j < end; ++j) {
        const std::int32_t above = row[j] >= low ? 1 : 0, up_to = row[j] <= high ? 1 : 0;
        marked[j - begin] |= above & up_to;  // not &&, which the vectoriser does not take
      }
    }
    for (std::int64_t j = begin; j < end; ++j) {
      if (marked[j - begin] != 0) uncertain[listed++] = static_cast<std::int32_t>(j);
    }
  }
  return listed;
}

std::int64_t scan_many(std::int64_t n, double query_square, const double* squares, double* row, std::int64_t m,
                       const double* thresholds, double error, double origin, double scale, std::int64_t cells,
                       const std::int32_t* first, std::int64_t* histogram, std::int32_t* uncertain) {
  const double top = thresholds[m - 1] + error;
#pragma omp simd
  for (std::int64_t j = 0; j < n; ++j) row[j] = query_square + squares[j] - 2 * row[j];
  std::int64_t listed = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    const double s = row[j];
    if (!(s <= top)) continue;
    const double at = (s - origin) * scale;
    const std::int64_t cell = at <= 0                                ? 0
                              : at >= static_cast<double>(cells - 1) ? cells - 1
                                                                     : static_cast<std::int64_t>(at);
    std::int64_t i = first[cell];
    while (i < m - 1 && thresholds[i] + error < s) ++i;
    if (s < thresholds[i] - error) {
      ++histogram[i];
    } else {
      uncertain[listed++] = static_cast<std::int32_t>(j);
    }
  }
  return listed;
}

void transpose(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t ld_in, float* out,
               std::int64_t ld_out) {
  constexpr std::int64_t kSide = 16;  // a square of 16 x 16 floats: 16 cache lines on either side
  for (std::int64_t r = 0; r < rows; r += kSide) {
    const std::int64_t r_end = r + kSide < rows ? r + kSide : rows;
    for (std::int64_t c = 0; c < columns; c += kSide) {
      const std::int64_t c_end = c + kSide < columns ? c + kSide : columns;
      for (std::int64_t j = c; j < c_end; ++j)
        for (std::int64_t i = r; i < r_end; ++i) out[j * ld_out + i] = in[i * ld_in + j];
    }
  }
}

}  // namespace

void fill_rank(RankKernels& k) {
  k.scan_few = scan_few;
  k.scan_many = scan_many;
  k.transpose = transpose;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
