// What value, gradient and Hessian-vector product share: preparation, blocks of cosines.
#include "point.cuh"

namespace vicinal::cuda {
namespace {

// Cosine rows start at multiples of 64 bytes of floats.
constexpr std::int64_t kPad = 16;

// One thread per proxy: a zero proxy's column becomes 1/2. Zero rows, which only distances notice, likewise: 1/2, and 1
// where both are zero.
template <class Real>
__global__ void zero_proxy_cosines(std::int64_t rows, std::int64_t columns, std::int64_t ld,
                                   const Real* inverse_proxies, Real* s) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= columns || inverse_proxies[c] != Real(0)) return;
  for (std::int64_t i = 0; i < rows; ++i) s[i * ld + c] = Real(0.5);
}
template <class Real>
__global__ void zero_row_cosines(std::int64_t rows, std::int64_t columns, std::int64_t ld, const Real* inverse,
                                 const Real* inverse_proxies, Real* s) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= rows || inverse[i] != Real(0)) return;
  for (std::int64_t c = 0; c < columns; ++c) s[i * ld + c] = inverse_proxies[c] == Real(0) ? Real(1) : Real(0.5);
}

template <class Real>
__global__ void fill_rows(std::int64_t rows, std::int64_t width, const Real* row, Real* out) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < rows * width;
       at += step)
    out[at] = row[at % width];
}

template <class Real>
__global__ void scale_kernel(std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale, const Real* x,
                             Operand<Real> out) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < rows * m * width;
       at += step) {
    const std::int64_t t = at / width;
    out.put(at, scale[t] * x[t / m * width + at % width]);
  }
}

}  // namespace

// A softmax drops a constant per row, so only distances notice a zero row.
ZeroCosines zero_cosines(const vicinal_loss& spec) {
  const bool distance = spec.kind == VICINAL_PROXY_ANCHOR && (spec.flags & VICINAL_EUCLIDEAN) != 0;
  return {distance || spec.kind == VICINAL_PROXY_NCA || spec.kind == VICINAL_PROXY_NCA_PP, distance};
}

template <class Real>
std::int64_t block_rows(const Engine& e, const Point<Real>& point, std::int64_t n, std::int64_t bytes_per_row) {
  std::int64_t most = n;
  if (point.features.streamed()) {
    const std::int64_t row = point.problem.features_width * static_cast<std::int64_t>(sizeof(Real));
    most = kStreamed / row;
    bytes_per_row += 2 * row;
  }
  most = std::max<std::int64_t>(1, std::min(most, e.workspace_bytes / bytes_per_row));
  return n == 0 ? 0 : ceil_div(n, ceil_div(n, most));  // blocks of about one size
}
template std::int64_t block_rows(const Engine&, const Point<float>&, std::int64_t, std::int64_t);
template std::int64_t block_rows(const Engine&, const Point<double>&, std::int64_t, std::int64_t);

template <class Real>
Point<Real> make_point(Memory& memory, const Problem<Real>& problem, const Keep& keep) {
  Engine& e = memory.engine();
  Point<Real> p{};
  const std::int64_t C = problem.classes, d = problem.d, n = problem.n, D = problem.features_width;
  p.centers = problem.spec.centers;
  p.columns = C * p.centers;
  p.ld = ceil_div(p.columns, kPad) * kPad;
  p.order = {C, p.centers};
  p.by_columns = problem.spec.kind == VICINAL_PROXY_ANCHOR && (problem.spec.flags & VICINAL_PER_SAMPLE_AXIS) == 0;
  p.detached = (problem.spec.flags & VICINAL_DETACH_PROXIES) != 0;
  p.late_weights = keep.rows && !p.by_columns && problem.weights != nullptr;

  p.problem = problem;
  p.problem.labels = memory.resident(problem.labels, n);
  p.problem.weights = memory.resident(problem.weights, n);
  p.problem.soft_labels = memory.resident(problem.soft_labels, n * C);
  p.problem.proxies = e.in(problem.proxies, p.columns * d);
  p.problem.embeddings = e.in(problem.embeddings, n * d);
  p.problem.weight = e.in(problem.weight, d * D);
  p.problem.bias = e.in(problem.bias, d);
  // A kept point reads its features once per product: they stay on the device when a good part of it is left over.
  const std::int64_t most = keep.rows ? arena(e.ordinal).room() / 2 : e.workspace_bytes;
  p.features = Features<Real>(e, problem.features, n, D, most);
  if (keep.rows) p.features.round(e, n, most / 2);

  p.unit_proxies = operand<Real>(e, memory, p.columns * d);
  p.inverse_proxies = memory.get<Real>(p.columns);
  if (keep.proxies) {
    p.proxy_gradient = memory.get<Real>(p.columns * d);
    p.proxy_beta = memory.get<Real>(p.columns);
  }
  if (keep.rows) {
    p.unit = operand<Real>(e, memory, n * d);
    p.inverse = memory.get<Real>(n);
    p.gradient = memory.get<Real>(n * d);
    p.beta = memory.get<Real>(n);
    if (keep.cosines) p.cosines = memory.get<Real>(n * p.ld);
  }
  if (problem.spec.kind == VICINAL_PROXY_ANCHOR) {
    // What counts and reductions start from lies together, so that one fill makes it zero.
    double* zeros = memory.get<double>(7 * C + 1);
    e.zero(zeros, 7 * C + 1);
    p.column.sums = zeros;
    p.counts = reinterpret_cast<Real*>(zeros + 4 * C);
    p.column.shift_positive = p.counts + C;
    p.column.shift_negative = p.counts + 2 * C;
    Real* present = p.counts + 3 * C;
    p.column.present = present;
    count_labels(e, n, C, p.problem.labels, p.counts, present);
  }
  if (p.by_columns) {
    p.column.factor_positive = memory.get<Real>(C);
    p.column.factor_negative = memory.get<Real>(C);
    p.column.positive = memory.get<double>(C);
    p.column.negative = memory.get<double>(C);
  }
  return p;
}

