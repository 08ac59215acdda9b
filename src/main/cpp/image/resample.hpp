// Resizing with averaging filters in the fixed-point arithmetic of Pillow: columns first, rounded to bytes, then rows.
#ifndef VICINAL_IMAGE_RESAMPLE_HPP_
#define VICINAL_IMAGE_RESAMPLE_HPP_

#include <cstdint>
#include <vector>

#include "image/codecs.hpp"

namespace vicinal::image {

// What each of some outputs along one axis is made of: `taps` inputs from first[i] on, the first count[i] with weight.
struct Kernel {
  std::vector<int> first, count;
  std::vector<std::int32_t> weights;  // [outputs, taps], with kFraction fraction bits; they sum to 1 up to rounding
  int taps = 0;
  bool identity = false;  // every output is one input
  int from = 0, to = 0;   // inputs from .. to - 1 are needed; first[] counts from `from` on

  int outputs() const { return static_cast<int>(first.size()); }
  const std::int32_t* row(int i) const {
    return weights.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(taps);
  }
};

// Outputs begin .. end - 1 of `inputs` resized to `outputs`.
Kernel make_kernel(int filter, int inputs, int outputs, int begin, int end);

// The picture that holds what both kernels need, resized into `out` at (left, top).
void resample(const Pixels& in, const Kernel& columns, const Kernel& rows, Pixels& out, int left, int top);

}  // namespace vicinal::image

#endif  // VICINAL_IMAGE_RESAMPLE_HPP_
