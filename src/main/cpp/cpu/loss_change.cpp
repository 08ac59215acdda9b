// Change of every sample's loss when the weight moves by a matrix of low rank, W + sum_r left_r right_r'.
// Computes     with f = X right' [N, R], u' = u + f left, and no product of d x D or N x d x C:
//                |u'|^2  = r^2 + 2 r f (left z) + f (left left') f'
//                cos'_c  = (r cos_c + f (left p^_c)) / |u'|
//              then the loss kernels in double on the cosines before and after: both sums see the same rounding of the
//              cosines, so that small changes keep their digits.
// Shapes       cosines [block, ld], f [block, R].
// Cost         2 N R (D + d) flops and one read of X and Z; one exp per cosine.
// Determinism  rows are independent.
#include <cmath>

#include "cpu/loss_change.hpp"

namespace vicinal::cpu {
namespace {

// The rows of a task in double, for the double kernels.
template <class Real>
class Rows {
 public:
  Rows(const Engine& e, const Point<Real>& point)
      : k_(kernels<double>(e.isa)),
        point_(point),
        scratch_(static_cast<std::size_t>(kRowScratch * point.problem.classes)),
        cosines_(static_cast<std::size_t>(point.ld)),
        soft_(point.problem.soft_labels == nullptr ? 0 : static_cast<std::size_t>(point.problem.classes)) {
    if (point.counts != nullptr) repetitions_.assign(point.counts, point.counts + point.problem.classes);
  }

  double* cosines() { return cosines_.data(); }

  // L of row i (of the problem) at cosines(), which it overwrites.
  double loss(std::int64_t i) {
    const Problem<Real>& p = point_.problem;
    for (std::size_t c = 0; c < soft_.size(); ++c)
      soft_[c] = static_cast<double>(p.soft_labels[i * p.classes + static_cast<std::int64_t>(c)]);
    double out = 0;
    LossTile<double> tile{};
    tile.rows = 1;
    tile.classes = p.classes;
    tile.ld = point_.ld;
    tile.labels = p.labels + i;
    tile.soft_labels = soft_.empty() ? nullptr : soft_.data();
    tile.repetitions = repetitions_.empty() ? nullptr : repetitions_.data();
    tile.mean = 1;
    tile.s = cosines_.data();
    tile.g = cosines_.data();
    tile.scratch = scratch_.data();
    tile.per_sample = &out;
    k_.loss_rows(p.spec, tile);
    return out;
  }

