// Rank counting: exact ranks of relevant gallery rows, from matrix products; device/cpu/rank.cpp has the method.
// Computes     rank of relevant row r of query q = 1 + #{g : (D(q, g), g) < (D(q, r), r)}, D = exact_squared_distance
// Method       D of a query's relevant rows are its thresholds, sorted. A tile of products q.g gives the score
//              (D - |q|^2) / 2 = |g|^2 / 2 - q.g of every other row with a known error bound. A score that the bound
//              keeps apart from every threshold is counted in the threshold's bin; the others, relevant rows aside,
//              are decided by D itself. A query with too many of them in single precision (collapsed embeddings, very
//              many thresholds) is done again with double products.
// Bounds       distances.cuh; products are made in the type itself, whatever the engine's precision.
// Threads      a block per query and piece of a tile, a column per thread; eight lanes share an exact distance.
// Memory       8 bytes per row, 16 per query, 20 per relevant row of a block of queries and one tile, in the workspace.
// Cost         2 Q G d flops; a scan reads every product once.
// Determinism  counts do not depend on order.
#include <vector>

#include "distances.cuh"
#include "operations.cuh"

namespace vicinal::cuda {
namespace {

using std::int32_t;
using std::int64_t;
using Count = unsigned long long;

constexpr int64_t kSide = 4096;   // of a tile: products large enough for the device, a tile near the cache's size
constexpr int64_t kPiece = 1024;  // columns of a tile per block
constexpr unsigned kThreads = 256;
constexpr int kBins = 512;  // a histogram up to this length is counted in shared memory: an atomic there per column,
                            // not in device memory
// Scores too close to call: single precision is given up for a query that has more than these among the `seen`.
__device__ __forceinline__ bool too_many(int64_t open, int64_t seen) {
  return open > 8 + seen / 16;
}

__device__ __forceinline__ int64_t global_warp() {
  return (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
}

// The first index in [0, n) for which `reached` holds, or n; it holds from some index on.
template <class Reached>
__device__ int64_t first_index(int64_t n, Reached&& reached) {
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t mid = (low + high) / 2;
    if (reached(mid)) {
      high = mid;
    } else {
      low = mid + 1;
    }
  }
  return low;
}

// A block of queries with their lists; entry o of the caller's lists is entry o - base here.
struct Lists {
  int64_t begin, rows, base;  // queries [begin, begin + rows)
  int64_t d;
  const float *queries, *gallery;
  const double *query_squares, *gallery_squares;
  const int64_t* offsets;   // [Q + 1]
  const int64_t* self;      // [Q] or null
  const int64_t* relevant;  // [entries], ascending within a query
  double* distance;         // [entries] thresholds, ascending within a query
  int32_t* id;              // [entries] their gallery rows
  Count* ranks;             // [entries] counts, then ranks
  std::int8_t* tied;        // [rows] or null
};
struct List {
  int64_t m;
  const int64_t* relevant;
  double* distance;
  int32_t* id;
  Count* ranks;
};
__device__ List list_of(const Lists& l, int64_t row) {
  const int64_t from = l.offsets[l.begin + row] - l.base, to = l.offsets[l.begin + row + 1] - l.base;
  return {to - from, l.relevant + from, l.distance + from, l.id + from, l.ranks + from};
}

// One block per query: its thresholds, sorted, and cleared counts.
__global__ void threshold_kernel(Lists l) {
  const List list = list_of(l, blockIdx.x);
  const float* q = l.queries + (l.begin + blockIdx.x) * l.d;
  const int64_t groups = blockDim.x / kGroup, mine = threadIdx.x / kGroup;
  const int lane = static_cast<int>(threadIdx.x % kGroup);
  for (int64_t first = 0; first < list.m; first += groups) {
    const int64_t i = first + mine;
    const bool valid = i < list.m;
    const int64_t g = valid ? list.relevant[i] : 0;
    const double distance = group_distance(valid, q, l.gallery + g * l.d, l.d);
    if (!valid || lane != 0) continue;
    list.distance[i] = distance;
    list.id[i] = static_cast<int32_t>(g);
    list.ranks[i] = 0;
  }
  sort_pairs(static_cast<unsigned>(list.m), list.distance, list.id);
}

// One block per picked query: counts again from nothing.
__global__ void clear_kernel(Lists l, const int64_t* picked) {
  const List list = list_of(l, picked[blockIdx.x]);
  for (int64_t i = threadIdx.x; i < list.m; i += blockDim.x) list.ranks[i] = 0;
}

// Counts become ranks: the i-th relevant row comes after the counts of the bins up to its own and i relevant rows.
// One warp per query.
__global__ void finish_kernel(Lists l) {
  const int64_t row = global_warp();
  if (row >= l.rows) return;
  const List list = list_of(l, row);
  const int lane = static_cast<int>(threadIdx.x % kWarp);
  Count earlier = 0;
  for (int64_t first = 0; first < list.m; first += kWarp) {
    const int64_t i = first + lane;
    Count sum = i < list.m ? list.ranks[i] : 0;
    for (unsigned step = 1; step < kWarp; step *= 2) {
      const Count other = __shfl_up_sync(kFullWarp, sum, step);
      if (lane >= static_cast<int>(step)) sum += other;
    }
    sum += earlier;
    if (i < list.m) list.ranks[i] = sum + static_cast<Count>(i) + 1;
    earlier = __shfl_sync(kFullWarp, sum, kWarp - 1);
  }
}

// out [n, d] = rows of x in double; rows are picked, or all from the first.
__global__ void widen_kernel(int64_t n, int64_t d, const float* x, const int64_t* picked, double* out) {
  each_index(n * d, [&](int64_t at) {
    out[at] = static_cast<double>(picked == nullptr ? x[at] : x[picked[at / d] * d + at % d]);
  });
}

// Products of queries with gallery rows [first, first + columns).
template <class Real>
struct Tile {
  int64_t first, columns, ld;
  const Real* products;
  const int64_t* picked;  // the rows' queries within the block, or null: all in order
  int* doubtful;          // [rows of the block], set where single precision does not serve; null: everything is decided
};

// What tells the scores of one query from its thresholds.
template <class Real>
struct Limits {
  ScoreBounds<Real> bounds;
  Real top;       // larger than the score of every threshold
  double square;  // |q|^2
  double margin;  // of distances, beside that of scores
};
template <class Real>
__device__ Limits<Real> limits_of(int64_t d, double square, double last) {
  using A = Arithmetic<Real>;
  const double own = distance_margin(d, square), score = (last - square) / 2;
  return {score_bounds<Real>(d, square, 0), static_cast<Real>(score + 8 * A::kUnit * fabs(score) + own + A::kFlushed),
          square, own};
}

template <class Real>
__global__ void scan_kernel(Lists l, Tile<Real> tile) {
  __shared__ int bins[kBins];
  const int64_t row = tile.picked == nullptr ? blockIdx.x : tile.picked[blockIdx.x];
  const List list = list_of(l, row);
  if (list.m == 0) return;
  if (__syncthreads_or(tile.doubtful != nullptr && tile.doubtful[row] != 0)) return;
  const bool few = list.m <= kBins;
  if (few) {
    for (int64_t i = threadIdx.x; i < list.m; i += blockDim.x) bins[i] = 0;
    __syncthreads();
  }
  const auto count = [&](int64_t bin) {
    if (bin >= list.m) return;  // behind every relevant row
    if (few) {
      atomicAdd(bins + bin, 1);
    } else {
      atomicAdd(list.ranks + bin, Count(1));
    }
  };
  const int64_t query = l.begin + row, self = l.self == nullptr ? -1 : l.self[query];
  const Limits<Real> limits = limits_of<Real>(l.d, l.query_squares[query], list.distance[list.m - 1]);
  const Real* products = tile.products + static_cast<int64_t>(blockIdx.x) * tile.ld;
  const int lane = static_cast<int>(threadIdx.x % kWarp);
  const int64_t begin = static_cast<int64_t>(blockIdx.y) * kPiece;
  const int64_t end = begin + kPiece < tile.columns ? begin + kPiece : tile.columns;
  int64_t opened = 0, seen = 0;
  // A warp takes 32 neighbouring columns at a time.
  for (int64_t at = begin + threadIdx.x - lane; at < end; at += blockDim.x) {
    const int64_t column = at + lane, g = tile.first + column;
    bool open = false;
    if (column < end && g != self) {
      const double square = l.gallery_squares[g];
      const Real score = static_cast<Real>(square / 2) - products[column];
      const Real size = fabs(score), error = limits.bounds.error(bounded_norm<Real>(square), size);
      // Comparisons with NaN, or with what overflowed, must leave a row open.
      const bool finite = size <= Arithmetic<Real>::kLargest;
      if (!(finite && score - error > limits.top)) {
        const double near = limits.square + 2 * static_cast<double>(score);
        const double reach = 2 * static_cast<double>(error) + limits.margin;
        const int64_t bin = first_index(list.m, [&](int64_t i) { return !(list.distance[i] < near - reach); });
        if (finite && (bin == list.m || list.distance[bin] > near + reach)) {
          count(bin);
        } else {
          const int64_t listed = first_index(list.m, [&](int64_t i) { return list.relevant[i] >= g; });
          open = listed == list.m || list.relevant[listed] != g;
        }
      }
    }
    unsigned left = __ballot_sync(kFullWarp, open);
    opened += __popc(left);
    seen += kWarp;
    if (tile.doubtful != nullptr && too_many(opened, seen)) {
      if (lane == 0) tile.doubtful[row] = 1;
      break;
    }
    while (left != 0) {  // four at a time
      unsigned mine = left;
      for (int k = 0; k < lane / kGroup; ++k) mine &= mine - 1;
      const bool valid = mine != 0;
      const int64_t candidate = tile.first + at + (valid ? __ffs(static_cast<int>(mine)) - 1 : 0);
      const double distance = group_distance(valid, l.queries + query * l.d, l.gallery + candidate * l.d, l.d);
      if (valid && lane % kGroup == 0) {
        const int64_t bin =
            first_index(list.m, [&](int64_t i) { return before(distance, candidate, list.distance[i], list.id[i]); });
        count(bin);
        const bool equal =
            (bin < list.m && list.distance[bin] == distance) || (bin > 0 && list.distance[bin - 1] == distance);
        if (equal && l.tied != nullptr) l.tied[row] = 1;
      }
      for (int k = 0; k < kWarp / kGroup; ++k) left &= left - 1;
    }
  }
  if (!few) return;
  __syncthreads();
  for (int64_t i = threadIdx.x; i < list.m; i += blockDim.x)
    if (bins[i] != 0) atomicAdd(list.ranks + i, static_cast<Count>(bins[i]));
}

dim3 warps(int64_t n) {
  return dim3(static_cast<unsigned>(ceil_div(n, kThreads / kWarp)));
}

class Ranker {
 public:
  Ranker(Engine& e, const Ranking& p) : e_(e), p_(p) {}

