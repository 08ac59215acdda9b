// What value, gradient and Hessian-vector product share: preparation, blocks of cosines, reductions.
// Shapes       rows [n, d], proxies [C K, d] in kernel order (centre-major), cosines [block, ld].
// Determinism  partitions depend on sizes and thread count only; parts are merged in order, scalars in double.
#include "cpu/point.hpp"

#include <cmath>
#include <cstring>

namespace vicinal::cpu {
namespace {

// The cosine that stands for "one of the two vectors is zero": |e^ - p^|^2 = 2 - 2 cos must be 1 for the losses that
// are functions of the distance, so 1/2; 0 for those that are functions of the cosine, which the product gives already.
bool needs_zero_cosine(const vicinal_loss& spec) {
  return spec.kind == VICINAL_PROXY_NCA || spec.kind == VICINAL_PROXY_NCA_PP ||
         (spec.kind == VICINAL_PROXY_ANCHOR && (spec.flags & VICINAL_EUCLIDEAN) != 0);
}

// Rows per partial column sum: floats are summed over at most this many rows before they enter a double.
constexpr std::int64_t kColumnRows = 256;
// exp costs about this many operations per cosine in a row or column kernel (for the decision how to cut the work).
constexpr double kFlopsPerCosine = 40;
// Cosine rows start at multiples of 64 bytes.
constexpr std::int64_t kPad = 16;

// Exponents up to this need no shift: a sum of them stays finite.
template <class Real>
constexpr double safe_exponent() {
  return sizeof(Real) == sizeof(float) ? 80.0 : 700.0;
}

}  // namespace

std::int64_t block_rows(const Engine& e, std::int64_t n, std::int64_t bytes_per_row) {
  return std::min(n, std::max<std::int64_t>(1, e.workspace_bytes / bytes_per_row));
}

template <class Real>
Point<Real> make_point(const Problem<Real>& problem, Memory& memory, const Keep& keep) {
  Point<Real> p{};
  p.problem = problem;
  const std::int64_t C = problem.classes, d = problem.d, n = problem.n;
  p.centers = problem.spec.centers;
  p.columns = C * p.centers;
  p.ld = (p.columns + kPad - 1) / kPad * kPad;
  p.by_columns = problem.spec.kind == VICINAL_PROXY_ANCHOR && (problem.spec.flags & VICINAL_PER_SAMPLE_AXIS) == 0;
  p.detached = (problem.spec.flags & VICINAL_DETACH_PROXIES) != 0;
  p.late_weights = keep.rows && !p.by_columns && problem.weights != nullptr;

  p.unit_proxies = memory.get<Real>(p.columns * d);
  p.inverse_proxies = memory.get<Real>(p.columns);

  if (keep.proxies) {
    p.proxy_gradient = memory.get<Real>(p.columns * d);
    p.proxy_beta = memory.get<Real>(p.columns);
  }
  if (keep.rows) {
    p.unit = memory.get<Real>(n * d);
    p.inverse = memory.get<Real>(n);
    p.gradient = memory.get<Real>(n * d);
    p.beta = memory.get<Real>(n);
    if (keep.cosines) p.cosines = memory.get<Real>(n * p.ld);
  }
  if (problem.spec.kind == VICINAL_PROXY_ANCHOR) {
    p.repetitions = memory.get<Real>(C);
    for (std::int64_t c = 0; c < C; ++c) p.repetitions[c] = 0;
    for (std::int64_t i = 0; i < n; ++i) p.repetitions[problem.labels[i]] += Real(1);
    for (std::int64_t c = 0; c < C; ++c) p.present += p.repetitions[c] > 0 ? 1 : 0;
  }
  if (p.by_columns) {
    for (Real** a :
         {&p.column.shift_positive, &p.column.shift_negative, &p.column.factor_positive, &p.column.factor_negative}) {
      *a = memory.get<Real>(C);
      for (std::int64_t c = 0; c < C; ++c) (*a)[c] = 0;
    }
    for (double** a : {&p.column.positive, &p.column.negative}) {
      *a = memory.get<double>(C);
      for (std::int64_t c = 0; c < C; ++c) (*a)[c] = 0;
    }
  }
  return p;
}

template <class Real>
void affine_rows(const Engine& e, const Problem<Real>& p, std::int64_t begin, std::int64_t rows, std::int64_t width,
                 const Real* weight, const Real* bias, Real* out) {
  const std::int64_t d = width, D = p.features_width;
  if (bias != nullptr) {
    parallel_ranges(e, rows, static_cast<double>(rows) * static_cast<double>(d), [&](Range r) {
      for (std::int64_t i = r.begin; i < r.end; ++i)
        std::memcpy(out + i * d, bias, static_cast<std::size_t>(d) * sizeof(Real));
    });
  }
  if (weight != nullptr)
    gemm<Real>(e, {false, true, rows, d, D, p.features + begin * D, D, weight, D, out, d, bias != nullptr});
}

template <class Real>
const Real* embeddings_of(const Engine& e, const Problem<Real>& p, std::int64_t begin, std::int64_t rows,
                          Real* buffer) {
  if (p.embeddings != nullptr) return p.embeddings + begin * p.d;
  affine_rows(e, p, begin, rows, p.d, p.weight, p.bias, buffer);
  return buffer;
}

template <class Real>
void cosines_of(const Engine& e, const Point<Real>& point, std::int64_t rows, const Real* unit, const Real* inverse,
                Real* s) {
  const std::int64_t d = point.problem.d;
  gemm<Real>(e, {false, true, rows, point.columns, d, unit, d, point.unit_proxies, d, s, point.ld, false});
  put_zero_cosines(point, rows, inverse, s);
}

template <class Real, class Cosine>
void put_zero_cosines(const Point<Real>& point, std::int64_t rows, const Cosine* inverse, Cosine* s) {
  if (!needs_zero_cosine(point.problem.spec)) return;
  const bool distance = point.problem.spec.kind == VICINAL_PROXY_ANCHOR;
  for (std::int64_t i = 0; i < rows; ++i) {
    // The softmax losses drop a constant per row, so only zero proxies matter to them.
    const bool zero_row = distance && inverse[i] == Cosine(0);
    if (!zero_row && point.zero_proxies == 0) continue;
    for (std::int64_t c = 0; c < point.columns; ++c) {
      const bool zero_proxy = point.inverse_proxies[c] == Real(0);
      if (zero_proxy || zero_row) s[i * point.ld + c] = zero_proxy && zero_row ? Cosine(1) : Cosine(0.5);
    }
  }
}

template <class Real>
void normalize_proxies(const Engine& e, Point<Real>& point) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  parallel_ranges(e, point.columns, 8.0 * static_cast<double>(point.columns) * static_cast<double>(point.problem.d),
                  [&](Range r) { normalize_proxies(k, point, r); });
  count_zero_proxies(point);
}

