// Rank counting: exact ranks of relevant gallery rows, from matrix products, without neighbour lists.
// Computes     rank of relevant row r of query q = 1 + #{g : (D(q, g), g) < (D(q, r), r)}, D = exact_squared_distance
// Shapes       queries [Q, d], gallery [G, d], relevant lists of any length
// Method       D of the relevant rows are the query's thresholds, sorted. A tile of products q.g gives every other
//              distance with a known error bound; scores farther from a threshold than the bound are only counted,
//              the others are decided by D itself. Relevant rows are taken out of the tile and ranked among
//              themselves, so a query never compares its thresholds with themselves.
//              Queries with few thresholds: single-precision products, vector compares against each.
//              Queries with many, or whose rows are too close for single precision (collapsed embeddings): double
//              products and a histogram over the thresholds, found through a table of equal cells.
//              A set searched in itself with few thresholds: tiles on and above the diagonal only; the transposed tile
//              serves the other side, which halves the products.
// Bounds       x in float32: |q.g - fl(q.g)| <= (d + 8) 2^-24 |q||g| for any order of summation, with or without fused
//              multiply-add; plus rounding of |g|^2 / 2 and of the difference. In double the same with 2^-53.
// Memory       12 bytes per row; 16 bytes per relevant row and three tiles per thread inside the engine's workspace:
//              queries are taken in chunks when their lists do not fit.
// Cost         2 Q G d flops (half of it for a set in itself); scans and transposition: 10 to 20 % of it, d = 512.
// Determinism  counts do not depend on order: bit-identical for any thread count and instruction set.
// Oracle       src/test/cpp/rank_test.cpp, all pairs in double.
#include "device/cpu/rank.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "device/cpu/rank_kernels.hpp"
#include "vicinal/exact_distance.hpp"

namespace vicinal::cpu {

#define VICINAL_DECLARE_RANK(isa) \
  namespace isa {                 \
  void fill_rank(RankKernels&);   \
  }
VICINAL_DECLARE_RANK(base)
VICINAL_DECLARE_RANK(avx2)
VICINAL_DECLARE_RANK(avx512)
#undef VICINAL_DECLARE_RANK

namespace {

using std::int32_t;
using std::int64_t;

constexpr int64_t kFew = 96;     // thresholds up to which vector compares beat double products and the histogram
constexpr int64_t kSide = 1024;  // tile side: longer tiles pack the operands of a product less often
// Rows of a tile are this much longer than needed: a power of two would map a column to two sets of the cache.
constexpr int64_t kPad = 16;
constexpr double kFloatUnit = 0x1p-24, kDoubleUnit = 0x1p-53;
constexpr double kLargestNorm = 1e18;      // beyond, squares would overflow float32
constexpr double kSmallestError = 1e-200;  // so that widths of cells have a reciprocal; D of distinct rows is >= 1e-90
constexpr double kTiny = 1e-36;            // absolute error of float32 sums that touch denormals

RankKernels kernels_of(int isa) {
  RankKernels k{};
  if (isa == VICINAL_ISA_AVX512) {
    avx512::fill_rank(k);
  } else if (isa == VICINAL_ISA_AVX2) {
    avx2::fill_rank(k);
  } else {
    base::fill_rank(k);
  }
  return k;
}

// Rows with what the bounds need. halves and squares are rounded from double.
struct Rows {
  int64_t n;
  const float* x;
  float* half_squares;  // [n] |x|^2 / 2
  double* squares;      // [n]
  double largest;       // norm
};

Rows make_rows(Engine& e, const char* name, int64_t n, int64_t d, const float* x) {
  Rows rows{n, x, e.workspace.get<float>(n), e.workspace.get<double>(n), 0};
  parallel_ranges(e, n, 2.0 * static_cast<double>(n) * static_cast<double>(d), [&](Range r) {
    for (int64_t i = r.begin; i < r.end; ++i) {
      const double sum = squared_norm(x + i * d, d);
      rows.squares[i] = sum;
      rows.half_squares[i] = static_cast<float>(sum / 2);
    }
  });
  for (int64_t i = 0; i < n; ++i) {
    require(std::isfinite(rows.squares[i]), name, " row ", i, " is not finite");
    rows.largest = std::max(rows.largest, rows.squares[i]);
  }
  rows.largest = std::sqrt(rows.largest);
  return rows;
}

// The thresholds of a chunk of queries. Entry o + i belongs to the query's i-th nearest relevant row.
struct Thresholds {
  int64_t first_offset;  // offsets[first query]
  double* distance;      // [entries] ascending within a query
  int32_t* id;           // [entries] gallery row
  int32_t* cell;         // [entries] table of the histogram, as many cells as thresholds
};

// What a thread works in.
struct Scratch {
  float* tile;
  float* transposed;
  double* tile64;
  double* a64;
  double* b64;
  int32_t* uncertain;
  int64_t* doubtful;  // queries of a tile that single precision cannot serve
  float lo[kFew], hi[kFew];
};

class Ranker {
 public:
  Ranker(Engine& e, const Ranking& p)
      : e_(e),
        p_(p),
        k_(kernels_of(e.isa)),
        queries_{},
        gallery_{},
        thresholds_{},
        rows_(0),
        columns_(0),
        scratch_(nullptr) {}

