// A block of rows of a cosine softmax, for operations: algorithm/softmax_rows.hpp says how it comes about.
#ifndef VICINAL_ALGORITHM_SOFTMAX_TILE_HPP_
#define VICINAL_ALGORITHM_SOFTMAX_TILE_HPP_

#include <cstdint>

#include "math/hd.hpp"

namespace vicinal {

template <class Real>
struct SoftmaxTile {
  std::int64_t rows, d, classes, ld;
  double n;
  const std::int64_t* labels;   // [rows]
  const Real* weights;          // [rows] or null
  const Real* soft_labels;      // [rows, classes] or null
  const Real* unit;             // [rows, d]
  const Real* inverse;          // [rows]
  const Real* unit_proxies;     // [classes, d]
  const Real* inverse_proxies;  // [classes]
  const Real* cosines;          // [rows, ld]

  Real* others;  // [rows, ld] pi_c, 0 at the label
  Real* tilted;  // [rows, ld] pi_c (s_c - s_y)
  Real* tilt;    // [rows]     their sum, z . delta
  Real* rest;    // [rows]     epsilon = sum of others = 1 - pi_y
  Real* mass;    // [rows]     of the soft labels, 1 for a label
  Real* omega;   // [rows]     w_i mass_i / (N r_i^2)
  Real* delta;   // [rows, d]  sum_c pi_c p^_c - p^_y
  Real* curved;  // [rows, d]  c_i = A_i z_i
  Real* twice;   // [rows]     b_i = z_i' A_i z_i

  // An id outside the classes is reported by another call; nothing outside the arrays may be touched.
  VICINAL_HD std::int64_t label(std::int64_t i) const {
    const std::int64_t y = labels[i];
    return y < 0 || y >= classes ? 0 : y;
  }
  VICINAL_HD const Real* label_proxy(std::int64_t i) const { return unit_proxies + label(i) * d; }
  VICINAL_HD Real weight(std::int64_t i) const { return weights == nullptr ? Real(1) : weights[i]; }
};

// Rows of a kept point.
template <class Real>
struct PointRows {
  std::int64_t count, d;
  double n;
  const Real* weights;   // [count] or null
  const Real* unit;      // [count, d]
  const Real* inverse;   // [count]
  const Real* gradient;  // of L_i / N, as beta
  const Real* beta;
  VICINAL_HD Real weight(std::int64_t i) const { return weights == nullptr ? Real(1) : weights[i]; }
};

}  // namespace vicinal

#endif  // VICINAL_ALGORITHM_SOFTMAX_TILE_HPP_