template <class Real>
void affine_rows(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, std::int64_t width,
                 Operand<const Real> weight, const Real* bias, Real* out) {
  const std::int64_t D = point.problem.features_width;
  if (bias != nullptr)
    launch(fill_rows<Real>, grid_for(e, rows * width, 256), dim3(256), 0, e.stream, rows, width, bias, out);
  if (weight != nullptr)
    gemm<Real>(e, {false, true, rows, width, D, point.features.rows(e, begin, rows), D, weight, D, out, width,
                   bias != nullptr});
}

template <class Real>
void cosines_of(Engine& e, const Point<Real>& point, std::int64_t rows, Operand<const Real> unit, const Real* inverse,
                Real* s) {
  const std::int64_t d = point.problem.d;
  gemm<Real>(e, {false, true, rows, point.columns, d, unit, d, point.unit_proxies, d, s, point.ld, false});
  const ZeroCosines zero = zero_cosines(point.problem.spec);
  if (!zero.proxies) return;
  const auto blocks = [](std::int64_t n) { return dim3(static_cast<unsigned>(ceil_div(n, 256))); };
  launch(zero_proxy_cosines<Real>, blocks(point.columns), dim3(256), 0, e.stream, rows, point.columns, point.ld,
         point.inverse_proxies, s);
  if (zero.rows)
    launch(zero_row_cosines<Real>, blocks(rows), dim3(256), 0, e.stream, rows, point.columns, point.ld, inverse,
           point.inverse_proxies, s);
}

template <class Real>
LossTile<Real> loss_tile(const Point<Real>& point, std::int64_t begin, std::int64_t rows) {
  const Problem<Real>& p = point.problem;
  LossTile<Real> tile{};
  tile.rows = rows;
  tile.classes = p.classes;
  tile.ld = point.ld;
  tile.directions = 1;
  tile.labels = p.labels + begin;
  tile.weights = p.weights == nullptr || point.late_weights ? nullptr : p.weights + begin;
  tile.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * p.classes;
  tile.repetitions = point.counts;
  tile.mean = 1.0 / static_cast<double>(p.n);
  return tile;
}

template <class Real>
ColumnTile<Real> column_tile(const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                             const Real* st, std::int64_t ld_t) {
  const Problem<Real>& p = point.problem;
  return {rows, p.classes, point.ld, ld_t, p.labels + begin, p.weights == nullptr ? nullptr : p.weights + begin, s, st};
}

template <class Real>
void scale_rows(Engine& e, std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale, const Real* x,
                Operand<Real> out) {
  launch(scale_kernel<Real>, grid_for(e, rows * m * width, 256), dim3(256), 0, e.stream, rows, m, width, scale, x, out);
}

#define VICINAL_INSTANTIATE(Real)                                                                                 \
  template Point<Real> make_point(Memory&, const Problem<Real>&, const Keep&);                                    \
  template void affine_rows(Engine&, const Point<Real>&, std::int64_t, std::int64_t, std::int64_t,                \
                            Operand<const Real>, const Real*, Real*);                                             \
  template void cosines_of(Engine&, const Point<Real>&, std::int64_t, Operand<const Real>, const Real*, Real*);   \
  template LossTile<Real> loss_tile(const Point<Real>&, std::int64_t, std::int64_t);                              \
  template ColumnTile<Real> column_tile(const Point<Real>&, std::int64_t, std::int64_t, const Real*, const Real*, \
                                        std::int64_t);                                                            \
  template void scale_rows(Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, Operand<Real>);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
