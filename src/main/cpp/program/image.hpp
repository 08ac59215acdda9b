// Operations of programs on images [n, height, width, channels] as plain data that both devices run.
#ifndef VICINAL_PROGRAM_IMAGE_HPP_
#define VICINAL_PROGRAM_IMAGE_HPP_

#include "math/hd.hpp"

namespace vicinal::program {

enum class ImageOp : std::uint8_t {
  conv,         // out [n, y.count, x.count, o] of an image and weights [o, c / groups, y.window, x.window]
  conv_data,    // out like the image, of g like conv's result and the weights: conv's adjoint in the image
  conv_weight,  // out like the weights, of the image and g: its adjoint in the weights
  pool_argmax,  // out int [n, y.count, x.count, c]: the first largest entry of a window by its place in height x width,
                // -1: the window covers none
  pool_sum,     // out [n, y.count, x.count, c]
  pool_spread,  // out like the image: of g like pool_sum's result, the sum over the windows that cover an entry
};

// How a window moves along one axis of an image.
struct ImageAxis {
  std::int64_t size, count;  // of the image, and of the positions of the window
  std::int64_t window, stride, before, dilation;
  // The entry that is number k of the window at a position; -1: it lies in the padding.
  VICINAL_HD std::int64_t entry(std::int64_t at, std::int64_t k) const {
    const std::int64_t i = at * stride - before + k * dilation;
    return i >= 0 && i < size ? i : -1;
  }
  // The position of the window whose number k an entry is; -1: there is none.
  VICINAL_HD std::int64_t position(std::int64_t i, std::int64_t k) const {
    const std::int64_t from = i + before - k * dilation;
    return from >= 0 && from % stride == 0 && from / stride < count ? from / stride : -1;
  }
};

struct ImageStep {
  ImageOp op;
  std::int64_t n, c, o, groups;  // o: channels of the result
  ImageAxis y, x;
  VICINAL_HD std::int64_t window() const { return y.window * x.window; }
  VICINAL_HD std::int64_t pixels() const { return n * y.size * x.size; }
  VICINAL_HD std::int64_t positions() const { return n * y.count * x.count; }
  // Additions and products, about.
  VICINAL_HD double flops() const {
    const double each = op <= ImageOp::conv_weight ? static_cast<double>(c / groups) : 1.0;
    return 2.0 * static_cast<double>(positions()) * static_cast<double>(window()) * static_cast<double>(o) * each;
  }
};

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_IMAGE_HPP_
