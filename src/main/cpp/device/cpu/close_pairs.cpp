// A tile of close pairs on the CPU (algorithm/close_pairs.hpp).
// Method       A product over the threads, then a scan of its rows: scores |b|^2 / 2 - a.b far enough from the limit
//              are decided by it, 128 at a time; the others by D.
// Bounds       x in float32: |a.b - fl(a.b)| <= (d + 8) 2^-24 |a||b| for any order of summation, with or without fused
//              multiply-add; plus rounding of |b|^2 / 2 and of the difference, and of D itself.
// Memory       4 bytes per pair of the tile, in the workspace
// Cost         2 d flops and 4 bytes written and read per pair of the tile
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "device/cpu/operations.hpp"
#include "vicinal/exact_distance.hpp"

namespace vicinal::cpu {
namespace {

using std::int32_t;
using std::int64_t;

constexpr double kFloatUnit = 0x1p-24, kDoubleUnit = 0x1p-53;
constexpr double kLargestSquare = 1e36;  // beyond, products would overflow float32
constexpr double kTiny = 1e-36;          // absolute error of float32 sums that touch denormals
constexpr int64_t kPad = 16;             // a power of two would map a column to few places of the cache

class Scan {
 public:
  Scan(const Engine& e, const CloseTile& t, const float* products, int64_t ld, const float* halves)
      : e_(e), t_(t), k_(kernels<float>(e.isa)), products_(products), ld_(ld), halves_(halves) {
    for (int64_t j = 0; j < t.columns; ++j) largest_ = std::max(largest_, t.other_squares[t.column + j]);
  }

  // Pairs of the tile's rows [begin, end) within the limit, and those that may be kept.
  int64_t rows(Range r, std::vector<ClosePair>& found) const {
    std::vector<int32_t> listed(static_cast<std::size_t>(t_.columns));
    int64_t total = 0;
    for (int64_t i = t_.row + r.begin; i < t_.row + r.end; ++i) {
      e_.poll();
      const int64_t from = t_.triangle ? std::max<int64_t>(0, i + 1 - t_.column) : 0;
      if (from >= t_.columns || t_.skips(t_.squares[i])) continue;
      const double reach = std::sqrt(t_.squares[i]) + std::sqrt(largest_);
      if (!(reach * reach < kLargestSquare)) {
        for (int64_t j = from; j < t_.columns; ++j) decide(i, t_.column + j, false, total, found);
        continue;
      }
      const CloseScores scores = limits(i);
      int64_t sure = 0;
      const int64_t count = k_.scan_close(t_.columns - from, halves_ + from, products_ + (i - t_.row) * ld_ + from,
                                          scores, listed.data(), &sure);
      total += sure;
      for (int64_t u = 0; u < count; ++u) {
        const int64_t j = from + listed[static_cast<std::size_t>(u)];
        const float score = halves_[j] - products_[(i - t_.row) * ld_ + j];
        decide(i, t_.column + j, score < scores.low, total, found);
      }
    }
    return total;
  }

 private:
  // Scores are (D - |a|^2) / 2.
  CloseScores limits(int64_t i) const {
    const double square = t_.squares[i], norm = std::sqrt(square), largest = std::sqrt(largest_);
    const double reach = norm + largest, d = static_cast<double>(t_.d);
    const double error = kFloatUnit * ((d + 8) * norm * largest + 3 * largest * largest) +
                         2 * (d + 16) * kDoubleUnit * reach * reach + kTiny;
    const auto margin = [&](double score) { return error + std::abs(score) * 0x1p-22; };  // and rounding to float
    const double limit = (t_.limit - square) / 2, last = (t_.last.distance - square) / 2;
    CloseScores scores{};
    scores.low = std::isinf(limit) ? static_cast<float>(limit) : static_cast<float>(limit - margin(limit));
    scores.high = std::isinf(limit) ? static_cast<float>(limit) : static_cast<float>(limit + margin(limit));
    scores.enter = std::isinf(last) ? static_cast<float>(last) : static_cast<float>(last + margin(last));
    scores.enter = std::min(scores.enter, scores.high);
    // Nothing is closer than equal rows, of which the first are kept.
    if (t_.last.distance == 0 && i > t_.last.first) scores.enter = -std::numeric_limits<float>::infinity();
    return scores;
  }

