// Fused kernels of a program as plain data that both devices run: chains of element-wise operations over one grid,
// whose results are kept, or reduced over some axes. The processor runs it a tile at a time, a GPU a thread per
// element.
#ifndef VICINAL_PROGRAM_KERNEL_HPP_
#define VICINAL_PROGRAM_KERNEL_HPP_

#include <cstdint>

namespace vicinal::program {

constexpr int kMostRank = 6;
constexpr int kMostOperands = 16;
constexpr int kMostCode = 96;
constexpr int kMostRegisters = 24;
constexpr int kMostSkips = 4;
constexpr int kMostResults = 8;

enum class MapOp : std::uint8_t {
#define VICINAL_MAP(name, operands, expression) name,
#include "program/map.def"
  load,      // to = operand a
  constant,  // to = k
  same,      // to = ints, or positions, of operands a and b are equal
  below,     // to = int of operand a < int of operand b
  uniform,   // to = random number of int operands a, a key, and b, an id, of position c and stream k (math/philox.hpp)
  normal,    // likewise
  jump,      // where a is 0: over the next k instructions, and what is behind them, a select, gives 0, or results none
  result,    // a goes to result number `to`, where b is not 0 if that has `where`
};

enum class Source : std::uint8_t {
  real,      // of the run's type
  scalar,    // one double
  integer,   // int64
  position,  // no memory: the value is the offset itself
};

// An array seen over the kernel's grid: element i is at offset + sum of i[k] stride[k].
struct Operand {
  Source source;
  std::int32_t buffer;
  std::int64_t offset;
  std::int64_t stride[kMostRank];
};

struct Instruction {
  MapOp op;
  std::uint8_t to, a, b, c;
  double k;
};

enum class Reduction : std::uint8_t { none, sum, largest };

struct Result {
  Reduction reduction;
  bool where;  // an entry counts where a mask is not 0
  bool reduced[kMostRank];
  double empty;  // of a maximum over nothing
  Operand out;   // stride 0 on reduced axes
};

// Results with one grid may be reduced over different axes. Of each the axes in front of the last are first those that
// it keeps, then those that it reduces. Results that are kept come last in the code, so that one may lie where an
// operand lay.
struct Kernel {
  std::int32_t rank;  // of the grid, 1 or more; the last axis is the innermost
  std::int64_t size[kMostRank];
  std::int32_t operands, length, results;
  Operand operand[kMostOperands];
  Instruction code[kMostCode];
  Result result[kMostResults];
  bool scalar;  // of numbers: all of it is in double, whatever the run's type
  // Operands that do not change along the innermost axis, and where they are zero nothing is added to any sum.
  std::int32_t skips;
  std::uint8_t skip[kMostSkips];
};

// Operations along one axis: x [outer, n, inner], index and out as the operation says.
enum class AxisOp : std::uint8_t {
  argmax,  // out int [outer, 1, inner]: first largest of x where `where` (or null) is nonzero; -1: none
  cumsum,  // out [outer, n, inner]; reverse: from the end
  pick,    // out [outer, m, inner] = x at index, -1: 0
  place,   // out [outer, n, inner] = sums of x [outer, m, inner] at index, -1: dropped
  mirror,  // out [n, n] = x + x'; out may be x
};
struct AxisStep {
  AxisOp op;
  bool reverse;
  bool shared;  // index is [m], one for all of outer and inner; else [outer, m, inner]
  std::int64_t outer, n, m, inner;
};

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_KERNEL_HPP_