  void run() {
    const bool shared = p_.queries == p_.gallery && p_.Q == p_.G;
    gallery_ = make_rows(e_, "gallery", p_.G, p_.d, p_.gallery);
    queries_ = shared ? gallery_ : make_rows(e_, "queries", p_.Q, p_.d, p_.queries);
    allocate_scratch();
    // Half of the workspace for the lists, at least one query's.
    const int64_t budget =
        e_.workspace_bytes / 2 / static_cast<int64_t>(sizeof(double) + sizeof(int32_t) + sizeof(int32_t));
    const bool one_chunk = p_.offsets[p_.Q] <= budget;
    const Workspace::Mark mark = e_.workspace.mark();
    for (int64_t begin = 0; begin < p_.Q;) {
      int64_t end = begin + 1;
      while (end < p_.Q && p_.offsets[end + 1] - p_.offsets[begin] <= budget) ++end;
      e_.workspace.rewind(mark);
      prepare({begin, end});
      if (shared && one_chunk && symmetric()) {
        count_symmetric();
      } else {
        count({begin, end});
      }
      finish({begin, end});
      begin = end;
    }
  }

 private:
  int64_t relevant(int64_t q) const { return p_.offsets[q + 1] - p_.offsets[q]; }
  int64_t entry(int64_t q) const { return p_.offsets[q] - thresholds_.first_offset; }
  bool float_serves(int64_t q) const {
    return relevant(q) <= kFew && queries_.largest < kLargestNorm && gallery_.largest < kLargestNorm;
  }

  // Every row is its own query and left out, and every list is short.
  bool symmetric() const {
    if (p_.self == nullptr) return false;
    for (int64_t q = 0; q < p_.Q; ++q) {
      if (p_.self[q] != q || !float_serves(q)) return false;
    }
    return true;
  }

  void allocate_scratch() {
    // Two float tiles, a double tile and two double operands per thread, in half of the workspace.
    const int64_t share = e_.workspace_bytes / 2 / e_.threads;
    columns_ = kSide;
    while (columns_ > 16 && 16 * columns_ * columns_ + 16 * columns_ * p_.d > share) columns_ /= 2;
    // Enough blocks of queries for every thread.
    rows_ = columns_;
    while (rows_ > 16 && (p_.Q + rows_ - 1) / rows_ < 2 * e_.threads) rows_ /= 2;
    scratch_ = e_.workspace.get<Scratch>(e_.threads);
    for (int t = 0; t < e_.threads; ++t) {
      Scratch& s = scratch_[t];
      s.tile = e_.workspace.get<float>(rows_ * (columns_ + kPad));
      s.transposed = e_.workspace.get<float>(rows_ * (rows_ + kPad));
      s.tile64 = e_.workspace.get<double>(rows_ * columns_);
      s.a64 = e_.workspace.get<double>(rows_ * p_.d);
      s.b64 = e_.workspace.get<double>(columns_ * p_.d);
      s.uncertain = e_.workspace.get<int32_t>(columns_);
      s.doubtful = e_.workspace.get<int64_t>(rows_);
    }
  }