  void run() {
    lists_.d = p_.d;
    lists_.queries = p_.queries;
    lists_.gallery = p_.gallery;
    lists_.offsets = e_.in(p_.offsets, p_.Q + 1);
    lists_.self = e_.in(p_.self, p_.Q);
    lists_.gallery_squares = squared_norms(e_, "gallery", p_.G, p_.d, p_.gallery);
    const int64_t place = row_within(p_.queries, p_.Q, p_.gallery, p_.G, p_.d);
    lists_.query_squares =
        place >= 0 ? lists_.gallery_squares + place : squared_norms(e_, "queries", p_.Q, p_.d, p_.queries);
    // A tile in one half of the workspace, lists in the other; at least one query's.
    const int64_t half = e_.workspace_bytes / 2;
    side_ = kSide;
    while (side_ > kWarp && 8 * side_ * (side_ + 2 * p_.d) > half) side_ /= 2;
    const int64_t most = half / static_cast<int64_t>(sizeof(int64_t) + sizeof(double) + sizeof(int32_t));
    const Workspace::Mark mark = e_.workspace.mark();
    for (int64_t begin = 0, end; begin < p_.Q; begin = end) {
      end = begin + 1;
      while (end < p_.Q && end - begin < side_ && p_.offsets[end + 1] - p_.offsets[begin] <= most) ++end;
      block(begin, end);
      e_.workspace.rewind(mark);
    }
  }

