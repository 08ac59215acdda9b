// Column kernels of Proxy-Anchor.
// Threads      reductions: one thread per class and chunk of rows, so that neighbours read neighbouring cosines; the
//              chunks are merged in order. Few cosines make short chunks: a thread's rows come one after the other,
//              each as late as the memory is. Gradients: one thread per class and few rows. Scores: one block per row.
// Determinism  a class's sum runs over a chunk's rows in order, then over chunks in order, in double.
#include "loss_columns.cuh"

#include "math/access.hpp"
#include "math/proxy_anchor.hpp"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

using math::Access;
using math::Constant;
using math::Dual;
using math::value;

constexpr unsigned kThreads = 128;
constexpr std::int64_t kApplyRows = 8;  // of a thread that writes gradients, for one reading of its class's factors

// Rows per chunk. Floats are summed over at most 256 rows before they enter a double, and over fewer where that would
// leave less threads than half of a large GPU holds; its own size is not asked, because results would depend on it.
std::int64_t chunk_rows(std::int64_t rows, std::int64_t classes) {
  std::int64_t chunk = 256;
  while (chunk > 16 && ceil_div(rows, chunk) * classes < 1 << 17) chunk /= 2;
  return chunk;
}

struct Chunk {
  std::int64_t begin, end;
};
__device__ Chunk chunk_of(std::int64_t index, std::int64_t chunk, std::int64_t rows) {
  const std::int64_t end = (index + 1) * chunk;
  return {index * chunk, end < rows ? end : rows};
}

// use(i, s) for the rows of a chunk, in order, s the cosine of class c.
template <class T, class Real, class Use>
__device__ __forceinline__ void each_cosine(const ColumnTile<Real>& tile, const Chunk& rows, std::int64_t c,
                                            Use&& use) {
  for (std::int64_t i = rows.begin; i < rows.end; ++i)
    use(i, Access<T>::load(tile.s + i * tile.ld, tile.st == nullptr ? nullptr : tile.st + i * tile.ld_t, c));
}

// parts [chunks, 2, classes]: the largest positive and negative exponents, 0 or more.
template <class Real, class Loss>
__global__ void raise_kernel(Loss loss, ColumnTile<Real> tile, std::int64_t chunk, Real* parts) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= tile.classes) return;
  for (std::int64_t k = blockIdx.y; k * chunk < tile.rows; k += gridDim.y) {
    Real positive = 0, negative = 0;
    const Chunk rows = chunk_of(k, chunk, tile.rows);
    each_cosine<Real>(tile, rows, c, [&](std::int64_t i, Real s) {
      if (tile.weights != nullptr && tile.weights[i] == Real(0)) return;  // no term, so not the largest one
      if (tile.labels[i] == c) {
        const Real x = loss.positive_exponent(s);
        positive = x > positive ? x : positive;
      } else {
        const Real x = loss.negative_exponent(s);
        negative = x > negative ? x : negative;
      }
    });
    parts[(2 * k) * tile.classes + c] = positive;
    parts[(2 * k + 1) * tile.classes + c] = negative;
  }
}
template <class Real>
__global__ void merge_raised(std::int64_t chunks, std::int64_t classes, const Real* parts, Columns<Real> column) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= classes) return;
  Real positive = column.shift_positive[c], negative = column.shift_negative[c];
  for (std::int64_t k = 0; k < chunks; ++k) {
    const Real p = parts[(2 * k) * classes + c], n = parts[(2 * k + 1) * classes + c];
    positive = p > positive ? p : positive;
    negative = n > negative ? n : negative;
  }
  column.shift_positive[c] = positive;
  column.shift_negative[c] = negative;
}

// parts [chunks, 4, classes]: sums and their tangents.
template <class T, class Real, class Loss>
__global__ void absorb_kernel(Loss loss, ColumnTile<Real> tile, std::int64_t chunk, Columns<Real> column, Real* parts) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t C = tile.classes;
  if (c >= C) return;
  const Real shift_positive = column.shift_positive[c], shift_negative = column.shift_negative[c];
  for (std::int64_t k = blockIdx.y; k * chunk < tile.rows; k += gridDim.y) {
    T positive = Constant<T>::of(Real(0)), negative = positive;
    const Chunk rows = chunk_of(k, chunk, tile.rows);
    each_cosine<T>(tile, rows, c, [&](std::int64_t i, T s) {
      const Real w = tile.weights == nullptr ? Real(1) : tile.weights[i];
      if (w == Real(0)) return;  // its exponents may lie above the shift
      if (tile.labels[i] == c) {
        positive = positive + w * math::exp_of(loss.positive_exponent(s) - shift_positive);
      } else {
        negative = negative + w * math::exp_of(loss.negative_exponent(s) - shift_negative);
      }
    });
    Real* mine = parts + 4 * k * C;
    mine[c] = value(positive);
    mine[C + c] = value(negative);
    mine[2 * C + c] = math::tangent(positive);
    mine[3 * C + c] = math::tangent(negative);
  }
}
template <class Real>
__global__ void merge_absorbed(std::int64_t chunks, std::int64_t width, const Real* parts, double* sums) {
  const std::int64_t j = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (j >= width) return;
  double sum = sums[j];
  for (std::int64_t k = 0; k < chunks; ++k) sum += static_cast<double>(parts[k * width + j]);
  sums[j] = sum;
}

