#include <utility>

#include "program/code.hpp"

namespace vicinal::program {
namespace {

template <class Body>
void each_operand(Kernel& k, Body&& body) {
  for (int i = 0; i < k.operands; ++i) body(k.operand[i]);
  for (int r = 0; r < k.results; ++r) body(k.result[r].out);
}
void erase_axis(Kernel& k, int axis) {
  each_operand(k, [&](Operand& o) {
    for (int i = axis; i + 1 < k.rank; ++i) o.stride[i] = o.stride[i + 1];
    o.stride[k.rank - 1] = 0;
  });
  for (int i = axis; i + 1 < k.rank; ++i) {
    k.size[i] = k.size[i + 1];
    for (int r = 0; r < k.results; ++r) k.result[r].reduced[i] = k.result[r].reduced[i + 1];
  }
  --k.rank;
}
void drop_ones(Kernel& k) {
  for (int i = k.rank; i-- > 0;)
    if (k.size[i] == 1 && k.rank > 1) erase_axis(k, i);
  if (k.rank == 0) {
    k.rank = 1;
    k.size[0] = 1;
  }
}
bool joins(Kernel& k, int i) {
  bool all = true;
  each_operand(k, [&](const Operand& o) { all = all && o.stride[i] == o.stride[i + 1] * k.size[i + 1]; });
  return all;
}
void join_axes(Kernel& k) {
  for (int i = 0; i + 1 < k.rank;) {
    if (joins(k, i)) {
      each_operand(k, [&](Operand& o) { o.stride[i] = o.stride[i + 1]; });
      k.size[i] *= k.size[i + 1];
      erase_axis(k, i + 1);
      if (i > 0) --i;
    } else {
      ++i;
    }
  }
}
// All results are reduced over the same axes, or no axis moves.
void order_axes(Kernel& k) {
  for (bool moved = k.rank > 2; moved;) {
    moved = false;
    for (int i = 0; i + 2 < k.rank; ++i) {
      bool all = true;
      for (int r = 0; r < k.results; ++r) all = all && k.result[r].reduced[i] && !k.result[r].reduced[i + 1];
      if (!all) continue;
      std::swap(k.size[i], k.size[i + 1]);
      for (int r = 0; r < k.results; ++r) std::swap(k.result[r].reduced[i], k.result[r].reduced[i + 1]);
      each_operand(k, [&](Operand& o) { std::swap(o.stride[i], o.stride[i + 1]); });
      moved = true;
    }
  }
}

}  // namespace

bool in_order(const Shape& grid, const bool* reduced) {
  std::vector<bool> wide;
  for (int i = 0; i < grid.rank; ++i)
    if (grid.size[i] != 1) wide.push_back(reduced[i]);
  for (std::size_t i = 0; i + 2 < wide.size(); ++i)
    if (wide[i] && !wide[i + 1]) return false;
  return true;
}

void simplify(Kernel& k) {
  drop_ones(k);
  bool reduces = false;
  for (int r = 0; r < k.results; ++r) reduces = reduces || k.result[r].reduction != Reduction::none;
  if (reduces) {
    order_axes(k);
  } else {
    join_axes(k);
  }
  int skips = 0;
  for (int s = 0; s < k.skips; ++s) {
    const Operand& o = k.operand[k.skip[s]];
    if (o.stride[k.rank - 1] == 0 && o.source == Source::real && k.rank > 1) k.skip[skips++] = k.skip[s];
  }
  k.skips = skips;
}

}  // namespace vicinal::program
