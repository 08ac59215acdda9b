// Losses in double after a change of low rank.
// Determinism  rows are independent.
#include "device/cpu/loss_change.hpp"

#include <cmath>

#include "device/cpu/losses.hpp"
#include "device/cpu/rows.hpp"

namespace vicinal::cpu {
namespace {

constexpr std::int64_t kRows = 16;       // in double at a time of a task, at most: they stay in the cache
constexpr double kFlopsPerCosine = 100;  // of a loss in double

// How many tasks hold how many rows in double, so that together they fit the workspace; one row of one task always
// does.
struct Held {
  std::int64_t tasks, rows;
};
Held held(const Engine& e, std::int64_t n, std::int64_t tasks, std::int64_t row, std::int64_t scratch) {
  const std::int64_t room = e.workspace_bytes / static_cast<std::int64_t>(sizeof(double));
  tasks = std::min(tasks, std::max<std::int64_t>(1, room / (row + scratch)));
  const std::int64_t fit = std::max<std::int64_t>(1, (room / tasks - scratch) / row);
  return {tasks, std::min({kRows, fit, (n + tasks - 1) / tasks})};
}

template <class Real>
const double* widened(Engine& e, std::int64_t n, const Real* from) {
  if (from == nullptr) return nullptr;
  double* to = e.workspace.get<double>(n);
  std::copy(from, from + n, to);
  return to;
}

// out [ld] = the cosines of row i; onto_proxies in double. Returns 1 / |u'|.
template <class Real>
double move_row(const Kernels<double>& k, const MovedLosses<Real>& r, const double* onto_proxies, std::int64_t i,
                double* out) {
  const Real* f = r.f + i * r.R;
  const double inverse = static_cast<double>(r.inverse[i]), radius = inverse > 0 ? 1 / inverse : 0;
  double square = radius * radius;
  for (std::int64_t a = 0; a < r.R; ++a) {
    double quadratic = 0;
    for (std::int64_t b = 0; b < r.R; ++b) quadratic += r.gram[a * r.R + b] * static_cast<double>(f[b]);
    square += static_cast<double>(f[a]) * (2 * radius * static_cast<double>(r.onto_z[i * r.R + a]) + quadratic);
  }
  const double moved = square > 0 ? 1 / std::sqrt(square) : 0;
  const double own = radius * moved;  // a zero embedding has no cosines of its own
  for (std::int64_t c = 0; c < r.columns; ++c)
    out[c] = inverse > 0 ? own * static_cast<double>(r.cosines[i * r.ld + c]) : 0.0;
  for (std::int64_t a = 0; a < r.R; ++a)
    k.axpy(r.columns, static_cast<double>(f[a]) * moved, onto_proxies + a * r.columns, out);
  return moved;
}

}  // namespace

template <class Real>
void dot_rows(const Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b,
              double* dots) {
  kernels<Real>(e.isa).dot_rows(n, m, d, a, b, dots);
}

template <class Real>
void moved_losses(Engine& e, const LossSpec& spec, const MovedLosses<Real>& r) {
  const Kernels<double>& k = kernels<double>(e.isa);
  const ZeroCosines zero = zero_cosines(spec);
  const std::int64_t C = r.classes, ld = r.ld, soft = r.soft_labels == nullptr ? 0 : C;
  const Workspace::Mark mark = e.workspace.mark();
  const double* onto_proxies = widened(e, r.R * r.columns, r.onto_proxies);
  const double* repetitions = widened(e, C, r.repetitions);
  const double work = kFlopsPerCosine * static_cast<double>(r.rows) * static_cast<double>(r.columns);
  const std::int64_t row = ld + soft, scratch = has_centers(spec) ? kRowScratch * C : 0;
  const Held most = held(e, r.rows, std::min(r.rows, task_count(e, work)), row, scratch);
  const std::int64_t tasks = most.tasks, own = most.rows * row + scratch;
  double* scratches = e.workspace.get<double>(tasks * own);
  parallel(e, tasks, [&](std::int64_t t) {
    double* cosines = scratches + t * own;
    double* soft_labels = cosines + most.rows * ld;
    const Range range = part(r.rows, tasks, t);
    for (std::int64_t at = range.begin; at < range.end; at += most.rows) {
      const std::int64_t rows = std::min(most.rows, range.end - at);
      double moved[kRows];
      if (r.f == nullptr) {
        std::copy(r.cosines + at * ld, r.cosines + (at + rows) * ld, cosines);
      } else {
        for (std::int64_t i = 0; i < rows; ++i) moved[i] = move_row(k, r, onto_proxies, at + i, cosines + i * ld);
        put_zero_cosines(e, zero, rows, r.columns, ld, moved, r.inverse_proxies, cosines);
      }
      if (soft > 0) std::copy(r.soft_labels + at * C, r.soft_labels + (at + rows) * C, soft_labels);
      LossPart<double> tile{};
      tile.rows = rows;
      tile.classes = C;
      tile.ld = ld;
      tile.directions = 1;
      tile.labels = r.labels + at;
      tile.soft_labels = soft > 0 ? soft_labels : nullptr;
      tile.repetitions = repetitions;
      tile.mean = 1;
      tile.s = cosines;
      tile.g = cosines;
      tile.per_sample = r.out + at;
      tile.scratch = scratch == 0 ? nullptr : soft_labels + most.rows * soft;
      k.loss_rows(spec, tile);
      for (std::int64_t i = at; r.before != nullptr && i < at + rows; ++i) r.out[i] -= r.before[i];
    }
  });
  e.workspace.rewind(mark);
}

#define VICINAL_INSTANTIATE(Real)                                                                                     \
  template void dot_rows(const Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, double*); \
  template void moved_losses(Engine&, const LossSpec&, const MovedLosses<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