 private:
  void block(int64_t begin, int64_t end) {
    const int64_t rows = end - begin, base = p_.offsets[begin], entries = p_.offsets[end] - base;
    int64_t longest = 0;
    for (int64_t q = begin; q < end; ++q) longest = std::max(longest, p_.offsets[q + 1] - p_.offsets[q]);
    if (p_.tied != nullptr) e_.zero(p_.tied + begin, rows);
    if (entries == 0) return;
    int64_t* relevant = e_.workspace.get<int64_t>(entries);
    e_.copy(relevant, p_.relevant + base, entries);
    lists_.begin = begin;
    lists_.rows = rows;
    lists_.base = base;
    lists_.relevant = relevant;
    lists_.distance = e_.workspace.get<double>(entries);
    lists_.id = e_.workspace.get<int32_t>(entries);
    lists_.ranks = reinterpret_cast<Count*>(p_.ranks + base);
    lists_.tied = p_.tied == nullptr ? nullptr : p_.tied + begin;
    int* doubtful = e_.workspace.get<int>(rows);
    e_.zero(doubtful, rows);
    launch(threshold_kernel, dim3(static_cast<unsigned>(rows)), dim3(row_threads(4 * longest)), 0, e_.stream, lists_);
    scan_float(rows, doubtful);
    scan_double(rows, doubtful);
    launch(finish_kernel, warps(rows), dim3(kThreads), 0, e_.stream, lists_);
  }

