// One direction, samples from .. from + rows: their derivatives split by proxy, and with every other label
// (device/cpu/isa/softmax_table.cpp has the formulas).
// Cost         2 rows d (D + C) flops, two or three exps per cosine, in double.
// Determinism  rows are independent.
#ifndef VICINAL_ALGORITHM_TABLES_HPP_
#define VICINAL_ALGORITHM_TABLES_HPP_

#include "algorithm/direction_blocks.hpp"

namespace vicinal::algorithm {

// Doubles [rows, C], or null.
template <class Device>
void sample_tables(typename Device::Engine& e, const Point<Device>& point,
                   const Tangents<const typename Device::Real>& direction, std::int64_t from, std::int64_t rows,
                   double* by_proxy, double* relabel) {
  const Problem<typename Device::Real>& p = point.problem;
  const std::int64_t C = p.classes;
  DirectionBlocks<Device> block(e, point, from, rows, 1, direction, {false, true, 0});
  block.sweep([&] {
    const std::int64_t at = (block.begin - from) * C;
    SoftmaxTable<typename Device::Real> table{};
    table.rows = block.rows;
    table.classes = C;
    table.ld = point.ld;
    table.labels = p.labels + block.begin;
    table.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + block.begin * C;
    table.s = block.cosines;
    table.st = block.tangents;
    table.by_proxy = by_proxy == nullptr ? nullptr : by_proxy + at;
    table.relabel = relabel == nullptr ? nullptr : relabel + at;
    Device::softmax_table(e, p.spec, table);
  });
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_TABLES_HPP_