template <class Real>
void normalize_proxies(const Kernels<Real>& k, Point<Real>& point, Range r) {
  const std::int64_t d = point.problem.d;
  for_each_proxy(point, r, [&](std::int64_t row, std::int64_t source, std::int64_t count) {
    k.normalize_rows(count, d, point.problem.proxies + source * d, point.unit_proxies + row * d,
                     point.inverse_proxies + row);
  });
}

template <class Real>
void count_zero_proxies(Point<Real>& point) {
  point.zero_proxies = 0;
  for (std::int64_t c = 0; c < point.columns; ++c) point.zero_proxies += point.inverse_proxies[c] == Real(0) ? 1 : 0;
}

template <class Real>
LossTile<Real> loss_tile(const Point<Real>& point, std::int64_t begin, std::int64_t rows) {
  const Problem<Real>& p = point.problem;
  LossTile<Real> tile{};
  tile.rows = rows;
  tile.classes = p.classes;
  tile.ld = point.ld;
  tile.labels = p.labels + begin;
  tile.weights = p.weights == nullptr || point.late_weights ? nullptr : p.weights + begin;
  tile.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * p.classes;
  tile.repetitions = point.repetitions;
  tile.mean = 1.0 / static_cast<double>(p.n);
  return tile;
}

template <class Real>
double apply_rows(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                  const Real* st, std::int64_t m, Real* g, Real* gt, Real* per_sample, std::int64_t* empty) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t ld = point.ld, scratch = kRowScratch * point.problem.classes;
  const std::int64_t tasks = std::min(
      rows, task_count(e, kFlopsPerCosine * static_cast<double>(rows * m) * static_cast<double>(point.columns)));
  Real* scratches = point.centers > 1 || point.problem.spec.kind == VICINAL_SOFT_TRIPLE
                        ? e.workspace.get<Real>(tasks * scratch)
                        : nullptr;
  double* losses = e.workspace.get<double>(tasks);
  std::int64_t* empties = e.workspace.get<std::int64_t>(tasks);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(rows, tasks, t);
    LossTile<Real> tile = loss_tile(point, begin + r.begin, r.size());
    tile.directions = m;
    tile.s = s + r.begin * ld;
    tile.st = st == nullptr ? nullptr : st + r.begin * m * ld;
    tile.g = g + r.begin * ld;
    tile.gt = gt == nullptr ? nullptr : gt + r.begin * m * ld;
    tile.per_sample = per_sample == nullptr ? nullptr : per_sample + r.begin;
    tile.scratch = scratches == nullptr ? nullptr : scratches + t * scratch;
    k.loss_rows(point.problem.spec, tile);
    losses[t] = tile.loss;
    empties[t] = tile.empty;
  });
  double loss = 0;
  for (std::int64_t t = 0; t < tasks; ++t) {
    loss += losses[t];
    if (empty != nullptr) *empty += empties[t];
  }
  return loss;
}

