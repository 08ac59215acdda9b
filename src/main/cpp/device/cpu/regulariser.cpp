// SoftTriple's centre regulariser: tau / (C K (K - 1)) sum_c sum_{j < k} sqrt(2 + 1e-5 - 2 p^_cj . p^_ck).
// Shapes       the K centres of a class are K rows of the kernel-ordered proxies, C rows apart.
// Cost         per class one K x K x d product for the cosines and one K x d x K for the gradient.
// Determinism  one task owns a class; the value is summed over classes in order, in double.
#include <algorithm>
#include <vector>

#include "device/cpu/device.hpp"
#include "math/soft_triple.hpp"

namespace vicinal::cpu {
namespace {

double pair_weight(std::int64_t classes, std::int64_t centers, double tau) {
  return tau / (static_cast<double>(classes) * static_cast<double>(centers) * static_cast<double>(centers - 1));
}

using Pair = math::SoftTriple<double>;

template <class Real>
double work(const Point<Real>& point) {
  const double K = static_cast<double>(point.centers);
  return 4.0 * static_cast<double>(point.problem.classes) * K * K * static_cast<double>(point.problem.d);
}

}  // namespace

template <class Real>
void centre_regulariser(Engine& e, const Point<Real>& point, Real* gradient, LossTotals* totals) {
  const std::int64_t C = point.problem.classes, K = point.centers, d = point.problem.d;
  const double weight = pair_weight(C, K, point.problem.spec.tau);
  std::vector<double> values(static_cast<std::size_t>(C));
  parallel_ranges(e, C, work(point), [&](Range r) {
    std::vector<Real> m(static_cast<std::size_t>(K * K));
    for (std::int64_t c = r.begin; c < r.end; ++c) {
      const Real* p = point.unit_proxies + c * d;
      gemm_serial<Real>({false, true, K, K, d, p, C * d, p, C * d, m.data(), K, false});
      double sum = 0;
      for (std::int64_t j = 0; j < K; ++j) {
        for (std::int64_t k = 0; k < K; ++k) {
          Real& cosine = m[static_cast<std::size_t>(j * K + k)];
          const double distance = Pair::pair_distance(std::min(static_cast<double>(cosine), 1.0));
          if (j < k) sum += distance;
          cosine = j == k ? Real(0) : static_cast<Real>(-weight / distance);  // now d value / d cosine
        }
      }
      values[static_cast<std::size_t>(c)] = sum;
      if (gradient != nullptr)
        gemm_serial<Real>({false, false, K, d, K, m.data(), K, p, C * d, gradient + c * d, C * d, false});
    }
  });
  double total = 0;
  for (double v : values) total += v;
  if (totals != nullptr) totals->loss += weight * total;
}

template <class Real>
void centre_regulariser_tangent(Engine& e, const Point<Real>& point, const Real* unit_t, Real* gradient_t) {
  const std::int64_t C = point.problem.classes, K = point.centers, d = point.problem.d;
  const double weight = pair_weight(C, K, point.problem.spec.tau);
  parallel_ranges(e, C, 3 * work(point), [&](Range r) {
    std::vector<Real> m(static_cast<std::size_t>(K * K)), mt(m.size());
    for (std::int64_t c = r.begin; c < r.end; ++c) {
      const Real* p = point.unit_proxies + c * d;
      const Real* pt = unit_t + c * d;
      gemm_serial<Real>({false, true, K, K, d, p, C * d, p, C * d, m.data(), K, false});
      gemm_serial<Real>({false, true, K, K, d, pt, C * d, p, C * d, mt.data(), K, false});
      std::vector<double> cross(mt.begin(), mt.end());
      for (std::int64_t j = 0; j < K; ++j) {
        for (std::int64_t k = 0; k < K; ++k) {
          const std::size_t at = static_cast<std::size_t>(j * K + k);
          const double cosine_t = cross[at] + cross[static_cast<std::size_t>(k * K + j)];
          const math::Dual<double> cosine{std::min(static_cast<double>(m[at]), 1.0), cosine_t};
          const math::Dual<double> slope = -weight / Pair::pair_distance(cosine);
          m[at] = j == k ? Real(0) : static_cast<Real>(slope.v);
          mt[at] = j == k ? Real(0) : static_cast<Real>(slope.t);
        }
      }
      gemm_serial<Real>({false, false, K, d, K, mt.data(), K, p, C * d, gradient_t + c * d, C * d, true});
      gemm_serial<Real>({false, false, K, d, K, m.data(), K, pt, C * d, gradient_t + c * d, C * d, true});
    }
  });
}

#define VICINAL_INSTANTIATE(Real)                                                    \
  template void centre_regulariser(Engine&, const Point<Real>&, Real*, LossTotals*); \
  template void centre_regulariser_tangent(Engine&, const Point<Real>&, const Real*, Real*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
