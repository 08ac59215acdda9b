// One direction, samples from .. from + rows: their derivatives split by proxy, and with every other label
// (cpu/isa/softmax_table.cpp).
// Cost         2 rows d (D + C) flops, one exp per cosine.
// Determinism  rows are independent.
#include "cpu/direction_blocks.hpp"

namespace vicinal::cpu {

template <class Real>
void sample_tables(Engine& e, const Point<Real>& point, const Tangents<const Real>& direction, Range range,
                   double* by_proxy, double* relabel) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  const std::int64_t C = p.classes, ld = point.ld;
  constexpr double kFlopsPerEntry = 60;  // an exp in double, two divisions
  DirectionBlocks<Real> block(e, point, range, 1, direction, {false, true, 0});
  block.each_block([&] {
    const std::int64_t tasks =
        std::min(block.rows, task_count(e, kFlopsPerEntry * static_cast<double>(block.rows) * static_cast<double>(C)));
    double* scratches = e.workspace.get<double>(tasks * 2 * C);
    parallel(e, tasks, [&](std::int64_t t) {
      const Range r = part(block.rows, tasks, t);
      const std::int64_t begin = block.begin + r.begin, at = (begin - range.begin) * C;
      SoftmaxTable<Real> table{};
      table.rows = r.size();
      table.classes = C;
      table.ld = ld;
      table.labels = p.labels + begin;
      table.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * C;
      table.s = block.cosines + r.begin * ld;
      table.st = block.tangents + r.begin * ld;
      table.by_proxy = by_proxy == nullptr ? nullptr : by_proxy + at;
      table.relabel = relabel == nullptr ? nullptr : relabel + at;
      table.scratch = scratches + t * 2 * C;
      k.softmax_table(p.spec, table);
    });
  });
}
template void sample_tables(Engine&, const Point<float>&, const Tangents<const float>&, Range, double*, double*);
template void sample_tables(Engine&, const Point<double>&, const Tangents<const double>&, Range, double*, double*);

}  // namespace vicinal::cpu
