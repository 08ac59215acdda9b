// A tile of close pairs on a GPU (algorithm/close_pairs.hpp).
// Method       A product, then a thread per pair: scores (D - |a|^2) / 2 far enough from the limit are decided by it;
//              the others are listed and decided by D.
// Bounds       distances.cuh; products are made in float32 itself, whatever the engine's precision.
// Threads      a thread per pair; eight lanes share an exact distance.
// Memory       in the workspace, per pair of the tile: 4 bytes of product, 12 of a list, 16 of what is found
// Cost         2 d flops per pair of the tile, 4 bytes written and read; 3 d flops in double per listed pair
// Determinism  lists come in any order; the caller's order is total.
#include <limits>

#include "distances.cuh"
#include "operations.cuh"

namespace vicinal::cuda {
namespace {

using std::int32_t;
using std::int64_t;

constexpr unsigned kThreads = 256;

struct Listed {
  int32_t first, second, counted;
};
struct Counts {
  unsigned long long total, listed, found;
};

// A block per row and 256 columns.
__global__ void __launch_bounds__(kThreads)
    close_kernel(CloseTile t, const float* products, int64_t ld, Listed* listed, Counts* counts) {
  const int64_t i = t.row + blockIdx.y, at = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const int64_t j = t.column + at;
  bool sure = false;
  if (at < t.columns && (!t.triangle || j > i) && !t.skips(t.squares[i]) && !t.skips(t.other_squares[j])) {
    const double square = t.squares[i];
    const ScoreBounds<float> bounds = score_bounds<float>(t.d, square, distance_margin(t.d, square) / 2);
    const float score = static_cast<float>(t.other_squares[j] / 2) - products[blockIdx.y * ld + at];
    const float size = fabsf(score), error = bounds.error(bounded_norm<float>(t.other_squares[j]), size);
    const bool finite = size <= Arithmetic<float>::kLargest && error <= Arithmetic<float>::kLargest;
    // Far more than the rounding of these sums is in the error.
    const double low = static_cast<double>(score) - error, high = static_cast<double>(score) + error;
    const double limit = (t.limit - square) / 2, last = (t.last.distance - square) / 2;
    sure = finite && high < limit;
    const bool beyond = finite && low > limit;
    const bool kept = (!finite || low <= last) && !(t.last.distance == 0 && i > t.last.first);
    if (!beyond && (!sure || kept))
      listed[atomicAdd(&counts->listed, 1ull)] = {static_cast<int32_t>(i), static_cast<int32_t>(j), sure ? 1 : 0};
  }
  const unsigned all = __ballot_sync(kFullWarp, sure);
  if (all != 0 && threadIdx.x % kWarp == 0) atomicAdd(&counts->total, static_cast<unsigned long long>(__popc(all)));
}

__global__ void __launch_bounds__(kThreads)
    decide_kernel(CloseTile t, int64_t n, const Listed* listed, ClosePair* found, Counts* counts) {
  const int64_t groups = static_cast<int64_t>(gridDim.x) * (kThreads / kGroup);
  const int64_t mine = static_cast<int64_t>(blockIdx.x) * (kThreads / kGroup) + threadIdx.x / kGroup;
  for (int64_t from = 0; from < n; from += groups) {
    const bool valid = from + mine < n;
    const Listed pair = listed[valid ? from + mine : 0];
    const double distance =
        group_distance(valid, t.rows_data + pair.first * t.d, t.others_data + pair.second * t.d, t.d);
    if (!valid || threadIdx.x % kGroup != 0 || !(distance <= t.limit)) continue;
    if (pair.counted == 0) atomicAdd(&counts->total, 1ull);
    const ClosePair decided{distance, pair.first, pair.second};
    if (decided < t.last) found[atomicAdd(&counts->found, 1ull)] = decided;
  }
}

}  // namespace

int64_t close_tile(Engine& e, const CloseTile& t, std::vector<ClosePair>& found) {
  const int64_t pairs = t.rows * t.columns;
  float* products = e.workspace.get<float>(pairs);
  Listed* listed = e.workspace.get<Listed>(pairs);
  Counts* counts = e.workspace.get<Counts>(1);
  gemm<float>(e, {false, true, t.rows, t.columns, t.d, t.rows_data + t.row * t.d, t.d, t.others_data + t.column * t.d,
                  t.d, products, t.columns, false, true});
  e.zero(counts, 1);
  launch(close_kernel, dim3(static_cast<unsigned>(ceil_div(t.columns, kThreads)), static_cast<unsigned>(t.rows)),
         dim3(kThreads), 0, e.stream, t, products, t.columns, listed, counts);
  Counts host{};
  e.read(&host, counts, 1);
  if (host.listed == 0) return static_cast<int64_t>(host.total);
  const auto n = static_cast<int64_t>(host.listed);
  ClosePair* decided = e.workspace.get<ClosePair>(n);
  launch(decide_kernel, grid_for(e, n * kGroup, kThreads), dim3(kThreads), 0, e.stream, t, n, listed, decided, counts);
  e.read(&host, counts, 1);
  const std::size_t before = found.size();
  found.resize(before + static_cast<std::size_t>(host.found));
  if (host.found > 0) e.read(found.data() + before, decided, static_cast<int64_t>(host.found));
  return static_cast<int64_t>(host.total);
}

}  // namespace vicinal::cuda
