// Row kernels of the normalisation and its derivatives, one warp per row.
// Cost         memory-bound: two passes over a row, the second from the first-level cache.
// Determinism  a row's sum is taken in the order of its lanes.
#include "rows.cuh"

#include "column_sums.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

constexpr unsigned kRowsPerBlock = 4;

// Smallest norm that is not treated as zero: its reciprocal is still finite.
template <class Real>
__device__ double smallest_norm() {
  return sizeof(Real) == sizeof(float) ? 1.1754943508222875e-38 : 2.2250738585072014e-308;
}

struct Lane {
  std::int64_t row;
  int lane;
};
__device__ __forceinline__ Lane lane_of() {
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  return {thread / kWarp, static_cast<int>(threadIdx.x % kWarp)};
}
void over_rows(std::int64_t n, dim3& grid, dim3& block) {
  grid = dim3(static_cast<unsigned>(ceil_div(n, kRowsPerBlock)));
  block = dim3(kRowsPerBlock * kWarp);
}

// Squares in double: those of floats can neither overflow nor vanish; doubles are rescaled when they might.
template <class Real>
__device__ double row_norm(std::int64_t d, const Real* x, int lane) {
  double sum = 0;
  for (std::int64_t j = lane; j < d; j += kWarp) sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  sum = warp_sum(sum);
  if (sizeof(Real) == sizeof(float) || (sum > 1e-280 && sum < 1e280)) return sqrt(sum);
  double top = 0;
  for (std::int64_t j = lane; j < d; j += kWarp) {
    const double a = fabs(static_cast<double>(x[j]));
    top = a > top || a != a ? a : top;
  }
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const double other = __shfl_xor_sync(kFullWarp, top, step);
    top = other > top || other != other ? other : top;
  }
  if (!(top > 0) || top > 1.7976931348623157e308) return top;  // 0, NaN or infinity
  sum = 0;
  for (std::int64_t j = lane; j < d; j += kWarp) {
    const double a = static_cast<double>(x[j]) / top;
    sum += a * a;
  }
  return top * sqrt(warp_sum(sum));
}

template <class Real>
__global__ void normalize_kernel(std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm,
                                 RowOrder order) {
  const Lane at = lane_of();
  if (at.row >= n) return;
  const Real* xi = x + order.caller(at.row) * d;
  Real* ui = unit + at.row * d;
  const double r = row_norm(d, xi, at.lane);
  const bool zero = r < smallest_norm<Real>();
  const double inverse = zero ? 0 : 1 / r;
  if (inverse_norm != nullptr && at.lane == 0) inverse_norm[at.row] = static_cast<Real>(inverse);
  const Real factor = static_cast<Real>(inverse);
  // Outside this range the reciprocal has lost digits.
  const bool safe =
      sizeof(Real) == sizeof(float) ? inverse >= 1e-37 && inverse <= 1e37 : inverse >= 1e-307 && inverse <= 1e307;
  for (std::int64_t j = at.lane; j < d; j += kWarp)
    ui[j] = zero ? Real(0) : safe ? xi[j] * factor : static_cast<Real>(static_cast<double>(xi[j]) / r);
}

template <class Real>
__device__ Real row_dot(std::int64_t d, const Real* a, const Real* b, int lane) {
  Real sum = 0;
  for (std::int64_t j = lane; j < d; j += kWarp) sum += a[j] * b[j];
  return warp_sum(sum);
}

template <class Real>
__global__ void project_kernel(std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm,
                               const Real* q, Real* beta, Real* out, Real* also, RowOrder order) {
  const Lane at = lane_of();
  if (at.row >= n) return;
  const Real* z = unit + at.row * d;
  const Real* qi = q + at.row * d;
  const Real along = row_dot(d, z, qi, at.lane), inverse = inverse_norm[at.row];
  if (beta != nullptr && at.lane == 0) beta[at.row] = along;
  Real* oi = out == nullptr ? nullptr : out + at.row * d;
  Real* ci = also == nullptr ? nullptr : also + order.caller(at.row) * d;
  for (std::int64_t j = at.lane; j < d; j += kWarp) {
    const Real value = (qi[j] - along * z[j]) * inverse;
    if (oi != nullptr) oi[j] = value;
    if (ci != nullptr) ci[j] = value;
  }
}

template <class Real>
__global__ void tangent_kernel(std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                               const Real* inverse_norm, const Real* v, Real* alpha, Real* out, RowOrder order) {
  const Lane at = lane_of();
  if (at.row >= n * m) return;
  const std::int64_t i = at.row / m;
  const Real* z = unit + i * d;
  const Real* vi = v + order.caller(at.row) * d;
  Real* oi = out + at.row * d;
  const Real along = row_dot(d, z, vi, at.lane), inverse = inverse_norm[i];
  if (at.lane == 0) alpha[at.row] = along;
  for (std::int64_t j = at.lane; j < d; j += kWarp) oi[j] = (vi[j] - along * z[j]) * inverse;
}

