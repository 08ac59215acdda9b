// Operations of the recursion.
// Threads      the samples of a step follow each other, so a direction's are one thread block's: few directions leave
//              most of the device idle. Bounds: a warp per sample.
// Cost         the steps 4 N d C K, memory-bound in the second-level cache.
// Determinism  sums in the order of threads, lanes and warps.
#include "operations.cuh"

#include <cmath>

#include "loss_row.cuh"

namespace vicinal::cuda {
namespace {

// Samples that a thread block couples one by one; earlier ones of the block through one product.
constexpr std::int64_t kStep = 32;

template <class Real>
__device__ Real warp_dot(std::int64_t d, const Real* a, const Real* b) {
  Real sum = 0;
  for (std::int64_t j = threadIdx.x % kWarp; j < d; j += kWarp) sum += a[j] * b[j];
  return warp_sum(sum);
}

// The block's samples [from, to) of one direction each.
template <class Real>
struct Steps : RecursionSteps<Real> {
  std::int64_t from, to;
  LossTile<Real> tile;  // the block's rows, without outputs
  Real* tangents;       // [m, ld] of the cosines, then of dL/ds
  Real* scratch;        // [m, kScratch classes]
};

template <class Kind, class Real>
__global__ void __launch_bounds__(kMostRowThreads) steps_kernel(Kind kind, Steps<Real> s) {
  __shared__ BlockSlots<Real> slots;
  __shared__ Real parts[kMostRowThreads];
  const std::int64_t q = blockIdx.x, d = s.d, width = s.m * d;
  const std::int64_t warp = threadIdx.x / kWarp, warps = blockDim.x / kWarp;
  Real* tangents = s.tangents + q * s.tile.ld;
  for (std::int64_t k = s.from; k < s.to; ++k) {
    const Real* z = s.unit + k * d;
    Real* y = s.y + k * width + q * d;
    Real* u = s.u + k * width + q * d;
    const Real inverse = s.inverse[k];
    // y_k, then z' = (y - (z.y) z) / r.
    Real along = 0;
    for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x) {
      Real value = y[a];
      for (std::int64_t j = s.from; j < k; ++j) value += s.coupling[k * s.most + j] * s.u[j * width + q * d + a];
      y[a] = value;
      along += z[a] * value;
    }
    const Real alpha = block_sum(along, slots);
    for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x) y[a] = (y[a] - alpha * z[a]) * inverse;
    __syncthreads();
    for (std::int64_t c = warp; c < s.columns; c += warps) {
      const Real dot = warp_dot(d, s.proxies + c * d, y);
      if (threadIdx.x % kWarp == 0) tangents[c] = dot;
    }
    __syncthreads();
    Row<Real> row = row_of(s.tile, k);
    row.st = tangents;
    row.gt = tangents;
    kind.template run<math::Dual<Real>>(s.tile, row, s.scratch + q * Kind::kScratch * s.tile.classes);
    __syncthreads();
    // P^' times the tangent of dL/ds: a thread per component and part of the proxies.
    const std::int64_t wide =
        (d + kWarp - 1) / kWarp * kWarp < blockDim.x ? (d + kWarp - 1) / kWarp * kWarp : blockDim.x;
    const std::int64_t pieces = blockDim.x / wide, piece = threadIdx.x / wide;
    Real on_unit = 0, radial = 0;
    for (std::int64_t base = 0; base < d; base += wide) {
      const std::int64_t a = base + threadIdx.x % wide;
      Real sum = 0;
      if (a < d && piece < pieces)
        for (std::int64_t c = piece; c < s.columns; c += pieces) sum += tangents[c] * s.proxies[c * d + a];
      parts[threadIdx.x] = sum;
      __syncthreads();
      if (a < d && piece == 0) {
        for (std::int64_t p = 1; p < pieces; ++p) sum += parts[p * wide + threadIdx.x];
        u[a] = sum;
        on_unit += z[a] * sum;
        radial += s.n * s.gradient[k * d + a] * y[a];
      }
      __syncthreads();
    }
    on_unit = block_sum(on_unit, slots);
    radial = block_sum(radial, slots);
    const Real on_z = on_unit * inverse + radial, on_g = alpha * inverse * s.n, on_y = s.n * s.beta[k] * inverse;
    for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x)
      u[a] = u[a] * inverse - on_z * z[a] - on_g * s.gradient[k * d + a] - on_y * y[a];
    __syncthreads();
  }
}

// y = c y + f hx, [rows, width]; factors: c [rows], then f [rows]. hx null: no second term.
template <class Real>
__global__ void combine_kernel(std::int64_t rows, std::int64_t width, const double* factors, const Real* hx, Real* y) {
  each_index(rows * width, [&](std::int64_t at) {
    const std::int64_t k = at / width;
    const Real own = static_cast<Real>(factors[k]) * y[at];
    y[at] = hx == nullptr ? own : own + static_cast<Real>(factors[rows + k]) * hx[at];
  });
}

