// Convolutions of oneDNN, which is opened when the first one asks for it: nothing else of the library needs it.
#ifndef VICINAL_CPU_ONEDNN_HPP_
#define VICINAL_CPU_ONEDNN_HPP_

#include "device/cpu/engine.hpp"
#include "program/image.hpp"

namespace vicinal::cpu {

// conv, conv_data or conv_weight as run_image does it. False: oneDNN is not there, or has no fast kernel for it.
bool onednn_convolve(Engine& e, const program::ImageStep& s, const float* x, const float* other, float* out);
// It has none in double.
inline bool onednn_convolve(Engine&, const program::ImageStep&, const double*, const double*, double*) {
  return false;
}

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_ONEDNN_HPP_
