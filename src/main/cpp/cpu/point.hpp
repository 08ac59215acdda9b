// A loss at one point: the problem, its unit vectors, and what derivatives share. evaluate() computes value and
// gradients and fills what the point keeps; tangent_product() applies the Hessian at a kept point.
#ifndef VICINAL_CPU_POINT_HPP_
#define VICINAL_CPU_POINT_HPP_

#include <cstdint>
#include <vector>

#include "core/device.h"
#include "cpu/engine.hpp"
#include "cpu/workspace.hpp"

namespace vicinal::cpu {

// Where a point's arrays live: in the call's workspace, or with an owner that outlives the call.
class Memory {
 public:
  explicit Memory(Workspace& workspace) : workspace_(&workspace) {}
  explicit Memory(std::vector<Buffer<unsigned char>>& owner) : owner_(&owner) {}
  template <class T>
  T* get(std::int64_t count) {
    if (workspace_ != nullptr) return workspace_->get<T>(count);
    owner_->emplace_back(count * static_cast<std::int64_t>(sizeof(T)));
    return reinterpret_cast<T*>(owner_->back().get());
  }

 private:
  Workspace* workspace_ = nullptr;
  std::vector<Buffer<unsigned char>>* owner_ = nullptr;
};

// Proxy-Anchor's reductions over all rows, per class: D = exp(-shift) + sum w exp(x - shift), and the factor that turns
// w exp(x - shift) into dL/d(exponent), alpha included.
template <class Real>
struct Columns {
  Real *shift_positive, *shift_negative;
  double *positive, *negative;  // D
  Real *factor_positive, *factor_negative;
};

template <class Real>
struct Point {
  Problem<Real> problem;
  std::int64_t centers;  // K
  std::int64_t columns;  // C K
  std::int64_t ld;       // of cosine matrices: columns padded to whole vectors
  bool by_columns;       // Proxy-Anchor's own form: reductions over samples
  bool detached;         // proxies are constants
  // Sample weights multiply after the row kernels, so that what is kept of a row is its own, whatever its weight.
  bool late_weights;

  // Proxies in kernel order (centre-major), unit length; row of class c, centre k is k * C + c.
  Real* unit_proxies;         // [columns, d]
  Real* inverse_proxies;      // [columns] 1 / norm, 0 for a zero proxy
  std::int64_t zero_proxies;  // how many
  Real* proxy_gradient;       // [columns, d] kept, or null
  Real* proxy_beta;           // [columns] p^ . dL/dp^

  // Rows, kept for Hessian-vector products, or null. With late weights gradient and beta are those of L_i / N.
  Real* unit;      // [n, d]
  Real* inverse;   // [n]
  Real* gradient;  // [n, d] dL/du
  Real* beta;      // [n] z . dL/dz
  Real* cosines;   // [n, ld], or null: recomputed

  Columns<Real> column;
  Real* repetitions;  // [C] samples per class (Proxy-Anchor), else null
  double present;     // classes with at least one sample
};

// What the point keeps beyond the call.
struct Keep {
  bool rows;     // unit, inverse, gradient, beta
  bool cosines;  // with rows
  bool proxies;  // proxy_gradient, proxy_beta
};

template <class Real>
Point<Real> make_point(const Problem<Real>& problem, Memory& memory, const Keep& keep);

template <class Real>
void evaluate(Engine& e, Point<Real>& point, const Gradients<Real>& out);

// The Hessian, or with kind VICINAL_GAUSS_NEWTON its positive semidefinite part, applied to m directions.
template <class Real>
void tangent_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products);

// The empirical Fisher matrix applied to m directions.
template <class Real>
void fisher_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products);

// Directional derivatives of the samples' losses: scores [m, n].
template <class Real>
void sample_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores);

// One direction, samples of `range`: derivatives by proxy and by label, doubles [range, C] or null (vicinal.h).
template <class Real>
void sample_tables(Engine& e, const Point<Real>& point, const Tangents<const Real>& direction, Range range,
                   double* by_proxy, double* relabel);

// Every L_i [n] in double from the point's cosines, and how it changes when the weight becomes W + left' right,
// left [R, d], right [R, D].
template <class Real>
void sample_losses(Engine& e, const Point<Real>& point, double* losses);
template <class Real>
void loss_change(Engine& e, const Point<Real>& point, const double* losses, std::int64_t R, const Real* left,
                 const Real* right, double* change);

// ---- pieces that evaluate() and tangent_product() share -----------------------------------------------------

// Embeddings of rows [begin, begin + rows): given, or features times weight into `buffer`.
template <class Real>
const Real* embeddings_of(const Engine& e, const Problem<Real>& p, std::int64_t begin, std::int64_t rows, Real* buffer);

