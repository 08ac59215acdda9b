// SoftTriple's centre regulariser: tau / (C K (K - 1)) sum_c sum_{j < k} sqrt(2 + 1e-5 - 2 p^_cj . p^_ck).
// Shapes       the K centres of a class are K rows of the kernel-ordered proxies, C rows apart.
// Threads      one block per class; a warp per pair of centres for the cosines, then threads over components.
// Determinism  the value is summed over classes in order, in double.
#include "device.cuh"
#include "math/soft_triple.hpp"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

using math::Dual;
using Pair = math::SoftTriple<double>;

double pair_weight(std::int64_t classes, std::int64_t centers, double tau) {
  return tau / (static_cast<double>(classes) * static_cast<double>(centers) * static_cast<double>(centers - 1));
}

// A class's centres on the device; slopes [K, K] (and tangents) are scratch of the block.
template <class Real>
struct Centres {
  std::int64_t classes, centers, d;
  double weight;
  const Real* unit;
  const Real* unit_t;  // or null
  Real* gradient;      // or null; with unit_t the tangent, added to
  Real* slopes;        // [classes, 2, K, K]
  double* values;      // [classes] or null
};

template <class Real>
__device__ double dot(std::int64_t d, const Real* a, const Real* b, int lane) {
  double sum = 0;
  for (std::int64_t j = lane; j < d; j += kWarp) sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  return warp_sum(sum);
}

template <class Real, bool kTangent>
__global__ void class_kernel(Centres<Real> r) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t c = blockIdx.x, C = r.classes, K = r.centers, d = r.d;
  const int lane = static_cast<int>(threadIdx.x % kWarp), warps = static_cast<int>(blockDim.x) / kWarp;
  Real* slope = r.slopes + c * 2 * K * K;
  Real* slope_t = slope + K * K;
  const auto row = [&](const Real* base, std::int64_t k) { return base + (k * C + c) * d; };
  double sum = 0;
  for (std::int64_t pair = threadIdx.x / kWarp; pair < K * K; pair += warps) {
    const std::int64_t j = pair / K, k = pair % K;
    double cosine = dot(d, row(r.unit, j), row(r.unit, k), lane), cosine_t = 0;
    if (kTangent)
      cosine_t = dot(d, row(r.unit_t, j), row(r.unit, k), lane) + dot(d, row(r.unit, j), row(r.unit_t, k), lane);
    cosine = cosine < 1.0 ? cosine : 1.0;
    if (lane != 0) continue;
    const Dual<double> distance = Pair::pair_distance(Dual<double>{cosine, cosine_t});
    const Dual<double> s = -r.weight / distance;  // d value / d cosine
    if (j < k) sum += distance.v;
    slope[pair] = j == k ? Real(0) : static_cast<Real>(s.v);
    slope_t[pair] = j == k ? Real(0) : static_cast<Real>(s.t);
  }
  sum = block_sum(sum, slots);  // its barriers publish the slopes
  if (!kTangent && r.values != nullptr && threadIdx.x == 0) r.values[c] = r.weight * sum;
  if (r.gradient == nullptr) return;
  for (std::int64_t at = threadIdx.x; at < K * d; at += blockDim.x) {
    const std::int64_t j = at / d, a = at % d;
    Real total = 0;
    for (std::int64_t k = 0; k < K; ++k) {
      if (kTangent) {
        total += slope_t[j * K + k] * row(r.unit, k)[a] + slope[j * K + k] * row(r.unit_t, k)[a];
      } else {
        total += slope[j * K + k] * row(r.unit, k)[a];
      }
    }
    Real* target = r.gradient + (j * C + c) * d + a;
    *target = kTangent ? *target + total : total;
  }
}

__global__ void add_values(std::int64_t classes, const double* values, LossTotals* totals) {
  __shared__ BlockSlots<double> slots;
  double sum = 0;
  for (std::int64_t c = threadIdx.x; c < classes; c += blockDim.x) sum += values[c];
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) totals->loss += sum;
}

template <class Real>
Centres<Real> centres_of(Engine& e, const Point<Real>& point) {
  const std::int64_t C = point.problem.classes, K = point.centers;
  return {C,
          K,
          point.problem.d,
          pair_weight(C, K, point.problem.spec.tau),
          point.unit_proxies,
          nullptr,
          nullptr,
          e.workspace.template get<Real>(C * 2 * K * K),
          nullptr};
}

}  // namespace

template <class Real>
void centre_regulariser(Engine& e, const Point<Real>& point, Real* gradient, LossTotals* totals) {
  const Workspace::Mark mark = e.workspace.mark();
  Centres<Real> r = centres_of(e, point);
  r.gradient = gradient;
  if (totals != nullptr) r.values = e.workspace.template get<double>(r.classes);
  launch(class_kernel<Real, false>, dim3(static_cast<unsigned>(r.classes)), dim3(256), 0, e.stream, r);
  if (totals != nullptr) launch(add_values, dim3(1), dim3(256), 0, e.stream, r.classes, r.values, totals);
  e.workspace.rewind(mark);
}

template <class Real>
void centre_regulariser_tangent(Engine& e, const Point<Real>& point, const Real* unit_t, Real* gradient_t) {
  const Workspace::Mark mark = e.workspace.mark();
  Centres<Real> r = centres_of(e, point);
  r.unit_t = unit_t;
  r.gradient = gradient_t;
  launch(class_kernel<Real, true>, dim3(static_cast<unsigned>(r.classes)), dim3(256), 0, e.stream, r);
  e.workspace.rewind(mark);
}

#define VICINAL_INSTANTIATE(Real)                                                    \
  template void centre_regulariser(Engine&, const Point<Real>&, Real*, LossTotals*); \
  template void centre_regulariser_tangent(Engine&, const Point<Real>&, const Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