namespace {
// The rows r of a block that begins at `begin`, for the column kernels.
template <class Real>
ColumnTile<Real> column_tile(const Point<Real>& point, std::int64_t begin, Range r, const Real* s, const Real* st,
                             std::int64_t ld_t) {
  const Problem<Real>& p = point.problem;
  ColumnTile<Real> tile{};
  tile.rows = r.size();
  tile.classes = p.classes;
  tile.ld = point.ld;
  tile.ld_t = ld_t;
  tile.labels = p.labels + begin + r.begin;
  tile.weights = p.weights == nullptr ? nullptr : p.weights + begin + r.begin;
  tile.s = s + r.begin * point.ld;
  tile.st = st == nullptr ? nullptr : st + r.begin * ld_t;
  tile.shift_positive = point.column.shift_positive;
  tile.shift_negative = point.column.shift_negative;
  return tile;
}
}  // namespace

template <class Real>
void absorb_columns(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                    const Real* st, std::int64_t ld_t, const ColumnSums<Real>& sums) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  const std::int64_t C = p.classes;
  const double flops = kFlopsPerCosine * static_cast<double>(rows) * static_cast<double>(C);
  const std::int64_t tasks = std::min(rows, std::max(task_count(e, flops), (rows + kColumnRows - 1) / kColumnRows));
  Real* parts = e.workspace.get<Real>(tasks * 4 * C);
  parallel(e, tasks, [&](std::int64_t t) {
    const Range r = part(rows, tasks, t);
    Real* mine = parts + t * 4 * C;
    for (std::int64_t j = 0; j < 4 * C; ++j) mine[j] = 0;
    ColumnTile<Real> tile = column_tile(point, begin, r, s, st, ld_t);
    tile.positive = mine;
    tile.negative = mine + C;
    tile.positive_t = mine + 2 * C;
    tile.negative_t = mine + 3 * C;
    k.absorb_columns(p.spec, tile);
  });
  for (std::int64_t t = 0; t < tasks; ++t) {
    const Real* mine = parts + t * 4 * C;
    for (std::int64_t c = 0; c < C; ++c) {
      sums.positive[c] += static_cast<double>(mine[c]);
      sums.negative[c] += static_cast<double>(mine[C + c]);
    }
    if (st == nullptr) continue;
    for (std::int64_t c = 0; c < C; ++c) {
      sums.positive_t[c] += static_cast<double>(mine[2 * C + c]);
      sums.negative_t[c] += static_cast<double>(mine[3 * C + c]);
    }
  }
}

template <class Real>
bool needs_shift(const Point<Real>& point) {
  const Problem<Real>& p = point.problem;
  double weight = 1;
  for (std::int64_t i = 0; p.weights != nullptr && i < p.n; ++i)
    weight = std::max(weight, static_cast<double>(p.weights[i]));
  const double reach = (p.spec.flags & VICINAL_EUCLIDEAN) != 0 ? 2.0 : 1.0;
  const double largest = std::fabs(p.spec.scale) * (reach + 1e-3 + std::fabs(p.spec.margin));
  return largest + std::log(weight * static_cast<double>(p.n)) > safe_exponent<Real>();
}

template <class Real>
void raise_columns(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  // In the calling thread: only exponents that could overflow (a large alpha) need this pass, and it has no exp.
  ColumnTile<Real> tile{};
  tile.classes = p.classes;
  tile.ld = point.ld;
  tile.positive = point.column.shift_positive;
  tile.negative = point.column.shift_negative;
  for (std::int64_t i = 0; i < rows; i += kColumnRows) {
    e.poll();
    tile.rows = std::min(kColumnRows, rows - i);
    tile.labels = p.labels + begin + i;
    tile.weights = p.weights == nullptr ? nullptr : p.weights + begin + i;
    tile.s = s + i * point.ld;
    k.raise_columns(p.spec, tile);
  }
}

