// The sample weights of m products: those of the samples, plus a sparse list of changes per direction.
#ifndef VICINAL_CPU_ROW_WEIGHTS_HPP_
#define VICINAL_CPU_ROW_WEIGHTS_HPP_

#include "core/device.h"
#include "device/cpu/engine.hpp"

namespace vicinal::cpu {

template <class Real>
class RowWeights {
 public:
  // weights [n], or null: ones.
  RowWeights(Engine&, const Real* weights, std::int64_t m, const WeightChanges& changes)
      : weights_(weights), m_(m), changes_(changes) {}

  bool changed() const { return changes() > 0; }
  // Columns of a block's weights per direction: 1, or 0 when all weights are 1.
  std::int64_t columns() const { return weights_ != nullptr || changed() ? 1 : 0; }
  // scale [rows, m].
  void fill(Engine&, std::int64_t begin, std::int64_t rows, Real* scale) const {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t q = 0; q < m_; ++q) scale[i * m_ + q] = weights_ == nullptr ? Real(1) : weights_[begin + i];
    for_each_change(begin, rows, [&](std::int64_t q, std::int64_t i, double delta) {
      Real& w = scale[i * m_ + q];
      w = static_cast<Real>(static_cast<double>(w) + delta);
    });
  }
  // sums [m, columns, d] += delta g_i' unit_i for the changes of rows [begin, begin + rows); g [rows, ld] and unit
  // [rows, d] are the block's. A task owns a range of columns.
  void add_changes(Engine& e, std::int64_t begin, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                   std::int64_t d, const Real* g, const Real* unit, Real* sums) const {
    const double work = 2.0 * static_cast<double>(columns * d) * static_cast<double>(changes());
    parallel_ranges(e, columns, work, [&](Range r) {
      for_each_change(begin, rows, [&](std::int64_t q, std::int64_t i, double delta) {
        for (std::int64_t c = r.begin; c < r.end; ++c) {
          const Real factor = static_cast<Real>(delta * static_cast<double>(g[i * ld + c]));
          Real* sum = sums + (q * columns + c) * d;
          for (std::int64_t j = 0; j < d; ++j) sum[j] += factor * unit[i * d + j];
        }
      });
    });
  }

 private:
  std::int64_t changes() const { return changes_.offsets == nullptr ? 0 : changes_.offsets[m_]; }
  // body(direction, row within the block, delta) for the changes of rows [begin, begin + rows), in the order given.
  template <class Body>
  void for_each_change(std::int64_t begin, std::int64_t rows, Body&& body) const {
    if (!changed()) return;
    for (std::int64_t q = 0; q < m_; ++q)
      for (std::int64_t j = changes_.offsets[q]; j < changes_.offsets[q + 1]; ++j)
        if (changes_.ids[j] >= begin && changes_.ids[j] < begin + rows)
          body(q, changes_.ids[j] - begin, changes_.deltas[j]);
  }

  const Real* weights_;
  std::int64_t m_;
  WeightChanges changes_;
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_ROW_WEIGHTS_HPP_
