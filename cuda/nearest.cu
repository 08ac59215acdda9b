// Exact nearest neighbours: the k first gallery rows of every query by (D, id), D = exact_squared_distance.
// Method       Products of a block of queries with the gallery give the score (D - |q|^2) / 2 of every row with a known
//              error, so an interval [low, high]. The k-th smallest high, found by radix selection, is not below the
//              k-th smallest D: a row whose low lies above it cannot be among the first k. What is left, the
//              candidates, is decided by D itself. Where single precision leaves too many (ties, duplicates, collapsed
//              embeddings, products that overflow), or k is nearly the gallery, D of every row is made and the first k
//              are selected from these; ties by id.
// Bounds       distances.cuh; products are made in float32 itself, whatever the engine's precision.
// Shapes       queries [Q, d], gallery [G, d], ids [Q, k], distances [Q, k] or null
// Threads      a block per query; eight lanes share an exact distance.
// Memory       in the workspace: 8 bytes per query and 16 per gallery row; for a block of queries, at least one, 4 G
//              bytes of products (or 8 G of distances) and 4 bytes per candidate of each.
// Cost         2 Q G d flops; 4 G bytes per query written by the product and read three times, and once more where the
//              k-th score has many neighbours; 4 d bytes and 3 d flops in double per candidate. Without single
//              precision 4 G d bytes per query, 3 G d flops in double and at most ten passes over 8 G bytes.
// Determinism  candidates are found in any order and then sorted; ids differ, so there is one order.
#include <limits>
#include <numeric>
#include <vector>

#include "distances.cuh"
#include "operations.cuh"
#include "select.cuh"

