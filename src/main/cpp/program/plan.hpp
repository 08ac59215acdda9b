// A plan: what one run of a program with given sizes does, step by step, and where its arrays lie. Made once per sizes,
// read by both devices (algorithm/program.hpp runs it).
//
// How it is made
//   1. Scalars that follow from sizes and constants are folded.
//   2. Element-wise nodes are computed where they are used, inside the kernel of a node that is kept, unless several
//      kernels would repeat costly work. A node larger than all that it is made of, such as a mask of labels or the
//      grid of triplets, is never kept. Nothing larger than its kernel's operands costs memory.
//   3. expand, drop, slice and repetition are views: offsets and strides.
//   4. Arrays live from their step to their last reader; their places in one arena are reused.
#ifndef VICINAL_PROGRAM_PLAN_HPP_
#define VICINAL_PROGRAM_PLAN_HPP_

#include "program/image.hpp"
#include "program/program.hpp"

namespace vicinal::program {

enum class Where : std::uint8_t { input, output, arena };
struct Buffer {
  Where where;
  std::int32_t index;    // of the input or output
  std::int64_t offset;   // bytes, in the arena
  std::int64_t count;    // elements
  std::int32_t element;  // bytes
};

// c [count, m, n] = op(a) op(b) each, all compact.
struct MatmulStep {
  bool transpose_a, transpose_b;
  std::int64_t count, m, n, k;
};

// A loss against proxies [classes * centers, d] of embeddings [n, d], or its Hessian times a direction. Buffers, -1:
// none.
struct LossStep {
  LossSpec loss;
  std::int64_t n, d, classes;
  bool product;
  std::int32_t embeddings = -1, labels = -1, proxies = -1;
  std::int32_t direction_embeddings = -1, direction_proxies = -1;
  std::int32_t value = -1, of_embeddings = -1, of_proxies = -1;  // results
};

struct Step {
  enum class Kind : std::uint8_t { kernel, axis, matmul, image, copy, loss } kind;
  std::int32_t at;  // position among the plan's of that kind
  std::int32_t x = -1, other = -1, index = -1,
               out = -1;  // buffers, of axis, matmul, image and copy (other: where, or b)
};

// An input whose ints index something: least..bound-1.
struct IndexCheck {
  std::int32_t input;
  std::int64_t count, bound, least;
  std::string name;
};

struct Plan {
  std::uint64_t number = 0;  // of this plan and no other, in the whole process
  std::vector<Shape> outputs;
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  std::vector<Kernel> kernels;
  std::vector<AxisStep> axes;
  std::vector<MatmulStep> matmuls;
  std::vector<LossStep> losses;
  std::vector<ImageStep> images;
  std::vector<IndexCheck> checks;
  std::int64_t arena_bytes = 0;
};

// element: bytes of a real, 4 or 8.
Plan make_plan(const Program& p, const std::vector<Shape>& inputs, int element);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_PLAN_HPP_
