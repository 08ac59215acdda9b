// The quadratic form of every sample's gradient in a diagonal matrix, as cpu/diagonal.cpp has it:
// sum_ab g_ia^2 inverse_ab x_ib^2.
// Shapes       tiles of rows; inverse [d, D], out [N] in double.
// Threads      squares: one per element; forms: one warp per row.
// Cost         2 N d D flops.
// Determinism  rows are independent; the sum over the embedding in double, in the order of the lanes.
#include "operations.cuh"
#include "reduce.cuh"
#include "squares.cuh"

namespace vicinal::cuda {
namespace {

// gradient is kept of L_i / N.
template <class Real>
__global__ void form_kernel(std::int64_t rows, std::int64_t d, double n, const Real* gradient, const Real* forms,
                            double* out) {
  const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (i >= rows) return;
  const std::int64_t lane = threadIdx.x % kWarp;
  double sum = 0;
  for (std::int64_t a = lane; a < d; a += kWarp) {
    const double g = n * static_cast<double>(gradient[i * d + a]);
    sum += g * g * static_cast<double>(forms[i * d + a]);
  }
  sum = warp_sum(sum);
  if (lane == 0) out[i] = sum;
}

}  // namespace

template <class Real>
void self_influence(Engine& e, const Point<Real>& point, const Real* inverse, double* out) {
  constexpr unsigned kThreads = 128;
  const Problem<Real>& p = point.problem;
  const std::int64_t d = p.d, D = p.features_width;
  const std::int64_t per_row = (D + d) * static_cast<std::int64_t>(sizeof(Real));
  const std::int64_t most = block_rows(e, point, p.n, per_row);
  Real* squares = e.workspace.get<Real>(most * D);
  Real* forms = e.workspace.get<Real>(most * d);  // of the squared features: [rows, d]
  for (std::int64_t begin = 0; begin < p.n; begin += most) {
    const std::int64_t rows = std::min(most, p.n - begin);
    square<Real>(e, rows * D, point.features.rows(e, begin, rows), squares);
    gemm<Real>(e, {false, true, rows, d, D, squares, D, inverse, D, forms, d, false});
    launch(form_kernel<Real>, dim3(static_cast<unsigned>(ceil_div(rows * kWarp, kThreads))), dim3(kThreads), 0,
           e.stream, rows, d, static_cast<double>(p.n), point.gradient + begin * d, forms, out + begin);
    e.poll();
  }
}
template void self_influence(Engine&, const Point<float>&, const float*, double*);
template void self_influence(Engine&, const Point<double>&, const double*, double*);

}  // namespace vicinal::cuda