  // Sorted thresholds, histogram tables, cleared counts.
  void prepare(Range chunk) {
    const int64_t entries = p_.offsets[chunk.end] - p_.offsets[chunk.begin];
    thresholds_.first_offset = p_.offsets[chunk.begin];
    thresholds_.distance = e_.workspace.get<double>(entries);
    thresholds_.id = e_.workspace.get<int32_t>(entries);
    thresholds_.cell = e_.workspace.get<int32_t>(entries);
    std::fill(p_.ranks + p_.offsets[chunk.begin], p_.ranks + p_.offsets[chunk.end], int64_t{0});
    if (p_.tied != nullptr) std::memset(p_.tied + chunk.begin, 0, static_cast<std::size_t>(chunk.size()));
    const double flops = 8.0 * static_cast<double>(entries) * static_cast<double>(p_.d);
    parallel_ranges(e_, chunk.size(), flops, [&](Range r) {
      std::vector<std::pair<double, int32_t>> sorted;
      for (int64_t q = chunk.begin + r.begin; q < chunk.begin + r.end; ++q) {
        sorted.clear();
        for (int64_t o = p_.offsets[q]; o < p_.offsets[q + 1]; ++o) {
          const int64_t g = p_.relevant[o];
          sorted.emplace_back(distance(q, g), static_cast<int32_t>(g));
        }
        std::sort(sorted.begin(), sorted.end());
        double* t = thresholds_.distance + entry(q);
        for (std::size_t i = 0; i < sorted.size(); ++i) {
          t[i] = sorted[i].first;
          thresholds_.id[entry(q) + static_cast<int64_t>(i)] = sorted[i].second;
        }
        fill_cells(q);
      }
    });
  }

  double distance(int64_t q, int64_t g) const {
    return exact_squared_distance(p_.queries + q * p_.d, p_.gallery + g * p_.d, p_.d);
  }

  // Bound on the difference between D and |q|^2 + |g|^2 - 2 q.g in double, over the whole gallery.
  double error64(int64_t q) const {
    const double reach = std::sqrt(queries_.squares[q]) + gallery_.largest;
    return 2 * static_cast<double>(p_.d + 16) * kDoubleUnit * reach * reach + kSmallestError;
  }

  struct Cells {
    double origin, scale;
  };
  Cells cells_of(int64_t q) const {
    const double* t = thresholds_.distance + entry(q);
    const int64_t m = relevant(q);
    const double error = error64(q);
    const double origin = t[0] - error, width = t[m - 1] + error - origin;
    return {origin, static_cast<double>(m) / width};
  }

  // cell[c]: the first threshold whose upper edge falls in cell c or behind it. The cell of a value is monotone, so
  // every earlier threshold lies surely below a value of cell c.
  void fill_cells(int64_t q) {
    const int64_t m = relevant(q);
    if (m == 0) return;
    const double* t = thresholds_.distance + entry(q);
    int32_t* cell = thresholds_.cell + entry(q);
    const Cells cells = cells_of(q);
    const double error = error64(q);
    int64_t c = 0;
    for (int64_t i = 0; i < m; ++i) {
      const double at = (t[i] + error - cells.origin) * cells.scale;
      const int64_t in = at <= 0 ? 0 : at >= static_cast<double>(m - 1) ? m - 1 : static_cast<int64_t>(at);
      for (; c <= in; ++c) cell[c] = static_cast<int32_t>(i);
    }
    for (; c < m; ++c) cell[c] = static_cast<int32_t>(m - 1);
  }

  // Blocks of queries against every block of the gallery; a query belongs to one thread.
  void count(Range chunk) {
    const int64_t blocks = (chunk.size() + rows_ - 1) / rows_;
    on_threads(blocks, [&](Scratch& s, int64_t b) {
      const Range rows{chunk.begin + b * rows_, std::min(chunk.end, chunk.begin + (b + 1) * rows_)};
      bool any_float = false, any = false;
      for (int64_t q = rows.begin; q < rows.end; ++q) {
        any = any || relevant(q) > 0;
        any_float = any_float || (relevant(q) > 0 && float_serves(q));
      }
      if (!any) return;
      for (int64_t g = 0; g < p_.G; g += columns_) {
        e_.poll();
        const Range columns{g, std::min(p_.G, g + columns_)};
        if (any_float) multiply(s, rows, columns);
        scan(s, rows, columns, any_float ? s.tile : nullptr, columns.size() + kPad);
      }
    });
  }