// log(1 + sum) from the shifted sum; *all becomes D.
__device__ double finish_sum(double shift, double plain, double* all) {
  *all = plain + exp(-shift);
  return shift == 0 ? log1p(plain) : shift + log(*all);
}

// One block, so that it adds up the loss too.
template <class Real>
__global__ void finish_kernel(std::int64_t classes, double n, double alpha, bool repeat, const Real* counts,
                              const double* sums, Columns<Real> column, LossTotals* totals) {
  __shared__ BlockSlots<double> slots;
  const double present = static_cast<double>(*column.present), share_negative = 1 / static_cast<double>(classes);
  double loss = 0;
  for (std::int64_t c = threadIdx.x; c < classes; c += blockDim.x) {
    const double count = static_cast<double>(counts[c]);
    // Absent classes have no positive term.
    const double share = repeat ? count / n : count > 0 ? 1 / present : 0;
    loss += share * finish_sum(static_cast<double>(column.shift_positive[c]), sums[c], &column.positive[c]);
    loss += share_negative *
            finish_sum(static_cast<double>(column.shift_negative[c]), sums[classes + c], &column.negative[c]);
    column.factor_positive[c] = static_cast<Real>(-alpha * share / column.positive[c]);
    column.factor_negative[c] = static_cast<Real>(alpha * share_negative / column.negative[c]);
  }
  loss = block_sum(loss, slots);
  if (threadIdx.x == 0 && totals != nullptr) totals->loss += loss;
}

template <class Real>
__global__ void tangent_kernel(std::int64_t classes, Columns<Real> column, const double* sums_t, Real* factors_t) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= classes) return;
  factors_t[c] = static_cast<Real>(-static_cast<double>(column.factor_positive[c]) * sums_t[c] / column.positive[c]);
  factors_t[classes + c] =
      static_cast<Real>(-static_cast<double>(column.factor_negative[c]) * sums_t[classes + c] / column.negative[c]);
}

template <class T, class Real, class Loss>
__global__ void apply_kernel(Loss loss, ColumnTile<Real> tile, Columns<Real> column, const Real* factors_t, Real* g,
                             Real* gt) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x, C = tile.classes;
  if (c >= C) return;
  const T positive = Access<T>::load(column.factor_positive, factors_t, c),
          negative = Access<T>::load(column.factor_negative, factors_t == nullptr ? nullptr : factors_t + C, c);
  const Real shift_positive = column.shift_positive[c], shift_negative = column.shift_negative[c];
  for (std::int64_t k = blockIdx.y; k * kApplyRows < tile.rows; k += gridDim.y) {
    each_cosine<T>(tile, chunk_of(k, kApplyRows, tile.rows), c, [&](std::int64_t i, T s) {
      const Real w = tile.weights == nullptr ? Real(1) : tile.weights[i];
      T out = Constant<T>::of(Real(0));
      if (w != Real(0))
        out = tile.labels[i] == c
                  ? w * math::exp_of(loss.positive_exponent(s) - shift_positive) * loss.measure_slope(s) * positive
                  : w * math::exp_of(loss.negative_exponent(s) - shift_negative) * loss.measure_slope(s) * negative;
      put(g == nullptr ? nullptr : g + i * tile.ld, gt == nullptr ? nullptr : gt + i * tile.ld_t, c, out);
    });
  }
}

// A row of weight 0 may lie above the shift, so the exponential is taken in double.
template <class Real, class Loss>
__global__ void score_kernel(Loss loss, ColumnTile<Real> tile, Columns<Real> column, const Real* factors_t, double n,
                             double* scores) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, C = tile.classes;
  const Real* s = tile.s + i * tile.ld;
  const Real* st = tile.st + i * tile.ld_t;
  const double alpha = static_cast<double>(loss.alpha);
  const auto term = [&](std::int64_t c, Real exponent, Real shift, Real f, Real ft, double sign_alpha) {
    const double e = math::exp_of(static_cast<double>(exponent) - static_cast<double>(shift));
    return e * (static_cast<double>(f * loss.measure_slope(s[c]) * st[c]) + static_cast<double>(ft) / sign_alpha);
  };
  double sum = 0;
  for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x)
    sum += tile.labels[i] == c ? term(c, loss.positive_exponent(s[c]), column.shift_positive[c],
                                      column.factor_positive[c], factors_t[c], -alpha)
                               : term(c, loss.negative_exponent(s[c]), column.shift_negative[c],
                                      column.factor_negative[c], factors_t[C + c], alpha);
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) scores[i] = n * sum;
}

