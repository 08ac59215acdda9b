// Blocks of cosines as a device's loss operations take them: plain data, for kernels too.
#ifndef VICINAL_ALGORITHM_TILES_HPP_
#define VICINAL_ALGORITHM_TILES_HPP_

#include <cstdint>

namespace vicinal {

// Rows of cosines and what the loss makes of them. Arrays with a leading dimension: s[i * ld + j]. With K centres the
// columns are centre-major: column k * classes + c.
template <class Real>
struct LossTile {
  std::int64_t rows, classes, ld;
  std::int64_t directions;     // m: every row has m tangents, st and gt are [rows * m, ld]; 1 without st
  const std::int64_t* labels;  // [rows]
  const Real* weights;         // [rows] or null
  const Real* soft_labels;     // [rows, classes] or null
  const Real* repetitions;     // [classes] samples per class, for Proxy-Anchor's per-sample form
  double mean;                 // 1 / N, multiplies every row's gradient
  const Real* s;               // cosines
  const Real* st;              // their tangents, or null: value and gradient only
  Real* g;                     // dL/ds; may be s; on a GPU null: not wanted
  Real* gt;                    // its tangent (with st); may be st
  Real* per_sample;            // [rows] or null
};

// The same for Proxy-Anchor's reductions over rows; st and what follows from it have a leading dimension of their own.
template <class Real>
struct ColumnTile {
  std::int64_t rows, classes, ld, ld_t;
  const std::int64_t* labels;
  const Real* weights;  // or null
  const Real* s;
  const Real* st;  // or null
};

// A cosine softmax's samples along one direction: their derivatives by proxy, and by the label they could have.
template <class Real>
struct SoftmaxTable {
  std::int64_t rows, classes, ld;
  const std::int64_t* labels;
  const Real* soft_labels;  // [rows, classes] or null
  const Real* s;            // cosines [rows, ld]
  const Real* st;           // their tangents
  double* by_proxy;         // [rows, classes] or null
  double* relabel;          // [rows, classes] or null
};

}  // namespace vicinal

#endif  // VICINAL_ALGORITHM_TILES_HPP_
