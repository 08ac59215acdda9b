// Operations of the recursion.
// Determinism  a sample's bound and a direction's steps are one task.
#include "device/cpu/operations.hpp"

#include <cmath>

namespace vicinal::cpu {
namespace {

// Samples that are coupled one by one; earlier ones of the block through one product.
constexpr std::int64_t kStep = 32;

// The steps of `count` directions, whose y and u lie `width` apart from sample to sample.
template <class Real>
struct Task {
  const Kernels<Real>& k;
  const LossSpec& spec;
  const LossTile<Real>& tile;
  const RecursionSteps<Real>& s;
  const Real *gradient, *beta;  // of L_i
  std::int64_t width, count;
  Real *y, *u;
  Real* tangents;  // [count, ld], then alpha [count]
  Real* scratch;   // [ld], then the loss kernel's

  void run(const Engine& e) const {
    const std::int64_t d = s.d;
    for (std::int64_t at = 0; at < s.rows; at += kStep) {
      e.poll();
      const std::int64_t end = std::min(s.rows, at + kStep);
      if (at > 0)
        gemm_serial<Real>({false, false, end - at, count * d, at, s.coupling + at * s.most, s.most, u, width,
                           y + at * width, width, true});
      for (std::int64_t i = at; i < end; ++i) {
        for (std::int64_t j = at; j < i; ++j)
          k.axpy(count * d, static_cast<double>(s.coupling[i * s.most + j]), u + j * width, y + i * width);
        step(i, y + i * width, u + i * width);
      }
    }
  }

  // u = (Hessian of L_i over its embedding) y; as a block of algorithm/tangent_product.hpp with one row.
  void step(std::int64_t i, Real* yi, Real* ui) const {
    const std::int64_t d = s.d, ld = tile.ld, K = s.columns;
    const Real* unit = s.unit + i * d;
    Real* alpha = tangents + count * ld;
    k.tangent_rows(1, count, d, unit, s.inverse + i, yi, alpha, yi);
    gemm_serial<Real>({false, true, count, K, d, yi, d, s.proxies, d, tangents, ld, false});
    LossPart<Real> row{tile, scratch + ld, 0, 0};
    row.rows = 1;
    row.directions = count;
    row.labels = tile.labels + i;
    row.soft_labels = tile.soft_labels == nullptr ? nullptr : tile.soft_labels + i * tile.classes;
    row.s = tile.s + i * ld;
    row.st = tangents;
    row.g = scratch;
    row.gt = tangents;
    k.loss_rows(spec, row);
    gemm_serial<Real>({false, false, count, d, K, tangents, ld, s.proxies, d, ui, d, false});
    k.project_rows_tangent(1, count, d, unit, s.inverse + i, ui, gradient + i * d, beta + i, yi, alpha, nullptr, ui);
  }
};

}  // namespace

template <class Real>
void step_norms(Engine& e, const StepNorms<Real>& s) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  parallel_ranges(e, s.rows, 2.0 * static_cast<double>(s.rows * (s.features_width + s.d)), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) {
      double mass = 1, spread = 1;
      if (s.soft_labels == nullptr) {
        spread = std::min(1.0, -4 * s.n * static_cast<double>(s.g[i * s.ld + s.labels[i]]) / s.tau);
      } else {
        mass = 0;
        for (std::int64_t c = 0; c < s.classes; ++c) mass += static_cast<double>(s.soft_labels[i * s.classes + c]);
      }
      const Real* gradient = s.gradient + i * s.d;
      const Real* x = s.features + i * s.features_width;
      const double inverse = static_cast<double>(s.inverse[i]);
      const double mixed = s.n * std::sqrt(k.dot(s.d, gradient, gradient)) * inverse;
      const double tangential = s.n * static_cast<double>(s.beta[i]) * inverse * inverse;
      const double square = k.dot(s.features_width, x, x) / s.scale;
      const double most = mass * s.tau * s.tau * spread * inverse * inverse + mixed + std::max(0.0, -tangential);
      const double least = -mixed - std::max(0.0, tangential);
      s.norm[i] = std::max(s.decay - least * square, most * square - s.decay);
    }
  });
}

template <class Real>
void combine_rows(Engine& e, std::int64_t rows, std::int64_t width, const double* factors, const Real* hx, Real* y) {
  parallel_ranges(e, rows, 8.0 * static_cast<double>(rows * width), [&](Range r) {
    for (std::int64_t k = r.begin; k < r.end; ++k) {
      const Real c = static_cast<Real>(factors[k]), f = static_cast<Real>(factors[rows + k]);
      for (std::int64_t j = k * width; j < (k + 1) * width; ++j) y[j] = hx == nullptr ? c * y[j] : c * y[j] + f * hx[j];
    }
  });
}

template <class Real>
void couple_rows(Engine&, std::int64_t rows, std::int64_t most, const double* powers, Real* coupling) {
  for (std::int64_t k = 0; k < rows; ++k)
    for (std::int64_t j = 0; j < k; ++j) coupling[k * most + j] *= static_cast<Real>(powers[k - 1 - j]);
}

template <class Real>
void recursion_steps(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, const RecursionSteps<Real>& s) {
  const Workspace::Mark mark = e.workspace.mark();
  Real* gradient = e.workspace.get<Real>(s.rows * s.d);
  Real* beta = e.workspace.get<Real>(s.rows);
  const double n = static_cast<double>(s.n);
  for (std::int64_t j = 0; j < s.rows * s.d; ++j)
    gradient[j] = static_cast<Real>(n * static_cast<double>(s.gradient[j]));
  for (std::int64_t i = 0; i < s.rows; ++i) beta[i] = static_cast<Real>(n * static_cast<double>(s.beta[i]));
  const std::int64_t parts = std::min<std::int64_t>(s.m, e.threads), own = tile.ld + kRowScratch * tile.classes;
  Real* tangents = e.workspace.get<Real>(s.m * (tile.ld + 1));
  Real* scratch = e.workspace.get<Real>(parts * own);
  parallel(e, parts, [&](std::int64_t t) {
    const Range r = part(s.m, parts, t);
    const Task<Real> task{kernels<Real>(e.isa),
                          spec,
                          tile,
                          s,
                          gradient,
                          beta,
                          s.m * s.d,
                          r.size(),
                          s.y + r.begin * s.d,
                          s.u + r.begin * s.d,
                          tangents + r.begin * (tile.ld + 1),
                          scratch + t * own};
    task.run(e);
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

}  // namespace vicinal::cpu
