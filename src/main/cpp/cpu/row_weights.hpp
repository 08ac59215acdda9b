// The sample weights of m products: the point's late weights, plus a sparse list of changes per direction.
#ifndef VICINAL_CPU_ROW_WEIGHTS_HPP_
#define VICINAL_CPU_ROW_WEIGHTS_HPP_

#include "cpu/point.hpp"

namespace vicinal::cpu {

template <class Real>
class RowWeights {
 public:
  RowWeights(const Point<Real>& point, std::int64_t m, const WeightChanges& changes)
      : weights_(point.late_weights ? point.problem.weights : nullptr), m_(m), changes_(changes) {}

  std::int64_t changes() const { return changes_.offsets == nullptr ? 0 : changes_.offsets[m_]; }
  bool changed() const { return changes() > 0; }
  // Columns of a block's weights per direction: 1, or 0 when all weights are 1.
  std::int64_t columns() const { return weights_ != nullptr || changed() ? 1 : 0; }

  // Memory for the weights of a block of rows, null when all are 1.
  Real* buffer(Engine& e, std::int64_t rows) const {
    return columns() == 0 ? nullptr : e.workspace.get<Real>(rows * m_);
  }
  // scale [rows, m].
  void fill(std::int64_t begin, std::int64_t rows, Real* scale) const {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t q = 0; q < m_; ++q) scale[i * m_ + q] = weights_ == nullptr ? Real(1) : weights_[begin + i];
    for_each_change(begin, rows, [&](std::int64_t q, std::int64_t i, double delta) {
      Real& w = scale[i * m_ + q];
      w = static_cast<Real>(static_cast<double>(w) + delta);
    });
  }
  // body(direction, row within the block, delta) for the changes of rows [begin, begin + rows), in the order given.
  template <class Body>
  void for_each_change(std::int64_t begin, std::int64_t rows, Body&& body) const {
    if (!changed()) return;
    for (std::int64_t q = 0; q < m_; ++q)
      for (std::int64_t j = changes_.offsets[q]; j < changes_.offsets[q + 1]; ++j)
        if (changes_.ids[j] >= begin && changes_.ids[j] < begin + rows)
          body(q, changes_.ids[j] - begin, changes_.deltas[j]);
  }

 private:
  const Real* weights_;
  std::int64_t m_;
  WeightChanges changes_;
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_ROW_WEIGHTS_HPP_
