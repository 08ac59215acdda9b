// Pairs of rows at most a distance apart, exactly, of all pairs of a set or of two.
// Computes     total = #{(i, j) : D(a_i, b_j) <= limit}, D = exact_squared_distance, i < j within one set; and the
//              first `most` of them by (D, i, j)
// Method       Tiles of products a_i.b_j give (D - |a_i|^2) / 2 with a known error. What that leaves open, and every
//              pair that may be kept, is decided by D itself (the device's close_tile). Kept pairs are a heap with the
//              last on top; once it is full, a pair behind the last is counted, no more.
//              Within one set only tiles on and above the diagonal are made: half of the products. Rows are walked in
//              order, so that of equal pairs those that are kept come first and the others are not even looked at.
// Memory       8 bytes per row, a tile in half of the workspace, 16 bytes per kept pair and per pair of a tile that may
//              be kept
// Cost         N (N - 1) d flops within a set, 2 N G d of two; 3 d flops in double per pair that is left open
// Determinism  a count and a sorted list: independent of tiles, threads and devices
// Oracle       src/test/cpp/close_pairs_test.cpp, ClosePairsTest: all pairs in double
#ifndef VICINAL_ALGORITHM_CLOSE_PAIRS_HPP_
#define VICINAL_ALGORITHM_CLOSE_PAIRS_HPP_

#include <algorithm>
#include <limits>
#include <vector>

#include "algorithm/data.hpp"
#include "core/device.h"

namespace vicinal::algorithm {

template <class Device>
class CloseSearch {
 public:
  using Engine = typename Device::Engine;

  CloseSearch(Engine& e, const ClosePairs& p) : e_(e), p_(p) {}

  void run() {
    const bool same = p_.others == nullptr;
    const float* rows = e_.in(p_.rows, p_.N * p_.d);
    const float* others = same ? rows : e_.in(p_.others, p_.G * p_.d);
    const double* squares = Device::row_squares(e_, "rows", p_.N, p_.d, rows);
    const double* other_squares = same ? squares : Device::row_squares(e_, "others", p_.G, p_.d, others);
    if (p_.zeros != nullptr) *p_.zeros = count_zeros(p_.N, squares) + (same ? 0 : count_zeros(p_.G, other_squares));

    std::int64_t side = Device::kCloseSide;
    while (side > 64 && side * side * Device::kClosePairBytes > e_.workspace_bytes / 2) side /= 2;
    std::int64_t total = 0;
    std::vector<ClosePair> found;
    CloseTile tile{};
    tile.d = p_.d;
    tile.triangle = same;
    tile.zeros_excluded = p_.zeros != nullptr;
    tile.rows_data = rows;
    tile.others_data = others;
    tile.squares = squares;
    tile.other_squares = other_squares;
    tile.limit = p_.limit;
    const auto mark = e_.workspace.mark();
    for (tile.row = 0; tile.row < p_.N; tile.row += side) {
      tile.rows = std::min(side, p_.N - tile.row);
      for (tile.column = same ? tile.row : 0; tile.column < p_.G; tile.column += side) {
        e_.poll();
        tile.columns = std::min(side, p_.G - tile.column);
        tile.last = last();
        found.clear();
        total += Device::close_tile(e_, tile, found);
        for (const ClosePair& pair : found) keep(pair);
        e_.workspace.rewind(mark);
      }
    }
    *p_.total = total;
    write();
  }

 private:
  std::int64_t count_zeros(std::int64_t n, const double* squares) {
    std::vector<double> host(static_cast<std::size_t>(n));
    e_.read(host.data(), squares, n);
    return std::count(host.begin(), host.end(), 0.0);
  }

  // Only what comes before this may still be kept.
  ClosePair last() const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (p_.most == 0) return {-kInfinity, 0, 0};
    if (static_cast<std::int64_t>(kept_.size()) < p_.most) return {kInfinity, 0, 0};
    return kept_.front();
  }

  void keep(const ClosePair& pair) {
    if (static_cast<std::int64_t>(kept_.size()) == p_.most) {
      if (!(pair < kept_.front())) return;
      std::pop_heap(kept_.begin(), kept_.end());
      kept_.back() = pair;
    } else {
      kept_.push_back(pair);
    }
    std::push_heap(kept_.begin(), kept_.end());
  }

  void write() {
    std::sort_heap(kept_.begin(), kept_.end());
    for (std::size_t k = 0; k < kept_.size(); ++k) {
      p_.first[k] = kept_[k].first;
      p_.second[k] = kept_[k].second;
      p_.distances[k] = kept_[k].distance;
    }
  }

  Engine& e_;
  const ClosePairs& p_;
  std::vector<ClosePair> kept_;
};

// The table's entry.
template <class Device>
void close_pairs(void* device, const ClosePairs& p) {
  auto& e = *static_cast<typename Device::Engine*>(device);
  CloseSearch<Device>(e, p).run();
  e.finish();
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_CLOSE_PAIRS_HPP_