template <class Real>
__global__ void project_tangent_kernel(std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                                       const Real* inverse_norm, const Real* qt, const Real* g, const Real* beta,
                                       const Real* zt, const Real* alpha, const Real* scale, Real* out,
                                       RowOrder order) {
  const Lane at = lane_of();
  if (at.row >= n * m) return;
  const std::int64_t i = at.row / m;
  const Real* z = unit + i * d;
  const Real* qi = qt + at.row * d;
  Real* oi = out + order.caller(at.row) * d;
  const Real factor = scale == nullptr ? Real(1) : scale[at.row];
  const Real inverse = inverse_norm[i] * factor;
  const Real along = row_dot(d, z, qi, at.lane);
  if (zt == nullptr) {
    for (std::int64_t j = at.lane; j < d; j += kWarp) oi[j] = (qi[j] - along * z[j]) * inverse;
    return;
  }
  const Real* gi = g + i * d;
  const Real* zi = zt + at.row * d;
  const Real radial = row_dot(d, gi, zi, at.lane);
  const Real on_z = along * inverse + radial * factor;
  const Real on_g = alpha[at.row] * inverse;
  const Real on_zt = beta[i] * inverse;
  for (std::int64_t j = at.lane; j < d; j += kWarp)
    oi[j] = qi[j] * inverse - on_z * z[j] - on_g * gi[j] - on_zt * zi[j];
}

template <class Real>
__global__ void dot_kernel(std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b, double* dots) {
  const Lane at = lane_of();
  if (at.row >= n * m) return;
  const Real* ai = a + at.row / m * d;
  const Real* bi = b + at.row * d;
  double sum = 0;
  for (std::int64_t j = at.lane; j < d; j += kWarp) sum += static_cast<double>(ai[j]) * static_cast<double>(bi[j]);
  sum = warp_sum(sum);
  if (at.lane == 0) dots[at.row] = sum;
}

template <class Real>
struct Element {
  const Real* x;
  std::int64_t columns;
  __device__ double operator()(std::int64_t i, std::int64_t c) const { return static_cast<double>(x[i * columns + c]); }
};

template <class Real>
__global__ void to_real_kernel(std::int64_t n, double factor, const double* from, Real* to) {
  each_index(n, [&](std::int64_t i) { to[i] = static_cast<Real>(factor * from[i]); });
}

template <class Real>
__global__ void derivative_kernel(RowDerivatives<Real> r) {
  const std::int64_t t = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (t >= r.rows * r.m) return;
  const std::int64_t i = t / r.m, lane = threadIdx.x % kWarp;
  const auto dot = [&](std::int64_t width, const Real* a, const Real* b) {
    double sum = 0;
    for (std::int64_t j = lane; j < width; j += kWarp) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
    return warp_sum(sum);
  };
  double sum = 0;
  if (r.moved != nullptr) sum += dot(r.d, r.gradient + i * r.d, r.moved + t * r.d);
  if (r.tangents != nullptr) sum += dot(r.columns, r.g + i * r.ld, r.tangents + t * r.ld);
  if (lane == 0) r.out[i * r.row_step + t % r.m * r.direction_step] = r.n * sum;
}

template <class Real>
__global__ void outer_kernel(OuterRows<Real> r) {
  each_index(r.rows * r.m * r.width, [&](std::int64_t at) {
    const std::int64_t t = at / r.width, j = at % r.width;
    const double weight = r.weights == nullptr ? 1.0 : static_cast<double>(r.weights[t * r.step]);
    r.out[t * r.ld + j] = static_cast<Real>(r.derivatives[t * r.step] * weight) * r.x[t / r.m * r.ld + j];
  });
}

// One thread per proxy: a zero proxy's column becomes 1/2. Zero rows, which only distances notice, become 1/2 too, and
// 1 where both are zero.
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
__global__ void fill_kernel(std::int64_t rows, std::int64_t width, const Real* row, Real* out) {
  each_index(rows * width, [&](std::int64_t at) { out[at] = row[at % width]; });
}

template <class Real>
__global__ void scale_kernel(std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale, const Real* x,
                             Real* out) {
  each_index(rows * m * width, [&](std::int64_t at) {
    const std::int64_t t = at / width;
    out[at] = scale[t] * x[t / m * width + at % width];
  });
}

template <class Real>
__global__ void add_kernel(std::int64_t n, const Real* x, Real* y) {
  each_index(n, [&](std::int64_t i) { y[i] += x[i]; });
}

}  // namespace

template <class Real>
void to_real(Engine& e, std::int64_t n, double factor, const double* from, Real* to) {
  over(e, n, to_real_kernel<Real>, n, factor, from, to);
}

template <class Real>
void normalize_rows(Engine& e, std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm,
                    const RowOrder& order) {
  dim3 grid, block;
  over_rows(n, grid, block);
  launch(normalize_kernel<Real>, grid, block, 0, e.stream, n, d, x, unit, inverse_norm, order);
}

