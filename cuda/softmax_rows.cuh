// The Gauss-Newton block of one sample of a cosine softmax, in pieces that cost O(d): cpu/softmax_rows.cpp has the
// formulas.
#ifndef VICINAL_CUDA_SOFTMAX_ROWS_CUH_
#define VICINAL_CUDA_SOFTMAX_ROWS_CUH_

#include "device.cuh"

namespace vicinal::cuda {

// tau: the logits of a cosine softmax are tau times the cosines, a margin on the label's aside.
double softmax_scale(const vicinal_loss& spec);

// A block of rows, for kernels. All arrays are on the device.
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
  __device__ std::int64_t label(std::int64_t i) const {
    const std::int64_t y = labels[i];
    return y < 0 || y >= classes ? 0 : y;
  }
  __device__ const Real* label_proxy(std::int64_t i) const { return unit_proxies + label(i) * d; }
  __device__ Real weight(std::int64_t i) const { return weights == nullptr ? Real(1) : weights[i]; }
};

// Blocks of at most most_rows rows, whose arrays live in the engine's workspace.
template <class Real>
class SoftmaxRows {
 public:
  SoftmaxRows(Engine& e, const Point<Real>& point, std::int64_t most_rows);
  // Bytes of workspace per row.
  static std::int64_t bytes_per_row(const Point<Real>& point);

  // Valid until the next fill().
  SoftmaxTile<Real> fill(std::int64_t begin, std::int64_t rows);

 private:
  Engine& e_;
  const Point<Real>& point_;
  SoftmaxTile<Real> tile_{};
  Real* own_cosines_ = nullptr;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_SOFTMAX_ROWS_CUH_
