// Plain data that the algorithms hand to a device's operations; kernels take it by value.
#ifndef VICINAL_ALGORITHM_DATA_HPP_
#define VICINAL_ALGORITHM_DATA_HPP_

#include <cstdint>

#include "algorithm/tiles.hpp"
#include "math/losses.hpp"
#include "math/optimizer.hpp"

namespace vicinal {

// Proxies in kernel order are centre-major: row k * C + c is class c's centre k, which the caller keeps at c * K + k.
// One centre, or plain rows: the same order.
struct RowOrder {
  std::int64_t classes = 1, centers = 1;
  VICINAL_HD std::int64_t caller(std::int64_t row) const {
    return centers == 1 ? row : row % classes * centers + row / classes;
  }
};

// Sums over the rows seen so far.
struct LossTotals {
  double loss;      // of the mean, regulariser included
  long long empty;  // rows whose denominator is empty
};

// Whose cosines stand for something else where a vector is zero: |e^ - p^|^2 = 2 - 2 cos must be 1 for the losses that
// are functions of the distance, so 1/2; 0 for those that are functions of the cosine, which the product gives already.
struct ZeroCosines {
  bool proxies, rows;
};
// A softmax drops a constant per row, so only distances notice a zero row.
inline ZeroCosines zero_cosines(const LossSpec& spec) {
  return {math::traits_of(spec).distances, spec.euclidean};
}

// Proxy-Anchor's reductions over all rows, per class, and the factors that turn w exp(x - shift) into
// dL/d(exponent), alpha included.
template <class Real>
struct Columns {
  double* sums;         // [4, classes] for absorb_columns at the point; zeros, as the shifts
  const Real* present;  // how many classes have samples
  Real *shift_positive, *shift_negative;
  double *positive, *negative;  // D = exp(-shift) + sum w exp(x - shift)
  Real *factor_positive, *factor_negative;
};

// out[i * row_step + q * direction_step] = n (g_i . u'_iq + G_i . s'_iq), either part absent when its tangents are
// null.
template <class Real>
struct RowDerivatives {
  std::int64_t rows, m, d, columns, ld;
  double n;
  const Real* gradient;  // [rows, d]
  const Real* moved;     // [rows, m, d] or null
  const Real* g;         // [rows, ld]
  const Real* tangents;  // [rows, m, ld] or null
  double* out;
  std::int64_t row_step, direction_step;
};

// out [rows * m, ld] = factor times the rows of x [rows, ld], factor = derivative and weight at `step` elements each.
template <class Real>
struct OuterRows {
  std::int64_t rows, m, width, ld, step;
  const double* derivatives;
  const Real* weights;  // or null
  const Real* x;
  Real* out;
};

// Losses in double of rows whose embedding moves by f left (algorithm/loss_change.hpp), less those `before`.
template <class Real>
struct MovedLosses {
  std::int64_t rows, R, classes, columns, ld;
  const std::int64_t* labels;
  const Real* soft_labels;  // [rows, classes] or null
  const Real* repetitions;  // [classes] or null, for Proxy-Anchor's per-sample form
  const Real* inverse;      // [rows]
  const Real* inverse_proxies;
  const Real* cosines;       // [rows, ld]
  const Real* f;             // [rows, R] X right', or null: the rows do not move
  const Real* onto_z;        // [rows, R] Z left'
  const Real* onto_proxies;  // [R, columns] left P^'
  const double* gram;        // [R, R] left left'
  const double* before;      // [rows] or null
  double* out;               // [rows]
};

// Bounds of the norm of a I - H_k / sigma (algorithm/recursion.hpp), from the three terms of the Hessian of one sample:
// 0 <= Gauss-Newton <= tau^2 min(1, 4 epsilon) / r^2, the mixed term within -+ |g| / r, the tangential -beta / r^2.
template <class Real>
struct StepNorms {
  std::int64_t rows, d, features_width, classes, ld;
  double n, tau, decay, scale;
  const std::int64_t* labels;
  const Real* soft_labels;  // or null
  const Real* g;            // [rows, ld] dL/ds / N
  const Real *features, *inverse, *gradient, *beta;
  double* norm;  // [rows]
};

// A block's samples, which follow each other, of m directions.
template <class Real>
struct RecursionSteps {
  std::int64_t rows, m, d, columns, most;
  Real n;                // the point keeps the derivatives of L_i / N
  const Real* unit;      // [rows, d]
  const Real* inverse;   // [rows]
  const Real* gradient;  // [rows, d]
  const Real* beta;      // [rows]
  const Real* proxies;   // [columns, d] unit
  const Real* coupling;  // [rows, most]
  Real* y;               // [rows, m, d] y_k but for the block's own samples; then the tangents of the unit rows
  Real* u;               // [rows, m, d]
};

// A pair of rows, in the order in which pairs are kept.
struct ClosePair {
  double distance;
  std::int32_t first, second;
  VICINAL_HD bool operator<(const ClosePair& o) const {
    return distance < o.distance ||
           (distance == o.distance && (first < o.first || (first == o.first && second < o.second)));
  }
};

// Pairs of rows [row, row + rows) with others [column, column + columns).
struct CloseTile {
  std::int64_t row, rows, column, columns, d;
  bool triangle;                         // one set: only pairs whose second comes after the first
  bool zeros_excluded;                   // rows of zeros are in no pair
  const float *rows_data, *others_data;  // all of them, as their squared norms
  const double *squares, *other_squares;
  double limit;    // of the distance
  ClosePair last;  // only pairs before it may be kept
  VICINAL_HD bool skips(double square) const { return zeros_excluded && square == 0; }
};

// One tensor of an optimiser's step, and a part of one.
template <class Real>
struct StepTensor {
  math::StepFactors<Real> factors;
  std::int64_t n;
  const Real* gradient;
  Real* parameter;
  Real* states[math::kMostStates];
};
struct StepPiece {
  std::int64_t tensor, begin, size;
  std::int64_t before;  // elements of the pieces before it
};

}  // namespace vicinal

#endif  // VICINAL_ALGORITHM_DATA_HPP_