 private:
  const Kernels<double>& k_;
  const Point<Real>& point_;
  std::vector<double> scratch_, cosines_, soft_, repetitions_;
};

constexpr double kFlopsPerCosine = 100;  // of a value in double

// body(rows in double, row of the problem, its cosines at the point) for every row, block after block; before(begin,
// rows) comes first.
template <class Real, class Before, class Body>
void each_row(Engine& e, const Point<Real>& point, std::int64_t more_per_row, Before&& before, Body&& body) {
  const std::int64_t n = point.problem.n, d = point.problem.d, ld = point.ld;
  const std::int64_t own = point.cosines == nullptr ? 1 : 0;
  const std::int64_t most =
      block_rows(e, point, n, static_cast<std::int64_t>(sizeof(Real)) * (own * ld + more_per_row + 1));
  Real* s = own != 0 ? e.workspace.get<Real>(most * ld) : nullptr;
  for (std::int64_t begin = 0; begin < n; begin += most) {
    const Workspace::Mark mark = e.workspace.mark();
    const std::int64_t rows = std::min(most, n - begin);
    if (own != 0) cosines_of(e, point, rows, point.unit + begin * d, point.inverse + begin, s);
    const Real* cosines = own != 0 ? s : point.cosines + begin * ld;
    before(begin, rows);
    const double work = kFlopsPerCosine * static_cast<double>(rows) * static_cast<double>(point.columns);
    parallel_ranges(e, rows, work, [&](Range r) {
      Rows<Real> in_double(e, point);
      for (std::int64_t i = r.begin; i < r.end; ++i) body(in_double, begin, i, cosines + i * ld);
    });
    e.workspace.rewind(mark);
  }
}

}  // namespace

template <class Real>
void sample_losses(Engine& e, const Point<Real>& point, double* losses) {
  each_row(
      e, point, 0, [](std::int64_t, std::int64_t) {},
      [&](Rows<Real>& in_double, std::int64_t begin, std::int64_t i, const Real* cosines) {
        std::copy(cosines, cosines + point.columns, in_double.cosines());
        losses[begin + i] = in_double.loss(begin + i);
      });
}

template <class Real>
void loss_change(Engine& e, const Point<Real>& point, const double* losses, std::int64_t R, const Real* left,
                 const Real* right, double* change) {
  const std::int64_t d = point.problem.d, K = point.columns;
  Real* products = e.workspace.get<Real>(R * K);
  gemm<Real>(e, {false, true, R, K, d, left, d, point.unit_proxies, d, products, K, false});
  double* onto_proxies = e.workspace.get<double>(R * K);  // left p^'
  std::copy(products, products + R * K, onto_proxies);
  const Kernels<double>& k = kernels<double>(e.isa);
  double* gram = e.workspace.get<double>(R * R);  // left left'
  for (std::int64_t a = 0; a < R; ++a)
    for (std::int64_t b = 0; b < R; ++b) {
      double sum = 0;
      for (std::int64_t j = 0; j < d; ++j)
        sum += static_cast<double>(left[a * d + j]) * static_cast<double>(left[b * d + j]);
      gram[a * R + b] = sum;
    }
  Real *f = nullptr, *onto_z = nullptr;  // of the block: X right', Z left'
  const auto before = [&](std::int64_t begin, std::int64_t rows) {
    f = e.workspace.get<Real>(rows * R);
    onto_z = e.workspace.get<Real>(rows * R);
    affine_rows(e, point, begin, rows, R, right, nullptr, f);
    gemm<Real>(e, {false, true, rows, R, d, point.unit + begin * d, d, left, d, onto_z, R, false});
  };
  each_row(
      e, point, 2 * R, before, [&](Rows<Real>& in_double, std::int64_t begin, std::int64_t i, const Real* cosines) {
        const double inverse = static_cast<double>(point.inverse[begin + i]);
        const double radius = inverse > 0 ? 1 / inverse : 0;
        double square = radius * radius;
        for (std::int64_t a = 0; a < R; ++a) {
          double quadratic = 0;
          for (std::int64_t b = 0; b < R; ++b) quadratic += gram[a * R + b] * static_cast<double>(f[i * R + b]);
          square +=
              static_cast<double>(f[i * R + a]) * (2 * radius * static_cast<double>(onto_z[i * R + a]) + quadratic);
        }
        const double moved = square > 0 ? 1 / std::sqrt(square) : 0;
        const double own = radius * moved;  // a zero embedding has no cosines of its own
        double* out = in_double.cosines();
        for (std::int64_t c = 0; c < K; ++c) out[c] = inverse > 0 ? own * static_cast<double>(cosines[c]) : 0.0;
        for (std::int64_t a = 0; a < R; ++a)
          k.axpy(K, static_cast<double>(f[i * R + a]) * moved, onto_proxies + a * K, out);
        put_zero_cosines(e, zero_cosines(point.problem.spec), 1, K, point.ld, &moved, point.inverse_proxies, out);
        change[begin + i] = in_double.loss(begin + i) - losses[begin + i];
      });
}

#define VICINAL_INSTANTIATE(Real)                                                                               \
  template void sample_losses(Engine&, const Point<Real>&, double*);                                            \
  template void loss_change(Engine&, const Point<Real>&, const double*, std::int64_t, const Real*, const Real*, \
                            double*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