namespace vicinal::cuda {
namespace {

using std::int32_t;
using std::int64_t;

constexpr unsigned kThreads = 256;
constexpr int64_t kScores = int64_t{1} << 28;  // of a block of queries: 1 GiB, and a cancel request is seen between
constexpr int64_t kExact = int64_t{1} << 26;   // the same for exact distances, which cost more
constexpr int64_t kShared = 4000;              // candidates of 12 bytes that are sorted in shared memory
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Candidates that a query may have before single precision is given up for it.
int64_t candidates_for(int64_t k, int64_t G) {
  return k + std::min(32 + G / 16, std::max<int64_t>(k, 2048));
}

struct Lists {
  int64_t G, d, k;
  const float *queries, *gallery;
  const double* query_squares;
  const float2* norms;  // [G]: |g|^2 / 2, |g|
  const int64_t* self;  // [Q] or null
  int32_t* found;       // [Q] candidates of each query
  int64_t* ids;
  double* distances;
  __device__ int64_t own(int64_t query) const { return self == nullptr ? -1 : self[query]; }
};
// The queries that blocks stand for: begin, begin + 1, ..., or those of a list.
struct Rows {
  int64_t begin;
  const int64_t* picked;
  __device__ int64_t query() const { return picked == nullptr ? begin + blockIdx.x : picked[blockIdx.x]; }
};

__global__ void norm_kernel(int64_t G, const double* squares, float2* norms) {
  const int64_t g = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (g < G) norms[g] = make_float2(static_cast<float>(squares[g] / 2), bounded_norm<float>(squares[g]));
}

// Where a row's (D - |q|^2) / 2 lies. What overflowed lies anywhere.
struct Interval {
  float low, high;
};
__device__ __forceinline__ Interval interval_of(const ScoreBounds<float>& bounds, float2 norm, float product) {
  const float score = norm.x - product, size = fabsf(score), error = bounds.error(norm.y, size);
  if (!(size <= Arithmetic<float>::kLargest && error <= Arithmetic<float>::kLargest)) return {-kInfinity, kInfinity};
  return {score - error, score + error};
}

// candidates [rows, capacity] from products [rows, ld], and how many there are; more than fit are counted only.
__global__ void __launch_bounds__(kSelectThreads)
    collect_kernel(Lists s, int64_t begin, const float* products, int64_t ld, int32_t capacity, int32_t* candidates) {
  __shared__ Histogram histogram;
  __shared__ int32_t count;
  const int64_t row = blockIdx.x, query = begin + row, own = s.own(query);
  const double square = s.query_squares[query];
  const ScoreBounds<float> bounds = score_bounds<float>(s.d, square, distance_margin(s.d, square) / 2);
  const float* scores = products + row * ld;
  const auto each = [&](auto&& take) {
    for (int64_t g = threadIdx.x; g < s.G; g += kSelectThreads)
      if (g != own) take(g, interval_of(bounds, s.norms[g], scores[g]));
  };
  const int32_t k = static_cast<int32_t>(s.k);
  const Selection<unsigned> nearest = select_smallest<unsigned, 32>(
      histogram, k, k + (capacity - k) / 2,
      [&](auto&& take) { each([&](int64_t, Interval at) { take(ascending_key(at.high)); }); });
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  each([&](int64_t g, Interval at) {
    if (ascending_key(at.low) > nearest.last) return;
    const int32_t place = atomicAdd(&count, 1);
    if (place < capacity) candidates[row * capacity + place] = static_cast<int32_t>(g);
  });
  __syncthreads();
  if (threadIdx.x == 0) s.found[query] = count;
}

// The first k of a query's candidates. They are sorted in shared memory, or in `distances` [rows, capacity] if given.
__global__ void __launch_bounds__(kThreads)
    order_kernel(Lists s, Rows rows, int32_t capacity, int32_t* candidates, double* distances) {
  VICINAL_DYNAMIC_SHARED(double, shared);
  const int64_t query = rows.query();
  const int32_t m = s.found[query];
  if (m > capacity) return;
  int32_t* id = candidates + static_cast<int64_t>(blockIdx.x) * capacity;
  double* distance = distances + static_cast<int64_t>(blockIdx.x) * capacity;
  if (distances == nullptr) {
    distance = shared;
    const int32_t* listed = id;
    id = reinterpret_cast<int32_t*>(shared + capacity);
    for (int32_t i = static_cast<int32_t>(threadIdx.x); i < m; i += kThreads) id[i] = listed[i];
    __syncthreads();
  }
  for (int64_t first = 0; first < m; first += kThreads / kGroup) {
    const int64_t i = first + threadIdx.x / kGroup;
    const bool valid = i < m;
    const int64_t g = valid ? id[i] : 0;
    const double exact = group_distance(valid, s.queries + query * s.d, s.gallery + g * s.d, s.d);
    if (valid && threadIdx.x % kGroup == 0) distance[i] = exact;
  }
  sort_pairs(static_cast<unsigned>(m), distance, id);
  for (int64_t i = threadIdx.x; i < s.k; i += kThreads) {
    s.ids[query * s.k + i] = id[i];
    if (s.distances != nullptr) s.distances[query * s.k + i] = distance[i];
  }
}

// distances [rows, G]: D of every gallery row; infinite for the query's own. Queries first, so that they share rows.
__global__ void __launch_bounds__(kThreads) distance_kernel(Lists s, const int64_t* picked, double* distances) {
  const int64_t query = picked[blockIdx.x], own = s.own(query);
  constexpr int64_t kGroups = kThreads / kGroup;
  for (int64_t first = blockIdx.y * kGroups; first < s.G; first += gridDim.y * kGroups) {
    const int64_t g = first + threadIdx.x / kGroup;
    const bool valid = g < s.G;
    const double exact = group_distance(valid, s.queries + query * s.d, s.gallery + (valid ? g : 0) * s.d, s.d);
    if (valid && threadIdx.x % kGroup == 0)
      distances[blockIdx.x * s.G + g] = g == own ? static_cast<double>(kInfinity) : exact;
  }
}

// candidates [rows, k]: those of the k smallest (distance, id), in any order.
__global__ void __launch_bounds__(kSelectThreads)
    pick_kernel(Lists s, const int64_t* picked, const double* distances, int32_t* candidates) {
  __shared__ Histogram histogram;
  __shared__ int32_t count;
  using Key = unsigned long long;
  const double* distance = distances + blockIdx.x * s.G;
  const int32_t k = static_cast<int32_t>(s.k);
  const auto each = [&](auto&& take) {
    for (int64_t g = threadIdx.x; g < s.G; g += kSelectThreads)
      take(static_cast<unsigned>(g), ascending_key(distance[g]));
  };
  const Selection<Key> nearest =
      select_smallest<Key, 63>(histogram, k, k, [&](auto&& take) { each([&](unsigned, Key at) { take(at); }); });
  unsigned last_id = ~0u;  // among those at the last distance
  if (nearest.taken > k)
    last_id = select_smallest<unsigned, 31>(histogram, k - nearest.below, k - nearest.below, [&](auto&& take) {
                each([&](unsigned g, Key at) {
                  if (at == nearest.last) take(g);
                });
              }).last;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  each([&](unsigned g, Key at) {
    if (at < nearest.last || (at == nearest.last && g <= last_id))
      candidates[blockIdx.x * s.k + atomicAdd(&count, 1)] = static_cast<int32_t>(g);
  });
  if (threadIdx.x == 0) s.found[picked[blockIdx.x]] = k;
}

class Searcher {
 public:
  Searcher(Engine& e, const Nearest& p) : e_(e), p_(p), half_(e.workspace_bytes / 2) {}

