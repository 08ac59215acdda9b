// A program for the sizes of one run, before anything is planned: which nodes are another node, which are numbers that
// follow from sizes and constants, and which are read at all.
#ifndef VICINAL_PROGRAM_FOLD_HPP_
#define VICINAL_PROGRAM_FOLD_HPP_

#include <optional>

#include "program/program.hpp"

namespace vicinal::program {

struct Folded {
  const Program& program;
  std::vector<Shape> shapes;
  int element;                                // bytes of a real
  std::vector<int> same;                      // the node that each is: identities are their operand
  std::vector<std::optional<double>> number;  // of scalars, and of what repeats one
  std::vector<bool> needed;

  const Node& node(int n) const { return program.nodes[static_cast<std::size_t>(n)]; }
  const Shape& shape(int n) const { return shapes[static_cast<std::size_t>(n)]; }
  int count() const { return static_cast<int>(program.nodes.size()); }
  // Operand i, identities left out.
  int operand(int n, int i) const {
    return same[static_cast<std::size_t>(node(n).operands[static_cast<std::size_t>(i)])];
  }
  int operands(int n) const { return static_cast<int>(node(n).operands.size()); }
  // Operands whose numbers are read: of like-operations, size and index only the shape of some is.
  int read_operands(int n) const;
  bool folded(int n) const { return number[static_cast<std::size_t>(n)].has_value(); }
  // Whether the node is computed at a run, unless it is folded.
  bool live(int n) const { return same[static_cast<std::size_t>(n)] == n && needed[static_cast<std::size_t>(n)]; }
  bool is_output(int n) const;
  // A matrix plus its transpose.
  bool mirrors(int n) const;
  // Element by element, but for those.
  bool fusable(int n) const;
  // Offsets and strides of another array.
  bool is_view(int n) const;
  bool reduces(int n) const;
  // Whether the node is a step of its own, or a part of one, rather than inside another or seen through strides.
  bool is_step(int n, const std::vector<bool>& kept) const;
  // The grid that the node's kernel runs over.
  const Shape& grid(int n) const { return reduces(n) ? shape(operand(n, 0)) : shape(n); }
  // Which axes of its grid the node reduces, those of size 1 aside.
  void reduced(int n, bool* axes) const;
};

Folded fold(const Program& p, const std::vector<Shape>& inputs, int element);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_FOLD_HPP_