template <class Real>
__global__ void count_kernel(std::int64_t n, std::int64_t classes, const std::int64_t* labels, Real* counts,
                             Real* present) {
  each_index(n, [&](std::int64_t i) {
    if (labels[i] >= 0 && labels[i] < classes && atomicAdd(counts + labels[i], Real(1)) == Real(0))
      atomicAdd(present, Real(1));  // whole numbers: any order
  });
}

dim3 class_grid(std::int64_t classes, std::int64_t chunks) {
  return dim3(static_cast<unsigned>(ceil_div(classes, kThreads)),
              static_cast<unsigned>(std::min<std::int64_t>(chunks, 65535)));
}

}  // namespace

template <class Real>
void raise_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column) {
  const std::int64_t C = tile.classes, chunk = chunk_rows(tile.rows, C), chunks = ceil_div(tile.rows, chunk);
  const Workspace::Mark mark = e.workspace.mark();
  Real* parts = e.workspace.get<Real>(chunks * 2 * C);
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    launch(raise_kernel<Real, std::decay_t<decltype(loss)>>, class_grid(C, chunks), dim3(kThreads), 0, e.stream, loss,
           tile, chunk, parts);
  });
  launch(merge_raised<Real>, class_grid(C, 1), dim3(kThreads), 0, e.stream, chunks, C, parts, column);
  e.workspace.rewind(mark);
}

template <class Real>
void absorb_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                    double* sums) {
  const std::int64_t C = tile.classes, chunk = chunk_rows(tile.rows, C), chunks = ceil_div(tile.rows, chunk);
  const Workspace::Mark mark = e.workspace.mark();
  Real* parts = e.workspace.get<Real>(chunks * 4 * C);
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    using Loss = std::decay_t<decltype(loss)>;
    if (tile.st == nullptr) {
      launch(absorb_kernel<Real, Real, Loss>, class_grid(C, chunks), dim3(kThreads), 0, e.stream, loss, tile, chunk,
             column, parts);
    } else {
      launch(absorb_kernel<Dual<Real>, Real, Loss>, class_grid(C, chunks), dim3(kThreads), 0, e.stream, loss, tile,
             chunk, column, parts);
    }
  });
  launch(merge_absorbed<Real>, class_grid(4 * C, 1), dim3(kThreads), 0, e.stream, chunks, 4 * C, parts, sums);
  e.workspace.rewind(mark);
}

template <class Real>
void finish_columns(Engine& e, const LossSpec& spec, std::int64_t classes, std::int64_t n, const Real* counts,
                    const double* sums, const Columns<Real>& column, LossTotals* totals) {
  const double alpha = spec.euclidean ? -spec.scale : spec.scale;
  launch(finish_kernel<Real>, dim3(1), dim3(512), 0, e.stream, classes, static_cast<double>(n), alpha,
         spec.repeat_labels, counts, sums, column, totals);
}

template <class Real>
void column_tangents(Engine& e, std::int64_t classes, const Columns<Real>& column, const double* sums_t,
                     Real* factors_t) {
  launch(tangent_kernel<Real>, class_grid(classes, 1), dim3(kThreads), 0, e.stream, classes, column, sums_t, factors_t);
}

template <class Real>
void apply_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, Real* g, Real* gt) {
  const dim3 grid = class_grid(tile.classes, ceil_div(tile.rows, kApplyRows)), block(kThreads);
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    using Loss = std::decay_t<decltype(loss)>;
    if (tile.st == nullptr) {
      launch(apply_kernel<Real, Real, Loss>, grid, block, 0, e.stream, loss, tile, column, factors_t, g, gt);
    } else {
      launch(apply_kernel<Dual<Real>, Real, Loss>, grid, block, 0, e.stream, loss, tile, column, factors_t, g, gt);
    }
  });
}

template <class Real>
void score_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Columns<Real>& column,
                   const Real* factors_t, double n, double* scores) {
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    launch(score_kernel<Real, std::decay_t<decltype(loss)>>, dim3(static_cast<unsigned>(tile.rows)),
           dim3(row_threads(tile.classes)), 0, e.stream, loss, tile, column, factors_t, n, scores);
  });
}

template <class Real>
void count_labels(Engine& e, std::int64_t n, std::int64_t classes, const std::int64_t* labels, Real* counts,
                  Real* present) {
  over(e, n, count_kernel<Real>, n, classes, labels, counts, present);
}

#define VICINAL_INSTANTIATE(Real)                                                                                   \
  template void raise_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&);             \
  template void absorb_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&, double*);   \
  template void finish_columns(Engine&, const LossSpec&, std::int64_t, std::int64_t, const Real*, const double*,    \
                               const Columns<Real>&, LossTotals*);                                                  \
  template void column_tangents(Engine&, std::int64_t, const Columns<Real>&, const double*, Real*);                 \
  template void apply_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&, const Real*, \
                              Real*, Real*);                                                                        \
  template void score_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Columns<Real>&, const Real*, \
                              double, double*);                                                                     \
  template void count_labels(Engine&, std::int64_t, std::int64_t, const std::int64_t*, Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