// out [rows, width] = features rows times weight [width, D]' + bias [width]; weight or bias may be null (not both).
template <class Real>
void affine_rows(const Engine& e, const Problem<Real>& p, std::int64_t begin, std::int64_t rows, std::int64_t width,
                 const Real* weight, const Real* bias, Real* out);

// s [rows, ld] = unit rows times unit proxies, with the cosines that stand for zero vectors put in.
template <class Real>
void cosines_of(const Engine& e, const Point<Real>& point, std::int64_t rows, const Real* unit, const Real* inverse,
                Real* s);

// A row is zero where `inverse` is.
template <class Real, class Cosine>
void put_zero_cosines(const Point<Real>& point, std::int64_t rows, const Cosine* inverse, Cosine* s);

// The tile of rows [begin, begin + rows) for the loss kernels.
template <class Real>
LossTile<Real> loss_tile(const Point<Real>& point, std::int64_t begin, std::int64_t rows);

// Whether Proxy-Anchor's exponents could overflow, so that the reductions need their maxima first.
template <class Real>
bool needs_shift(const Point<Real>& point);
// Raises the point's shifts to the block's largest exponents.
template <class Real>
void raise_columns(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s);
// Adds the block's column sums to positive / negative [C] (and tangents, with st) in double.
template <class Real>
struct ColumnSums {
  double *positive, *negative, *positive_t, *negative_t;  // tangents null without st
};
template <class Real>
void absorb_columns(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                    const Real* st, std::int64_t ld_t, const ColumnSums<Real>& sums);
// g (gt) = dL/ds from the finished reductions; tangents of the factors with st. ld_t is that of st and gt.
template <class Real>
void apply_columns(const Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                   const Real* st, std::int64_t ld_t, const Real* factor_positive_t, const Real* factor_negative_t,
                   Real* g, Real* gt);

// scores [rows]: what a row adds to the loss's derivative along the direction of st, per unit of its weight.
template <class Real>
void score_columns(const Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                   const Real* st, std::int64_t ld_t, const Real* factor_positive_t, const Real* factor_negative_t,
                   double* scores);

// Runs the row kernel over a block's rows, with m tangents each (st, gt [rows m, ld] or null); returns the weighted
// sum of losses.
template <class Real>
double apply_rows(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                  const Real* st, std::int64_t m, Real* g, Real* gt, Real* per_sample, std::int64_t* empty);

// Unit proxies of all rows, or of a range of rows in kernel order (then count_zero_proxies when all are there).
template <class Real>
void normalize_proxies(const Engine& e, Point<Real>& point);
template <class Real>
void normalize_proxies(const Kernels<Real>& k, Point<Real>& point, Range r);
template <class Real>
void count_zero_proxies(Point<Real>& point);

// body(row in kernel order, row in the caller's order, how many rows follow both) over a range in kernel order.
template <class Real, class Body>
void for_each_proxy(const Point<Real>& point, Range r, Body&& body) {
  const std::int64_t C = point.problem.classes, K = point.centers;
  if (K == 1) {
    body(r.begin, r.begin, r.size());
  } else {
    for (std::int64_t row = r.begin; row < r.end; ++row) body(row, (row % C) * K + row / C, std::int64_t{1});
  }
}
template <class Real, class Body>
void for_each_proxy(const Engine& e, const Point<Real>& point, Body&& body) {
  parallel_ranges(e, point.columns, 8.0 * static_cast<double>(point.columns) * static_cast<double>(point.problem.d),
                  [&](Range r) { for_each_proxy(point, r, body); });
}

// Tangents of the unit proxies along `direction` [C K, d] in the caller's order: unit_t [columns, d] and
// alpha = p^ . direction [columns], both in kernel order.
template <class Real>
void proxy_tangents(const Engine& e, const Point<Real>& point, const Real* direction, Real* alpha, Real* unit_t);

// Tangents [C] of Proxy-Anchor's factors from those of its sums: f = c / D, so f' = -f D' / D.
template <class Real>
void column_tangents(const Point<Real>& point, const double* positive_t, const double* negative_t,
                     Real* factor_positive_t, Real* factor_negative_t);

// SoftTriple's centre regulariser: its value, its gradient written to dL/dp^ (kernel order; null: value only), and
// the tangent of that gradient added to the tangent of dL/dp^.
template <class Real>
bool has_regulariser(const Point<Real>& point);
template <class Real>
double centre_regulariser(const Engine& e, const Point<Real>& point, Real* gradient);
template <class Real>
void centre_regulariser_tangent(const Engine& e, const Point<Real>& point, const Real* unit_t, Real* gradient_t);

// Rows per block so that a block's temporaries fit the engine's workspace.
std::int64_t block_rows(const Engine& e, std::int64_t n, std::int64_t bytes_per_row);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_POINT_HPP_