  // Tiles on and above the diagonal of the set against itself; both sides of a tile are scanned.
  void count_symmetric() {
    const int64_t blocks = (p_.Q + rows_ - 1) / rows_;
    on_threads(blocks * (blocks + 1) / 2, [&](Scratch& s, int64_t task) {
      // Task 0, 1, 2, ... walks the rows of the triangle from the last, shortest one.
      int64_t length = static_cast<int64_t>((std::sqrt(8.0 * static_cast<double>(task) + 1) - 1) / 2);
      while (length * (length + 1) / 2 > task) --length;
      while ((length + 1) * (length + 2) / 2 <= task) ++length;
      const int64_t i = blocks - 1 - length;
      const int64_t j = i + task - length * (length + 1) / 2;
      const Range rows{i * rows_, std::min(p_.Q, (i + 1) * rows_)};
      const Range columns{j * rows_, std::min(p_.Q, (j + 1) * rows_)};
      multiply(s, rows, columns);
      if (i != j) {
        k_.transpose(rows.size(), columns.size(), s.tile, columns.size() + kPad, s.transposed, rows.size() + kPad);
      }
      scan(s, rows, columns, s.tile, columns.size() + kPad);
      if (i != j) scan(s, columns, rows, s.transposed, rows.size() + kPad);
    });
  }

  // Tasks handed out one by one: the machine may be shared, and counts do not depend on who does what.
  template <class Body>
  void on_threads(int64_t tasks, Body&& body) {
    std::atomic<int64_t> next{0};
    parallel(e_, e_.threads, [&](int64_t t) {
      for (int64_t task = next++; task < tasks; task = next++) {
        e_.poll();
        body(scratch_[t], task);
      }
    });
  }

  void multiply(Scratch& s, Range rows, Range columns) {
    gemm_serial<float>({false, true, rows.size(), columns.size(), p_.d, p_.queries + rows.begin * p_.d, p_.d,
                        p_.gallery + columns.begin * p_.d, p_.d, s.tile, columns.size() + kPad, false});
  }

  // Takes the query itself and its relevant rows out of its row of products.
  template <class Real>
  void leave_out(int64_t q, Range columns, Real* row) const {
    const Real never = -std::numeric_limits<Real>::infinity();
    if (p_.self != nullptr && p_.self[q] >= columns.begin && p_.self[q] < columns.end)
      row[p_.self[q] - columns.begin] = never;
    const int64_t* last = p_.relevant + p_.offsets[q + 1];
    const int64_t* at = std::lower_bound(p_.relevant + p_.offsets[q], last, columns.begin);
    for (; at != last && *at < columns.end; ++at) row[*at - columns.begin] = never;
  }

  // Counts the gallery rows `columns` for the queries `rows`. tile [rows, ld] of products, or null: double for all.
  void scan(Scratch& s, Range rows, Range columns, float* tile, int64_t ld) {
    double largest = 0;
    for (int64_t g = columns.begin; g < columns.end; ++g) largest = std::max(largest, gallery_.squares[g]);
    largest = std::sqrt(largest);
    int64_t doubtful = 0;
    for (int64_t q = rows.begin; q < rows.end; ++q) {
      if (relevant(q) == 0) continue;
      if (tile == nullptr || !float_serves(q) || !scan_float(s, q, columns, largest, tile + (q - rows.begin) * ld))
        s.doubtful[doubtful++] = q;
    }
    if (doubtful > 0) scan_double(s, doubtful, columns);
  }

  // False, with nothing counted, when too many scores are too close to call.
  bool scan_float(Scratch& s, int64_t q, Range columns, double largest, float* row) {
    const int64_t m = relevant(q), n = columns.size();
    const double* t = thresholds_.distance + entry(q);
    const double norm = std::sqrt(queries_.squares[q]);
    // Scores are (D - |q|^2) / 2.
    const double error =
        kFloatUnit * (static_cast<double>(p_.d + 8) * norm * largest + 3 * largest * largest) + error64(q) + kTiny;
    for (int64_t i = 0; i < m; ++i) {
      const double score = (t[i] - queries_.squares[q]) / 2;
      const double margin = error + std::abs(score) * 0x1p-22;  // covers the rounding to float
      s.lo[i] = static_cast<float>(score - margin);
      s.hi[i] = static_cast<float>(score + margin);
    }
    leave_out(q, columns, row);
    int64_t below[kFew] = {};
    const int64_t listed =
        k_.scan_few(n, gallery_.half_squares + columns.begin, row, m, s.lo, s.hi, below, s.uncertain);
    if (listed > 8 + n / 16) return false;
    const int32_t* id = thresholds_.id + entry(q);
    for (int64_t u = 0; u < listed; ++u) {
      const int64_t j = s.uncertain[u], g = columns.begin + j;
      const double d = distance(q, g);
      // Edges ascend, so the open thresholds are neighbours.
      const int64_t first = std::lower_bound(s.hi, s.hi + m, row[j]) - s.hi;
      const int64_t last = std::upper_bound(s.lo, s.lo + m, row[j]) - s.lo;
      for (int64_t i = first; i < last; ++i) {
        if (d < t[i] || (d == t[i] && g < id[i])) ++below[i];
        if (d == t[i]) tie(q);
      }
    }
    for (int64_t i = 0; i < m; ++i) {
      if (below[i] != 0) __atomic_fetch_add(p_.ranks + p_.offsets[q] + i, below[i], __ATOMIC_RELAXED);
    }
    return true;
  }