  void scan_float(int64_t rows, int* doubtful) {
    const Workspace::Mark mark = e_.workspace.mark();
    float* products = e_.workspace.get<float>(rows * side_);
    over_gallery([&](int64_t first, int64_t columns) {
      scan<float>(rows, p_.queries + lists_.begin * p_.d, p_.gallery + first * p_.d,
                  {first, columns, side_, products, nullptr, doubtful}, products);
    });
    e_.workspace.rewind(mark);
  }

  // The queries that single precision could not serve, with double products.
  void scan_double(int64_t rows, const int* doubtful) {
    std::vector<int> flags(static_cast<std::size_t>(rows));
    e_.read(flags.data(), doubtful, rows);
    std::vector<int64_t> picked;
    for (int64_t i = 0; i < rows; ++i)
      if (flags[static_cast<std::size_t>(i)] != 0) picked.push_back(i);
    if (picked.empty()) return;
    const auto n = static_cast<int64_t>(picked.size());
    const Workspace::Mark mark = e_.workspace.mark();
    const int64_t* list = e_.in(std::move(picked));
    double* queries = e_.workspace.get<double>(n * p_.d);
    double* gallery = e_.workspace.get<double>(side_ * p_.d);
    double* products = e_.workspace.get<double>(n * side_);
    launch(clear_kernel, dim3(static_cast<unsigned>(n)), dim3(kThreads), 0, e_.stream, lists_, list);
    widen(n, p_.queries + lists_.begin * p_.d, list, queries);
    over_gallery([&](int64_t first, int64_t columns) {
      widen(columns, p_.gallery + first * p_.d, nullptr, gallery);
      scan<double>(n, queries, gallery, {first, columns, side_, products, list, nullptr}, products);
    });
    e_.workspace.rewind(mark);
  }

  template <class Body>
  void over_gallery(Body&& body) {
    for (int64_t first = 0; first < p_.G; first += side_) {
      e_.poll();
      body(first, std::min(side_, p_.G - first));
    }
  }

  template <class Real>
  void scan(int64_t rows, const Real* queries, const Real* gallery, const Tile<Real>& tile, Real* products) {
    gemm<Real>(e_,
               {false, true, rows, tile.columns, p_.d, queries, p_.d, gallery, p_.d, products, tile.ld, false, true});
    launch(scan_kernel<Real>, dim3(static_cast<unsigned>(rows), static_cast<unsigned>(ceil_div(tile.columns, kPiece))),
           dim3(row_threads(std::min(tile.columns, kPiece))), 0, e_.stream, lists_, tile);
  }

  void widen(int64_t n, const float* x, const int64_t* picked, double* out) {
    over(e_, n * p_.d, widen_kernel, n, p_.d, x, picked, out);
  }

  Engine& e_;
  const Ranking& p_;
  Lists lists_{};
  int64_t side_ = 0;  // of a tile
};

}  // namespace

void rank(Engine& e, const Ranking& ranking) {
  Ranker(e, ranking).run();
}

}  // namespace vicinal::cuda
