// Rank counting's kernels, one table per instruction set. Plain data only, as in kernels.hpp.
#ifndef VICINAL_CPU_RANK_KERNELS_HPP_
#define VICINAL_CPU_RANK_KERNELS_HPP_

#include <cstdint>

namespace vicinal::cpu {

// Serial scans of one query's row of a tile.
struct RankKernels {
  // Few thresholds. row [n] holds q.g and becomes the score |g|^2 / 2 - q.g, -inf in row meaning "leave out".
  // below[i] += scores under lo[i]; columns with a score in some [lo[i], hi[i]] are listed in uncertain [n].
  // hi ascends. Returns the length of the list.
  std::int64_t (*scan_few)(std::int64_t n, const float* half_squares, float* row, std::int64_t m, const float* lo,
                           const float* hi, std::int64_t* below, std::int32_t* uncertain);
  // Many thresholds. row [n] holds q.g and becomes |q|^2 + |g|^2 - 2 q.g. For every distance s that is surely on one
  // side of each threshold, ++histogram[first i with s < thresholds[i]]; the other columns are listed.
  // thresholds [m] ascend; first[cell(s)] is where the search for s may start, cell(s) = (s - origin) * scale.
  std::int64_t (*scan_many)(std::int64_t n, double query_square, const double* squares, double* row, std::int64_t m,
                            const double* thresholds, double error, double origin, double scale, std::int64_t cells,
                            const std::int32_t* first, std::int64_t* histogram, std::int32_t* uncertain);
  // out [columns, rows] = in [rows, columns] transposed, with leading dimensions.
  void (*transpose)(std::int64_t rows, std::int64_t columns, const float* in, std::int64_t ld_in, float* out,
                    std::int64_t ld_out);
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_RANK_KERNELS_HPP_
