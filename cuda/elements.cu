// Element-wise kernels: clipping, reciprocals, the lowest, the search for NaN and infinity, rows by their ids;
// device/cpu/isa/elements.cpp has the formulas.
// Threads      a thread steps through the elements by the grid's size; gathering takes one warp per row.
// Cost         memory-bound, one pass.
// Determinism  every element is independent; what is searched for is a minimum.
#include <limits>

#include "operations.cuh"

namespace vicinal::cuda {
namespace {

template <class Real>
__global__ void clip_kernel(std::int64_t n, Real low, Real high, Real* x) {
  each_index(n, [&](std::int64_t i) {
    const Real v = x[i] > high ? high : x[i];  // comparisons with NaN are false: NaN stays
    x[i] = v < low ? low : v;
  });
}

// parts [threads of the grid] = the lowest of each thread's elements.
template <class Real>
__global__ void lowest_kernel(std::int64_t n, const Real* x, double* parts) {
  double low = x[0];
  each_index(n, [&](std::int64_t i) { low = math::lower_of(low, static_cast<double>(x[i])); });
  parts[blockIdx.x * blockDim.x + threadIdx.x] = low;
}

template <class Real>
__global__ void reciprocal_kernel(std::int64_t n, double shift, const Real* x, Real* out) {
  each_index(n, [&](std::int64_t i) { out[i] = static_cast<Real>(1 / (static_cast<double>(x[i]) + shift)); });
}

template <class Real>
__global__ void nonfinite_kernel(std::int64_t n, const Real* x, Search search) {
  each_index(n, [&](std::int64_t i) {
    const Real z = x[i] * Real(0);  // NaN exactly for NaN and infinities
    if (z != z) search.note(i);
  });
}

template <class Real>
__global__ void gather_kernel(std::int64_t available, std::int64_t columns, const Real* values, std::int64_t n,
                              const std::int64_t* ids, Real* out) {
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * blockDim.x / kWarp;
  for (std::int64_t i = thread / kWarp; i < n; i += warps) {
    const std::int64_t id = ids[i];
    const bool inside = id >= 0 && id < available;
    for (std::int64_t j = thread % kWarp; j < columns; j += kWarp)
      out[i * columns + j] = inside ? values[id * columns + j] : Real(0);
  }
}

}  // namespace

template <class Real>
void clip(Engine& e, std::int64_t n, double low, double high, Real* values) {
  over(e, n, clip_kernel<Real>, n, static_cast<Real>(low), static_cast<Real>(high), values);
}

template <class Real>
double lowest(Engine& e, std::int64_t n, const Real* values) {
  constexpr std::int64_t kThreads = 256;
  const dim3 grid = grid_for(e, std::min(n, 64 * kThreads), kThreads);
  const std::int64_t parts = grid.x * kThreads;
  double* lows = e.workspace.get<double>(parts + kThreads);
  launch(lowest_kernel<Real>, grid, dim3(kThreads), 0, e.stream, n, values, lows);
  launch(lowest_kernel<double>, dim3(1), dim3(kThreads), 0, e.stream, parts, lows, lows + parts);
  double last[kThreads], low = std::numeric_limits<double>::infinity();
  e.read(last, lows + parts, kThreads);
  for (double each : last) low = math::lower_of(low, each);
  return low;
}

template <class Real>
void reciprocal(Engine& e, std::int64_t n, double shift, const Real* x, Real* out) {
  over(e, n, reciprocal_kernel<Real>, n, shift, x, out);
}

template <class Real>
std::int64_t find_nonfinite(Engine& e, std::int64_t n, const Real* values) {
  over(e, n, nonfinite_kernel<Real>, n, values, e.search(0));
  e.finish();
  return e.first(0);
}

template <class Real>
void gather_rows(Engine& e, std::int64_t available, std::int64_t columns, const Real* values, std::int64_t n,
                 const std::int64_t* ids, Real* out) {
  launch(gather_kernel<Real>, grid_for(e, n, 8), dim3(8 * kWarp), 0, e.stream, available, columns, values, n, ids, out);
}

#define VICINAL_INSTANTIATE(Real)                                              \
  template void clip(Engine&, std::int64_t, double, double, Real*);            \
  template double lowest(Engine&, std::int64_t, const Real*);                  \
  template void reciprocal(Engine&, std::int64_t, double, const Real*, Real*); \
  template std::int64_t find_nonfinite(Engine&, std::int64_t, const Real*);    \
  template void gather_rows(Engine&, std::int64_t, std::int64_t, const Real*, std::int64_t, const std::int64_t*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
