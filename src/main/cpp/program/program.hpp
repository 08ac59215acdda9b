// A program: nodes in single-assignment form, as docs/programs.md describes its text.
#ifndef VICINAL_PROGRAM_PROGRAM_HPP_
#define VICINAL_PROGRAM_PROGRAM_HPP_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "math/losses.hpp"
#include "program/kernel.hpp"
#include "vicinal/vicinal.h"

namespace vicinal::program {

enum class Op : std::uint8_t {
  input,
  constant,
  epsilon,
  size,
  map,  // Node::map says which
  same,
  below,
  real,
  index,
  random,  // Node::map says of which law
  stop,
  flip,
  broadcast_like,
  sum_like,
  expand,
  drop,
  sum,
  max,
  argmax,
  cumsum,
  matmul,
  transpose,
  gather,
  scatter,
  pick,
  place,
  concat,
  slice,
  slice_like,
  pad,
  loss,           // against proxies, by the kernels of its own
  loss_gradient,  // of the embeddings, or of the proxies
  loss_product,   // the rows of its Hessian that belong to either, times a direction of both
  join,
  split,
  conv,
  conv_data,
  conv_weight,
  pool_argmax,
  pool_sum,
  pool_spread,
};

constexpr std::int64_t kEnd = INT64_MAX;  // to=end of a slice; from=end: the last entries

// How a window moves over height and width of an image.
struct Slide {
  std::int64_t window[2] = {}, stride[2] = {1, 1}, before[2] = {}, after[2] = {}, dilation[2] = {1, 1}, groups = 1;
  bool ceil = false;  // a last window that reaches beyond counts, too, if it begins within the image
};

struct Node {
  Op op;
  MapOp map = MapOp::load;
  std::vector<int> operands;
  int rank = 0;
  bool integer = false;
  int axis = 0;
  bool all = false;       // axes=all, axis=all
  std::vector<int> axes;  // of a reduction; of a transpose, the new order
  double value = 0;       // constant, exponent, empty, stream
  bool transpose_a = false, transpose_b = false, reverse = false;
  std::int64_t from = 0, to = kEnd;
  LossSpec loss;
  std::string loss_text;    // what it was read from
  bool of_proxies = false;  // else of the embeddings
  Slide slide;              // of a convolution or a pool
  std::string name, operation, site;
};

struct Program {
  std::vector<Node> nodes;
  std::vector<int> inputs;
  std::vector<std::pair<std::string, int>> outputs;
};

// Checks a loss and its parameters; capi/losses.cpp has the one that there is.
using ReadLoss = LossSpec (*)(const vicinal_loss*);
// Refuses what is no program with the line, its site and the reason.
Program parse(const char* text, ReadLoss read_loss);

struct Shape {
  int rank = 0;
  std::int64_t size[kMostRank] = {};
  std::int64_t count() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= size[i];
    return n;
  }
  bool operator==(const Shape& o) const {
    if (rank != o.rank) return false;
    for (int i = 0; i < rank; ++i)
      if (size[i] != o.size[i]) return false;
    return true;
  }
  bool operator!=(const Shape& o) const { return !(*this == o); }
};

// Where a part of `length` entries begins among `size`.
inline std::int64_t part_begin(const Node& n, std::int64_t size, std::int64_t length) {
  return n.from == kEnd ? size - length : n.from < 0 ? n.from + size : n.from;
}

// Sizes of every node from those of the inputs, in their order. Refuses what does not fit, with operation, shapes and
// site.
std::vector<Shape> infer(const Program& p, const std::vector<Shape>& inputs);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_PROGRAM_HPP_
