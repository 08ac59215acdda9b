// Fused kernels of a program as plain data that both devices run: a chain of element-wise operations over a grid, whose
// result is kept, or reduced over some axes. The processor runs it a tile at a time, a GPU a thread per element.
#ifndef VICINAL_PROGRAM_KERNEL_HPP_
#define VICINAL_PROGRAM_KERNEL_HPP_

#include <cstdint>

namespace vicinal::program {

constexpr int kMostRank = 6;
constexpr int kMostOperands = 16;
constexpr int kMostCode = 96;
constexpr int kMostRegisters = 24;
constexpr int kMostSkips = 4;

enum class MapOp : std::uint8_t {
#define VICINAL_MAP(name, operands, expression) name,
#include "program/map.def"
  load,      // to = operand a
  constant,  // to = k
  same,      // to = ints of operands a and b are equal
  below,     // to = int of operand a < int of operand b
  jump,      // where a is 0: over the next k instructions, and the one behind them, a select, gives 0
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

struct Kernel {
  std::int32_t rank;  // of the grid, 1 or more; the last axis is the innermost
  std::int64_t size[kMostRank];
  bool reduced[kMostRank];
  std::int32_t operands, length;
  Operand operand[kMostOperands];
  Instruction code[kMostCode];
  Reduction reduction;
  std::uint8_t result;
  std::int16_t where;  // register whose zeros leave an entry out of a reduction, or -1
  std::int32_t masks;  // so many instructions, the first ones, tell `where`
  bool scalar;         // of one entry, a number: all of it is in double, whatever the run's type
  double empty;        // of a maximum over nothing
  // Operands that do not change along the innermost axis, and where they are zero nothing is added to a sum.
  std::int32_t skips;
  std::uint8_t skip[kMostSkips];
  Operand out;  // stride 0 on reduced axes
};

// Operations along one axis: x [outer, n, inner], index and out as the operation says.
enum class AxisOp : std::uint8_t {
  argmax,  // out int [outer, 1, inner]: first largest of x where `where` (or null) is nonzero; -1: none
  cumsum,  // out [outer, n, inner]; reverse: from the end
  pick,    // out [outer, m, inner] = x at index, -1: 0
  place,   // out [outer, n, inner] = sums of x [outer, m, inner] at index, -1: dropped
};
struct AxisStep {
  AxisOp op;
  bool reverse;
  bool shared;  // index is [m], one for all of outer and inner; else [outer, m, inner]
  std::int64_t outer, n, m, inner;
};

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_KERNEL_HPP_
