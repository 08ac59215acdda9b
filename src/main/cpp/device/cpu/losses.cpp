// Loss operations over the engine's threads: how blocks are cut for the kernels, and how their parts are merged.
// Determinism  partitions depend on sizes and thread count only; parts are merged in order, scalars in double.
#include "device/cpu/losses.hpp"

#include <cmath>
#include <vector>

namespace vicinal::cpu {
namespace {

// Rows per partial column sum: floats are summed over at most this many rows before they enter a double.
constexpr std::int64_t kColumnRows = 256;
// exp costs about this many operations per cosine in a row or column kernel (for the decision how to cut the work).
constexpr double kFlopsPerCosine = 40;
constexpr double kFlopsPerLog = 60;    // of a scalar log1p and exp
constexpr double kFlopsPerEntry = 60;  // of a table: an exp in double, two divisions

template <class T>
T* at(T* array, std::int64_t i) {
  return array == nullptr ? nullptr : array + i;
}

// The rows r of a tile.
template <class Real>
ColumnPart<Real> rows_of(const ColumnTile<Real>& tile, const Columns<Real>& column, Range r) {
  ColumnPart<Real> mine{};
  static_cast<ColumnTile<Real>&>(mine) = tile;
  mine.rows = r.size();
  mine.labels = tile.labels + r.begin;
  mine.weights = at(tile.weights, r.begin);
  mine.s = tile.s + r.begin * tile.ld;
  mine.st = at(tile.st, r.begin * tile.ld_t);
  mine.shift_positive = column.shift_positive;
  mine.shift_negative = column.shift_negative;
  mine.factor_positive = column.factor_positive;
  mine.factor_negative = column.factor_negative;
  return mine;
}

template <class Loss>
bool has_centers(const Loss&) {
  return false;
}
template <class Real>
bool has_centers(const math::SoftTriple<Real>&) {
  return true;
}

double column_work(std::int64_t rows, std::int64_t classes) {
  return kFlopsPerCosine * static_cast<double>(rows) * static_cast<double>(classes);
}

// log(1 + sum) from the shifted sum; *all becomes D = exp(-shift) + sum.
double finish_sum(double shift, double sum, double* all) {
  *all = sum + std::exp(-shift);
  return shift == 0 ? std::log1p(sum) : shift + std::log(*all);
}

}  // namespace

bool has_centers(const LossSpec& spec) {
  return math::visit_loss<double>(spec, [](const auto& loss) { return has_centers(loss); });
}

template <class Real>
void loss_rows(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, LossTotals* totals) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t m = tile.directions, ld = tile.ld, rows = tile.rows, scratch = kRowScratch * tile.classes;
  const Workspace::Mark mark = e.workspace.mark();
  const std::int64_t tasks =
      std::min(rows, task_count(e, column_work(rows * m, tile.classes * static_cast<std::int64_t>(spec.centers))));
  Real* scratches = has_centers(spec) ? e.workspace.get<Real>(tasks * scratch) : nullptr;
  double* losses = e.workspace.get<double>(tasks);
  std::int64_t* empties = e.workspace.get<std::int64_t>(tasks);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(rows, tasks, t);
    LossPart<Real> mine{tile, at(scratches, t * scratch), 0, 0};
    mine.rows = r.size();
    mine.labels = tile.labels + r.begin;
    mine.weights = at(tile.weights, r.begin);
    mine.soft_labels = at(tile.soft_labels, r.begin * tile.classes);
    mine.s = tile.s + r.begin * ld;
    mine.st = at(tile.st, r.begin * m * ld);
    mine.g = tile.g + r.begin * ld;
    mine.gt = at(tile.gt, r.begin * m * ld);
    mine.per_sample = at(tile.per_sample, r.begin);
    k.loss_rows(spec, mine);
    losses[t] = mine.loss;
    empties[t] = mine.empty;
  });
  double loss = 0;
  std::int64_t empty = 0;
  for (std::int64_t t = 0; t < tasks; ++t) {
    loss += losses[t];
    empty += empties[t];
  }
  if (totals != nullptr) {
    totals->loss += loss * tile.mean;
    totals->empty += empty;
  }
  e.workspace.rewind(mark);
}

template <class Real>
void raise_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  // In the calling thread: only exponents that could overflow (a large alpha) need this pass, and it has no exp.
  for (std::int64_t i = 0; i < tile.rows; i += kColumnRows) {
    e.poll();
    ColumnPart<Real> mine = rows_of(tile, column, {i, std::min(i + kColumnRows, tile.rows)});
    mine.positive = column.shift_positive;
    mine.negative = column.shift_negative;
    k.raise_columns(spec, mine);
  }
}

template <class Real>
void absorb_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                    double* sums) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t C = tile.classes, rows = tile.rows;
  const std::int64_t tasks =
      std::min(rows, std::max(task_count(e, column_work(rows, C)), (rows + kColumnRows - 1) / kColumnRows));
  const Workspace::Mark mark = e.workspace.mark();
  Real* parts = e.workspace.get<Real>(tasks * 4 * C);
  parallel(e, tasks, [&](std::int64_t t) {
    Real* sum = parts + t * 4 * C;
    std::fill(sum, sum + 4 * C, Real(0));
    ColumnPart<Real> mine = rows_of(tile, column, part(rows, tasks, t));
    mine.positive = sum;
    mine.negative = sum + C;
    mine.positive_t = sum + 2 * C;
    mine.negative_t = sum + 3 * C;
    k.absorb_columns(spec, mine);
  });
  const std::int64_t width = (tile.st == nullptr ? 2 : 4) * C;
  for (std::int64_t t = 0; t < tasks; ++t)
    for (std::int64_t j = 0; j < width; ++j) sums[j] += static_cast<double>(parts[t * 4 * C + j]);
  e.workspace.rewind(mark);
}