template <class Real>
void apply_columns(const Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                   const Real* st, std::int64_t ld_t, const Real* factor_positive_t, const Real* factor_negative_t,
                   Real* g, Real* gt) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  parallel_ranges(e, rows, kFlopsPerCosine * static_cast<double>(rows) * static_cast<double>(p.classes), [&](Range r) {
    ColumnTile<Real> tile = column_tile(point, begin, r, s, st, ld_t);
    tile.factor_positive = point.column.factor_positive;
    tile.factor_negative = point.column.factor_negative;
    tile.factor_positive_t = factor_positive_t;
    tile.factor_negative_t = factor_negative_t;
    tile.g = g + r.begin * point.ld;
    tile.gt = gt == nullptr ? nullptr : gt + r.begin * ld_t;
    k.apply_columns(p.spec, tile);
  });
}

template <class Real>
void score_columns(const Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                   const Real* st, std::int64_t ld_t, const Real* factor_positive_t, const Real* factor_negative_t,
                   double* scores) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const Problem<Real>& p = point.problem;
  parallel_ranges(e, rows, kFlopsPerCosine * static_cast<double>(rows) * static_cast<double>(p.classes), [&](Range r) {
    ColumnTile<Real> tile = column_tile(point, begin, r, s, st, ld_t);
    tile.factor_positive = point.column.factor_positive;
    tile.factor_negative = point.column.factor_negative;
    tile.factor_positive_t = factor_positive_t;
    tile.factor_negative_t = factor_negative_t;
    tile.scores = scores + r.begin;
    k.score_columns(p.spec, tile);
  });
}

template <class Real>
void proxy_tangents(const Engine& e, const Point<Real>& point, const Real* direction, Real* alpha, Real* unit_t) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t d = point.problem.d;
  for_each_proxy(e, point, [&](std::int64_t row, std::int64_t source, std::int64_t count) {
    k.tangent_rows(count, 1, d, point.unit_proxies + row * d, point.inverse_proxies + row, direction + source * d,
                   alpha + row, unit_t + row * d);
  });
}

template <class Real>
void column_tangents(const Point<Real>& point, const double* positive_t, const double* negative_t,
                     Real* factor_positive_t, Real* factor_negative_t) {
  const Columns<Real>& column = point.column;
  for (std::int64_t c = 0; c < point.problem.classes; ++c) {
    factor_positive_t[c] =
        static_cast<Real>(-static_cast<double>(column.factor_positive[c]) * positive_t[c] / column.positive[c]);
    factor_negative_t[c] =
        static_cast<Real>(-static_cast<double>(column.factor_negative[c]) * negative_t[c] / column.negative[c]);
  }
}

#define VICINAL_INSTANTIATE(Real)                                                                                      \
  template Point<Real> make_point(const Problem<Real>&, Memory&, const Keep&);                                         \
  template void affine_rows(const Engine&, const Problem<Real>&, std::int64_t, std::int64_t, std::int64_t,             \
                            const Real*, const Real*, Real*);                                                          \
  template const Real* embeddings_of(const Engine&, const Problem<Real>&, std::int64_t, std::int64_t, Real*);          \
  template void cosines_of(const Engine&, const Point<Real>&, std::int64_t, const Real*, const Real*, Real*);          \
  template void put_zero_cosines(const Point<Real>&, std::int64_t, const Real*, Real*);                                \
  template void normalize_proxies(const Engine&, Point<Real>&);                                                        \
  template void normalize_proxies(const Kernels<Real>&, Point<Real>&, Range);                                          \
  template void count_zero_proxies(Point<Real>&);                                                                      \
  template LossTile<Real> loss_tile(const Point<Real>&, std::int64_t, std::int64_t);                                   \
  template double apply_rows(Engine&, const Point<Real>&, std::int64_t, std::int64_t, const Real*, const Real*,        \
                             std::int64_t, Real*, Real*, Real*, std::int64_t*);                                        \
  template void absorb_columns(Engine&, const Point<Real>&, std::int64_t, std::int64_t, const Real*, const Real*,      \
                               std::int64_t, const ColumnSums<Real>&);                                                 \
  template void score_columns(const Engine&, const Point<Real>&, std::int64_t, std::int64_t, const Real*, const Real*, \
                              std::int64_t, const Real*, const Real*, double*);                                        \
  template void proxy_tangents(const Engine&, const Point<Real>&, const Real*, Real*, Real*);                          \
  template void column_tangents(const Point<Real>&, const double*, const double*, Real*, Real*);                       \
  template bool needs_shift(const Point<Real>&);                                                                       \
  template void raise_columns(Engine&, const Point<Real>&, std::int64_t, std::int64_t, const Real*);                   \
  template void apply_columns(const Engine&, const Point<Real>&, std::int64_t, std::int64_t, const Real*, const Real*, \
                              std::int64_t, const Real*, const Real*, Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE
template void put_zero_cosines(const Point<float>&, std::int64_t, const double*, double*);

}  // namespace vicinal::cpu