  void decide(int64_t i, int64_t j, bool counted, int64_t& total, std::vector<ClosePair>& found) const {
    if (t_.skips(t_.other_squares[j])) return;
    const float* a = t_.rows_data + i * t_.d;
    const float* b = t_.others_data + j * t_.d;
    // Copies are many where there are any, and comparing stops at the first difference.
    const bool equal = std::memcmp(a, b, static_cast<std::size_t>(t_.d) * sizeof(float)) == 0;
    const ClosePair pair{equal ? 0 : exact_squared_distance(a, b, t_.d), static_cast<int32_t>(i),
                         static_cast<int32_t>(j)};
    if (!(pair.distance <= t_.limit)) return;
    if (!counted) ++total;
    if (pair < t_.last) found.push_back(pair);
  }

  const Engine& e_;
  const CloseTile& t_;
  const Kernels<float>& k_;
  const float* products_;
  int64_t ld_;
  const float* halves_;
  double largest_ = 0;
};

}  // namespace

const double* row_squares(Engine& e, const char* name, int64_t n, int64_t d, const float* x) {
  double* squares = e.workspace.get<double>(n);
  parallel_ranges(e, n, 2.0 * static_cast<double>(n) * static_cast<double>(d), [&](Range r) {
    for (int64_t i = r.begin; i < r.end; ++i) squares[i] = squared_norm(x + i * d, d);
  });
  for (int64_t i = 0; i < n; ++i) require(std::isfinite(squares[i]), name, " row ", i, " is not finite");
  return squares;
}

int64_t close_tile(Engine& e, const CloseTile& t, std::vector<ClosePair>& found) {
  const int64_t ld = t.columns + kPad;
  float* products = e.workspace.get<float>(t.rows * ld);
  float* halves = e.workspace.get<float>(t.columns);
  for (int64_t j = 0; j < t.columns; ++j) {
    const double square = t.other_squares[t.column + j];
    halves[j] = t.skips(square) ? std::numeric_limits<float>::infinity() : static_cast<float>(square / 2);
  }
  gemm<float>(e, {false, true, t.rows, t.columns, t.d, t.rows_data + t.row * t.d, t.d, t.others_data + t.column * t.d,
                  t.d, products, ld, false});
  const Scan scan(e, t, products, ld, halves);
  // Several tasks a thread: rows of a triangle, and rows with close ones, are not alike.
  const double size = static_cast<double>(t.rows) * static_cast<double>(t.columns);
  const int64_t tasks = size < kSerialFlops ? 1 : std::min<int64_t>(t.rows, 8 * e.threads);
  std::vector<std::vector<ClosePair>> lists(static_cast<std::size_t>(tasks));
  std::vector<int64_t> totals(static_cast<std::size_t>(tasks));
  parallel(e, tasks, [&](int64_t task) {
    // Thread t of T has the tasks [t tasks / T, ...): each gets rows of all parts of the tile.
    const int64_t part_of = task % 8 * e.threads + task / 8;
    const Range r = part(t.rows, tasks, tasks == 8 * e.threads ? part_of : task);
    totals[static_cast<std::size_t>(task)] = scan.rows(r, lists[static_cast<std::size_t>(task)]);
  });
  int64_t total = 0;
  for (std::size_t task = 0; task < lists.size(); ++task) {
    total += totals[task];
    found.insert(found.end(), lists[task].begin(), lists[task].end());
  }
  return total;
}

}  // namespace vicinal::cpu