  void run() {
    const double* gallery_squares = squared_norms(e_, "gallery", p_.G, p_.d, p_.gallery);
    float2* norms = e_.workspace.get<float2>(p_.G);
    launch(norm_kernel, dim3(static_cast<unsigned>(ceil_div(p_.G, kThreads))), dim3(kThreads), 0, e_.stream, p_.G,
           gallery_squares, norms);
    const int64_t place = row_within(p_.queries, p_.Q, p_.gallery, p_.G, p_.d);
    const double* query_squares =
        place >= 0 ? gallery_squares + place : squared_norms(e_, "query", p_.Q, p_.d, p_.queries);
    lists_ = {p_.G,
              p_.d,
              p_.k,
              p_.queries,
              p_.gallery,
              query_squares,
              norms,
              e_.in(p_.self, p_.Q),
              e_.workspace.get<int32_t>(p_.Q),
              p_.ids,
              p_.distances};
    std::vector<int64_t> undecided;
    const int64_t capacity = candidates_for(p_.k, p_.G);
    if (capacity < p_.G) {
      by_scores(static_cast<int32_t>(capacity));
      std::vector<int32_t> found(static_cast<std::size_t>(p_.Q));
      e_.read(found.data(), lists_.found, p_.Q);
      for (int64_t q = 0; q < p_.Q; ++q)
        if (found[static_cast<std::size_t>(q)] > capacity) undecided.push_back(q);
    } else {
      undecided.resize(static_cast<std::size_t>(p_.Q));
      std::iota(undecided.begin(), undecided.end(), int64_t{0});
    }
    if (!undecided.empty()) by_distances(undecided);
  }

 private:
  // Queries of one block that fit the workspace and keep it short; at least one.
  int64_t rows_of(int64_t queries, int64_t bytes_per_row, int64_t entries) const {
    const int64_t most = std::max<int64_t>(1, std::min({queries, half_ / bytes_per_row, entries / p_.G}));
    return ceil_div(queries, ceil_div(queries, most));
  }

  void by_scores(int32_t capacity) {
    const int64_t ld = ceil_div(p_.G, 4) * 4;
    const int64_t bytes = 4 * ld + capacity * entry_bytes(capacity), rows = rows_of(p_.Q, bytes, kScores);
    const Workspace::Mark mark = e_.workspace.mark();
    float* products = e_.workspace.get<float>(rows * ld);
    int32_t* candidates = e_.workspace.get<int32_t>(rows * capacity);
    for (int64_t begin = 0; begin < p_.Q; begin += rows) {
      e_.poll();
      const int64_t n = std::min(rows, p_.Q - begin);
      gemm<float>(e_, {false, true, n, p_.G, p_.d, p_.queries + begin * p_.d, p_.d, p_.gallery, p_.d, products, ld,
                       false, true});
      launch(collect_kernel, dim3(static_cast<unsigned>(n)), dim3(kSelectThreads), 0, e_.stream, lists_, begin,
             products, ld, capacity, candidates);
      order(n, {begin, nullptr}, capacity, candidates);
    }
    e_.workspace.rewind(mark);
  }

  void by_distances(const std::vector<int64_t>& queries) {
    const auto all = static_cast<int64_t>(queries.size());
    const auto k = static_cast<int32_t>(p_.k);
    const int64_t rows = rows_of(all, 8 * p_.G + k * entry_bytes(k), kExact);
    const int64_t pieces = std::min<int64_t>(ceil_div(p_.G, kThreads), 65535);
    const int64_t* picked = e_.in(std::vector<int64_t>(queries));
    double* distances = e_.workspace.get<double>(rows * p_.G);
    int32_t* candidates = e_.workspace.get<int32_t>(rows * k);
    for (int64_t begin = 0; begin < all; begin += rows) {
      e_.poll();
      const int64_t n = std::min(rows, all - begin);
      launch(distance_kernel, dim3(static_cast<unsigned>(n), static_cast<unsigned>(pieces)), dim3(kThreads), 0,
             e_.stream, lists_, picked + begin, distances);
      launch(pick_kernel, dim3(static_cast<unsigned>(n)), dim3(kSelectThreads), 0, e_.stream, lists_, picked + begin,
             distances, candidates);
      order(n, {0, picked + begin}, k, candidates);
    }
  }

  // Bytes per candidate outside shared memory.
  static int64_t entry_bytes(int64_t capacity) { return capacity > kShared ? 12 : 4; }

  void order(int64_t n, const Rows& rows, int32_t capacity, int32_t* candidates) {
    const Workspace::Mark mark = e_.workspace.mark();
    double* distances = capacity > kShared ? e_.workspace.get<double>(n * capacity) : nullptr;
    launch(order_kernel, dim3(static_cast<unsigned>(n)), dim3(kThreads),
           distances == nullptr ? static_cast<std::size_t>(12 * capacity) : 0, e_.stream, lists_, rows, capacity,
           candidates, distances);
    e_.workspace.rewind(mark);
  }

  Engine& e_;
  const Nearest& p_;
  const int64_t half_;
  Lists lists_{};
};

}  // namespace

void nearest(Engine& e, const Nearest& search) {
  Searcher(e, search).run();
}

}  // namespace vicinal::cuda