template <class Real>
__global__ void couple_kernel(std::int64_t most, const double* powers, Real* coupling) {
  const std::int64_t k = blockIdx.x;
  for (std::int64_t j = threadIdx.x; j < k; j += blockDim.x)
    coupling[k * most + j] *= static_cast<Real>(powers[k - 1 - j]);
}

template <class Real>
__device__ double warp_square(std::int64_t n, const Real* x) {
  double sum = 0;
  for (std::int64_t j = threadIdx.x % kWarp; j < n; j += kWarp)
    sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  return warp_sum(sum);
}
template <class Real>
__global__ void norm_kernel(StepNorms<Real> s) {
  const std::int64_t k = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (k >= s.rows) return;
  double mass = 1, spread = 1;
  if (s.soft_labels == nullptr) {
    const std::int64_t y = (s.labels[k] < 0 || s.labels[k] >= s.classes ? 0 : s.labels[k]);
    const double rest = -4 * s.n * static_cast<double>(s.g[k * s.ld + y]) / s.tau;
    spread = rest < 1.0 ? rest : 1.0;
  } else {
    mass = 0;
    for (std::int64_t c = threadIdx.x % kWarp; c < s.classes; c += kWarp)
      mass += static_cast<double>(s.soft_labels[k * s.classes + c]);
    mass = warp_sum(mass);
  }
  const double inverse = static_cast<double>(s.inverse[k]);
  const double mixed = s.n * sqrt(warp_square(s.d, s.gradient + k * s.d)) * inverse;
  const double tangential = s.n * static_cast<double>(s.beta[k]) * inverse * inverse;
  const double x = warp_square(s.features_width, s.features + k * s.features_width) / s.scale;
  const double most = mass * s.tau * s.tau * spread * inverse * inverse + mixed + (tangential < 0 ? -tangential : 0);
  const double least = -mixed - (tangential > 0 ? tangential : 0);
  const double low = s.decay - least * x, high = most * x - s.decay;
  if (threadIdx.x % kWarp == 0) s.norm[k] = low > high ? low : high;
}

}  // namespace

template <class Real>
void step_norms(Engine& e, const StepNorms<Real>& s) {
  launch(norm_kernel<Real>, dim3(static_cast<unsigned>(ceil_div(s.rows, 4))), dim3(4 * kWarp), 0, e.stream, s);
}

template <class Real>
void combine_rows(Engine& e, std::int64_t rows, std::int64_t width, const double* factors, const Real* hx, Real* y) {
  over(e, rows * width, combine_kernel<Real>, rows, width, factors, hx, y);
}

template <class Real>
void couple_rows(Engine& e, std::int64_t rows, std::int64_t most, const double* powers, Real* coupling) {
  launch(couple_kernel<Real>, dim3(static_cast<unsigned>(rows)), dim3(64), 0, e.stream, most, powers, coupling);
}

template <class Real>
void recursion_steps(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, const RecursionSteps<Real>& r) {
  const std::int64_t width = r.m * r.d;
  const Workspace::Mark mark = e.workspace.mark();
  Steps<Real> s{};
  static_cast<RecursionSteps<Real>&>(s) = r;
  s.tile = tile;
  s.tangents = e.workspace.get<Real>(r.m * tile.ld);
  with_row<Real>(spec, tile.soft_labels != nullptr, [&](auto kind) {
    using Kind = decltype(kind);
    s.scratch = e.workspace.get<Real>(r.m * std::max(1, Kind::kScratch) * tile.classes);
    for (s.from = 0; s.from < r.rows; s.from += kStep) {
      s.to = std::min(r.rows, s.from + kStep);
      if (s.from > 0)
        gemm<Real>(e, {false, false, s.to - s.from, width, s.from, r.coupling + s.from * r.most, r.most, r.u, width,
                       r.y + s.from * width, width, true});
      launch(steps_kernel<Kind, Real>, dim3(static_cast<unsigned>(r.m)), dim3(row_threads(r.columns * r.d / 16)), 0,
             e.stream, kind, s);
      e.poll();
    }
  });
  e.workspace.rewind(mark);
}

#define VICINAL_INSTANTIATE(Real)                                                                     \
  template void step_norms(Engine&, const StepNorms<Real>&);                                          \
  template void combine_rows(Engine&, std::int64_t, std::int64_t, const double*, const Real*, Real*); \
  template void couple_rows(Engine&, std::int64_t, std::int64_t, const double*, Real*);               \
  template void recursion_steps(Engine&, const LossSpec&, const LossTile<Real>&, const RecursionSteps<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