template <class Real>
void finish_columns(Engine& e, const LossSpec& spec, std::int64_t classes, std::int64_t n, const Real* counts,
                    const double* sums, const Columns<Real>& column, LossTotals* totals) {
  const double alpha = spec.euclidean ? -spec.scale : spec.scale;
  const bool repeat = spec.repeat_labels;
  const double share_negative = 1 / static_cast<double>(classes), present = static_cast<double>(*column.present);
  const std::int64_t tasks = task_count(e, kFlopsPerLog * 2 * static_cast<double>(classes));
  std::vector<double> losses(static_cast<std::size_t>(tasks), 0.0);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(classes, tasks, t);
    double loss = 0;
    for (std::int64_t c = r.begin; c < r.end; ++c) {
      // Absent classes have no positive term.
      const double count = static_cast<double>(counts[c]);
      const double share = repeat ? count / static_cast<double>(n) : count > 0 ? 1 / present : 0;
      loss += share * finish_sum(static_cast<double>(column.shift_positive[c]), sums[c], &column.positive[c]);
      loss += share_negative *
              finish_sum(static_cast<double>(column.shift_negative[c]), sums[classes + c], &column.negative[c]);
      column.factor_positive[c] = static_cast<Real>(-alpha * share / column.positive[c]);
      column.factor_negative[c] = static_cast<Real>(alpha * share_negative / column.negative[c]);
    }
    losses[static_cast<std::size_t>(t)] = loss;
  });
  for (double loss : losses)
    if (totals != nullptr) totals->loss += loss;
}

template <class Real>
void column_tangents(const Engine&, std::int64_t classes, const Columns<Real>& column, const double* sums_t,
                     Real* factors_t) {
  for (std::int64_t c = 0; c < classes; ++c) {
    factors_t[c] = static_cast<Real>(-static_cast<double>(column.factor_positive[c]) * sums_t[c] / column.positive[c]);
    factors_t[classes + c] =
        static_cast<Real>(-static_cast<double>(column.factor_negative[c]) * sums_t[classes + c] / column.negative[c]);
  }
}

template <class Real>
void apply_columns(const Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, Real* g, Real* gt) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  parallel_ranges(e, tile.rows, column_work(tile.rows, tile.classes), [&](Range r) {
    ColumnPart<Real> mine = rows_of(tile, column, r);
    mine.factor_positive_t = factors_t;
    mine.factor_negative_t = at(factors_t, tile.classes);
    mine.g = g + r.begin * tile.ld;
    mine.gt = at(gt, r.begin * tile.ld_t);
    k.apply_columns(spec, mine);
  });
}

template <class Real>
void score_columns(const Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, double n, double* scores) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  parallel_ranges(e, tile.rows, column_work(tile.rows, tile.classes), [&](Range r) {
    ColumnPart<Real> mine = rows_of(tile, column, r);
    mine.factor_positive_t = factors_t;
    mine.factor_negative_t = factors_t + tile.classes;
    mine.scores = scores + r.begin;
    k.score_columns(spec, mine);
    for (std::int64_t i = r.begin; i < r.end; ++i) scores[i] *= n;
  });
}

template <class Real>
void count_labels(const Engine&, std::int64_t n, std::int64_t classes, const std::int64_t* labels, Real* counts,
                  Real* present) {
  for (std::int64_t i = 0; i < n; ++i) counts[labels[i]] += Real(1);
  for (std::int64_t c = 0; c < classes; ++c) *present += counts[c] > 0 ? Real(1) : Real(0);
}

template <class Real>
void softmax_table(Engine& e, const LossSpec& spec, const SoftmaxTable<Real>& table) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t C = table.classes;
  const std::int64_t tasks =
      std::min(table.rows, task_count(e, kFlopsPerEntry * static_cast<double>(table.rows) * static_cast<double>(C)));
  const Workspace::Mark mark = e.workspace.mark();
  double* scratches = e.workspace.get<double>(tasks * 2 * C);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(table.rows, tasks, t);
    TablePart<Real> mine{table, scratches + t * 2 * C};
    mine.rows = r.size();
    mine.labels = table.labels + r.begin;
    mine.soft_labels = at(table.soft_labels, r.begin * C);
    mine.s = table.s + r.begin * table.ld;
    mine.st = table.st + r.begin * table.ld;
    mine.by_proxy = at(table.by_proxy, r.begin * C);
    mine.relabel = at(table.relabel, r.begin * C);
    k.softmax_table(spec, mine);
  });
  e.workspace.rewind(mark);
}

#define VICINAL_INSTANTIATE(Real)                                                                                 \
  template void loss_rows(Engine&, const LossSpec&, const LossTile<Real>&, LossTotals*);                          \
  template void raise_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&);           \
  template void absorb_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&, double*); \
  template void finish_columns(Engine&, const LossSpec&, std::int64_t, std::int64_t, const Real*, const double*,  \
                               const Columns<Real>&, LossTotals*);                                                \
  template void column_tangents(const Engine&, std::int64_t, const Columns<Real>&, const double*, Real*);         \
  template void apply_columns(const Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&,      \
                              const Real*, Real*, Real*);                                                         \
  template void score_columns(const Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&,      \
                              const Real*, double, double*);                                                      \
  template void count_labels(const Engine&, std::int64_t, std::int64_t, const std::int64_t*, Real*, Real*);       \
  template void softmax_table(Engine&, const LossSpec&, const SoftmaxTable<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