template <class Real>
void project_rows(Engine& e, std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm, const Real* q,
                  Real* beta, Real* out, Real* also, const RowOrder& order) {
  dim3 grid, block;
  over_rows(n, grid, block);
  launch(project_kernel<Real>, grid, block, 0, e.stream, n, d, unit, inverse_norm, q, beta, out, also, order);
}

template <class Real>
void tangent_rows(Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit, const Real* inverse_norm,
                  const Real* v, Real* alpha, Real* out, const RowOrder& order) {
  dim3 grid, block;
  over_rows(n * m, grid, block);
  launch(tangent_kernel<Real>, grid, block, 0, e.stream, n, m, d, unit, inverse_norm, v, alpha, out, order);
}

template <class Real>
void project_rows_tangent(Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                          const Real* inverse_norm, const Real* qt, const Real* g, const Real* beta, const Real* zt,
                          const Real* alpha, const Real* scale, Real* out, const RowOrder& order) {
  dim3 grid, block;
  over_rows(n * m, grid, block);
  launch(project_tangent_kernel<Real>, grid, block, 0, e.stream, n, m, d, unit, inverse_norm, qt, g, beta, zt, alpha,
         scale, out, order);
}

template <class Real>
void dot_rows(Engine& e, std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b, double* dots) {
  dim3 grid, block;
  over_rows(n * m, grid, block);
  launch(dot_kernel<Real>, grid, block, 0, e.stream, n, m, d, a, b, dots);
}

template <class Real>
void add_column_sums(Engine& e, std::int64_t n, std::int64_t columns, const Real* x, double* sums) {
  add_column_terms(e, n, columns, Element<Real>{x, columns}, sums);
}

template <class Real>
void row_derivatives(Engine& e, const RowDerivatives<Real>& r) {
  dim3 grid, block;
  over_rows(r.rows * r.m, grid, block);
  launch(derivative_kernel<Real>, grid, block, 0, e.stream, r);
}

template <class Real>
void outer_rows(Engine& e, const OuterRows<Real>& r) {
  over(e, r.rows * r.m * r.width, outer_kernel<Real>, r);
}

template <class Real>
void fill_rows(Engine& e, std::int64_t rows, std::int64_t width, const Real* row, Real* out) {
  over(e, rows * width, fill_kernel<Real>, rows, width, row, out);
}

template <class Real>
void scale_rows(Engine& e, std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale, const Real* x,
                Real* out) {
  over(e, rows * m * width, scale_kernel<Real>, rows, m, width, scale, x, out);
}

template <class Real>
void add(Engine& e, std::int64_t n, const Real* x, Real* y) {
  over(e, n, add_kernel<Real>, n, x, y);
}

template <class Real>
void put_zero_cosines(Engine& e, const ZeroCosines& zero, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                      const Real* inverse, const Real* inverse_proxies, Real* s) {
  const auto blocks = [](std::int64_t n) { return dim3(static_cast<unsigned>(ceil_div(n, 256))); };
  if (zero.proxies)
    launch(zero_proxy_cosines<Real>, blocks(columns), dim3(256), 0, e.stream, rows, columns, ld, inverse_proxies, s);
  if (zero.rows)
    launch(zero_row_cosines<Real>, blocks(rows), dim3(256), 0, e.stream, rows, columns, ld, inverse, inverse_proxies,
           s);
}

#define VICINAL_INSTANTIATE(Real)                                                                                      \
  template void row_derivatives(Engine&, const RowDerivatives<Real>&);                                                 \
  template void outer_rows(Engine&, const OuterRows<Real>&);                                                           \
  template void fill_rows(Engine&, std::int64_t, std::int64_t, const Real*, Real*);                                    \
  template void scale_rows(Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, Real*);        \
  template void add(Engine&, std::int64_t, const Real*, Real*);                                                        \
  template void put_zero_cosines(Engine&, const ZeroCosines&, std::int64_t, std::int64_t, std::int64_t, const Real*,   \
                                 const Real*, Real*);                                                                  \
  template void to_real(Engine&, std::int64_t, double, const double*, Real*);                                          \
  template void normalize_rows(Engine&, std::int64_t, std::int64_t, const Real*, Real*, Real*, const RowOrder&);       \
  template void project_rows(Engine&, std::int64_t, std::int64_t, const Real*, const Real*, const Real*, Real*, Real*, \
                             Real*, const RowOrder&);                                                                  \
  template void tangent_rows(Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, const Real*, \
                             Real*, Real*, const RowOrder&);                                                           \
  template void project_rows_tangent(Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*,      \
                                     const Real*, const Real*, const Real*, const Real*, const Real*, const Real*,     \
                                     Real*, const RowOrder&);                                                          \
  template void dot_rows(Engine&, std::int64_t, std::int64_t, std::int64_t, const Real*, const Real*, double*);        \
  template void add_column_sums(Engine&, std::int64_t, std::int64_t, const Real*, double*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
