// The Gauss-Newton block of one sample of a cosine softmax, in pieces that cost O(d): see softmax_rows.cpp.
#ifndef VICINAL_CPU_SOFTMAX_ROWS_HPP_
#define VICINAL_CPU_SOFTMAX_ROWS_HPP_

#include "cpu/device.hpp"

namespace vicinal::cpu {

// tau: the logits of a cosine softmax are tau times the cosines, a margin on the label's aside.
double softmax_scale(const vicinal_loss& spec);

// A block of rows; its arrays are valid until the next fill() and live in the engine's workspace.
template <class Real>
class SoftmaxRows {
 public:
  SoftmaxRows(Engine& e, const Point<Real>& point, std::int64_t most_rows);
  // Bytes of workspace per row.
  static std::int64_t bytes_per_row(const Point<Real>& point);

  void fill(std::int64_t begin, std::int64_t rows);

  // p^ of a row's label.
  const Real* label_proxy(std::int64_t row) const {
    return point_.unit_proxies + point_.problem.labels[begin_ + row] * point_.problem.d;
  }

  Real* others;         // [rows, ld] pi_c, 0 at the label
  Real* rest;           // [rows]     epsilon = sum of others = 1 - pi_y
  Real* mass;           // [rows]     of the soft labels, 1 for a label
  Real* weight;         // [rows]     omega = w_i mass_i / (N r_i^2)
  Real* delta;          // [rows, d]  sum_c pi_c p^_c - p^_y
  Real* curved;         // [rows, d]  c_i = A_i z_i
  Real* twice;          // [rows]     b_i = z_i' A_i z_i
  const Real* cosines;  // [rows, ld]

 private:
  void probabilities(Range r);
  void project(Range r);

  Engine& e_;
  const Kernels<Real>& k_;
  const Point<Real>& point_;
  std::int64_t begin_ = 0;
  Real* own_cosines_ = nullptr;
  Real* tilted_;  // [rows, ld] pi_c (s_c - s_y)
  Real* tilt_;    // [rows]     their sum, z . delta
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_SOFTMAX_ROWS_HPP_
