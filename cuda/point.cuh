// A loss at one point on the device: the twin of cpu/point.hpp. evaluate() computes value and gradients and fills what
// the point keeps; tangent_product() applies the Hessian at a kept point.
#ifndef VICINAL_CUDA_POINT_CUH_
#define VICINAL_CUDA_POINT_CUH_

#include <memory>
#include <vector>

#include "core/device.h"
#include "engine.cuh"
#include "features.cuh"
#include "loss_columns.cuh"
#include "loss_rows.cuh"
#include "rows.cuh"

namespace vicinal::cuda {

// Where a point's arrays live: in the call's workspace, or with an owner that outlives the call.
class Memory {
 public:
  explicit Memory(Engine& e) : engine_(&e) {}
  Memory(Engine& e, std::vector<Buffer<char>>& owner) : engine_(&e), owner_(&owner) {}
  template <class T>
  T* get(std::int64_t count) {
    if (owner_ == nullptr) return engine_->workspace.get<T>(count);
    owner_->emplace_back(engine_->ordinal, count * static_cast<std::int64_t>(sizeof(T)));
    return reinterpret_cast<T*>(owner_->back().get());
  }
  // Host memory as a copy here; the device's as it is, borrowed. Null stays null.
  template <class T>
  const T* resident(const T* values, std::int64_t count) {
    if (values == nullptr || !engine_->on_host(values)) return values;
    T* copied = get<T>(count);
    engine_->copy(copied, values, count);
    return copied;
  }
  Engine& engine() { return *engine_; }

 private:
  Engine* engine_;
  std::vector<Buffer<char>>* owner_ = nullptr;
};

// What the point keeps beyond the call.
struct Keep {
  bool rows;     // unit, inverse, gradient, beta
  bool cosines;  // with rows
  bool proxies;  // proxy_gradient, proxy_beta
};

template <class Real>
struct Point {
  Problem<Real> problem;  // its arrays are on the device, but for the features, which are behind `features`
  Features<Real> features;
  std::int64_t centers;  // K
  std::int64_t columns;  // C K
  std::int64_t ld;       // of cosine matrices
  RowOrder order;        // of the proxies
  bool by_columns;       // Proxy-Anchor's own form: reductions over samples
  bool detached;         // proxies are constants
  // Sample weights multiply after the row kernels, so that what is kept of a row is its own, whatever its weight.
  bool late_weights;

  Operand<Real> unit_proxies;  // [columns, d] kernel order
  Real* inverse_proxies;       // [columns] 1 / norm, 0 for a zero proxy
  Real* proxy_gradient;        // [columns, d] kept, or null
  Real* proxy_beta;            // [columns] p^ . dL/dp^

  // Rows, kept for Hessian-vector products, or null. With late weights gradient and beta are those of L_i / N.
  Operand<Real> unit;  // [n, d]
  Real* inverse;       // [n]
  Real* gradient;      // [n, d] dL/du
  Real* beta;          // [n] z . dL/dz
  Real* cosines;       // [n, ld], or null: recomputed

  Columns<Real> column;
  Real* counts;  // [C] samples per class (Proxy-Anchor), else null
};

template <class Real>
Point<Real> make_point(Memory& memory, const Problem<Real>& problem, const Keep& keep);

// Outputs are on the device; the loss and its count are added to `totals`, or go nowhere.
template <class Real>
void evaluate(Engine& e, Point<Real>& point, const Gradients<Real>& out, LossTotals* totals);

// The Hessian, or with kind VICINAL_GAUSS_NEWTON its positive semidefinite part, applied to m directions.
template <class Real>
void tangent_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products);

// The empirical Fisher matrix applied to m directions.
template <class Real>
void fisher_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products);

// Directional derivatives of the samples' losses: scores [m, n] on the device.
template <class Real>
void sample_scores(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& direction,
                   double* scores);

// ---- pieces that these share --------------------------------------------------------------------------------

// Whose cosines stand for something else where a vector is zero: |e^ - p^|^2 = 2 - 2 cos must be 1 for the losses that
// are functions of the distance, so 1/2; 0 for those that are functions of the cosine, which the product gives already.
struct ZeroCosines {
  bool proxies, rows;
};
ZeroCosines zero_cosines(const vicinal_loss& spec);

// Rows per block so that a block's temporaries fit the engine's workspace, and two blocks of streamed features beside
// them; those come in pieces small enough that the bus and the device work at once.
template <class Real>
std::int64_t block_rows(const Engine& e, const Point<Real>& point, std::int64_t n, std::int64_t bytes_per_row);

// out [rows, width] = rows of features times weight [width, D]' + bias [width]; weight or bias may be null (not both).
template <class Real>
void affine_rows(Engine& e, const Point<Real>& point, std::int64_t begin, std::int64_t rows, std::int64_t width,
                 Operand<const Real> weight, const Real* bias, Real* out);

// s [rows, ld] = unit rows times unit proxies, with the cosines that stand for zero vectors put in.
template <class Real>
void cosines_of(Engine& e, const Point<Real>& point, std::int64_t rows, Operand<const Real> unit, const Real* inverse,
                Real* s);

template <class Real>
LossTile<Real> loss_tile(const Point<Real>& point, std::int64_t begin, std::int64_t rows);
template <class Real>
ColumnTile<Real> column_tile(const Point<Real>& point, std::int64_t begin, std::int64_t rows, const Real* s,
                             const Real* st, std::int64_t ld_t);

// out [rows, m, width] = scale [rows, m] times x [rows, width], or with m = 1 x itself.
template <class Real>
void scale_rows(Engine& e, std::int64_t rows, std::int64_t m, std::int64_t width, const Real* scale, const Real* x,
                Operand<Real> out);

// SoftTriple's centre regulariser: its value added to totals (or null) and its gradient written to dL/dp^ (or null).
template <class Real>
bool has_regulariser(const Point<Real>& point);
template <class Real>
void centre_regulariser(Engine& e, const Point<Real>& point, Real* gradient, LossTotals* totals);
// The tangent of that gradient along unit_t added to the tangent of dL/dp^.
template <class Real>
void centre_regulariser_tangent(Engine& e, const Point<Real>& point, const Real* unit_t, Real* gradient_t);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_POINT_CUH_