  void scan_double(Scratch& s, int64_t doubtful, Range columns) {
    const int64_t n = columns.size(), d = p_.d;
    for (int64_t r = 0; r < doubtful; ++r) std::copy_n(p_.queries + s.doubtful[r] * d, d, s.a64 + r * d);
    std::copy_n(p_.gallery + columns.begin * d, n * d, s.b64);
    gemm_serial<double>({false, true, doubtful, n, d, s.a64, d, s.b64, d, s.tile64, n, false});
    for (int64_t r = 0; r < doubtful; ++r) {
      const int64_t q = s.doubtful[r], m = relevant(q);
      const double* t = thresholds_.distance + entry(q);
      const int32_t* id = thresholds_.id + entry(q);
      double* row = s.tile64 + r * n;
      leave_out(q, columns, row);
      const Cells cells = cells_of(q);
      int64_t* histogram = p_.ranks + p_.offsets[q];
      // Few thresholds keep counts, not a histogram: see finish().
      int64_t local[kFew] = {};
      const bool few = float_serves(q);
      const int64_t listed =
          k_.scan_many(n, queries_.squares[q], gallery_.squares + columns.begin, row, m, t, error64(q), cells.origin,
                       cells.scale, m, thresholds_.cell + entry(q), few ? local : histogram, s.uncertain);
      for (int64_t u = 0; u < listed; ++u) {
        const int64_t g = columns.begin + s.uncertain[u];
        const double distance_g = distance(q, g);
        const int64_t i = position(t, id, m, distance_g, g);
        if (i < m) ++(few ? local : histogram)[i];
        if ((i < m && t[i] == distance_g) || (i > 0 && t[i - 1] == distance_g)) tie(q);
      }
      for (int64_t i = 0, sum = 0; few && i < m; ++i) {
        sum += local[i];
        if (sum != 0) __atomic_fetch_add(histogram + i, sum, __ATOMIC_RELAXED);
      }
    }
  }

  // The first threshold that (distance, g) comes before.
  static int64_t position(const double* t, const int32_t* id, int64_t m, double distance, int64_t g) {
    int64_t low = 0, high = m;
    while (low < high) {
      const int64_t mid = (low + high) / 2;
      if (distance < t[mid] || (distance == t[mid] && g < id[mid])) {
        high = mid;
      } else {
        low = mid + 1;
      }
    }
    return low;
  }

  void tie(int64_t q) {
    if (p_.tied != nullptr) __atomic_store_n(p_.tied + q, static_cast<std::int8_t>(1), __ATOMIC_RELAXED);
  }

  // Counts of other rows become ranks: the i-th relevant row also has i relevant rows before it.
  void finish(Range chunk) {
    for (int64_t q = chunk.begin; q < chunk.end; ++q) {
      int64_t* counts = p_.ranks + p_.offsets[q];
      const bool histogram = !float_serves(q);
      int64_t before = 0;
      for (int64_t i = 0; i < relevant(q); ++i) {
        before = histogram ? before + counts[i] : counts[i];
        counts[i] = before + i + 1;
      }
    }
  }

  Engine& e_;
  const Ranking& p_;
  const RankKernels k_;
  Rows queries_, gallery_;
  Thresholds thresholds_;
  int64_t rows_, columns_;  // largest tile; square, rows_ x rows_, on a set in itself
  Scratch* scratch_;
};

}  // namespace

void rank(Engine& e, const Ranking& problem) {
  Ranker(e, problem).run();
}

}  // namespace vicinal::cpu
