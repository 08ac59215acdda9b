#include <utility>

#include "program/code.hpp"

namespace vicinal::program {
namespace {

template <class Body>
void each_operand(Kernel& k, Body&& body) {
  for (int i = 0; i < k.operands; ++i) body(k.operand[i]);
  body(k.out);
}
void erase_axis(Kernel& k, int axis) {
  each_operand(k, [&](Operand& o) {
    for (int i = axis; i + 1 < k.rank; ++i) o.stride[i] = o.stride[i + 1];
    o.stride[k.rank - 1] = 0;
  });
  for (int i = axis; i + 1 < k.rank; ++i) {
    k.size[i] = k.size[i + 1];
    k.reduced[i] = k.reduced[i + 1];
  }
  --k.rank;
}
void drop_ones(Kernel& k) {
  for (int i = k.rank; i-- > 0;)
    if (k.size[i] == 1 && k.rank > 1) erase_axis(k, i);
  if (k.rank == 0) {
    k.rank = 1;
    k.size[0] = 1;
    k.reduced[0] = k.reduction != Reduction::none;
  }
}
bool joins(const Kernel& k, int i) {
  if (k.reduced[i] != k.reduced[i + 1]) return false;
  bool all = true;
  Kernel& m = const_cast<Kernel&>(k);
  each_operand(m, [&](const Operand& o) { all = all && o.stride[i] == o.stride[i + 1] * k.size[i + 1]; });
  return all;
}

}  // namespace

void simplify(Kernel& k) {
  drop_ones(k);
  k.scalar = k.out.source == Source::scalar && k.rank == 1 && k.size[0] == 1;
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
  bool moved = k.rank > 2;
  while (moved) {
    moved = false;
    for (int i = 0; i + 2 < k.rank; ++i)
      if (k.reduced[i] && !k.reduced[i + 1]) {
        std::swap(k.size[i], k.size[i + 1]);
        std::swap(k.reduced[i], k.reduced[i + 1]);
        each_operand(k, [&](Operand& o) { std::swap(o.stride[i], o.stride[i + 1]); });
        moved = true;
      }
  }
  int skips = 0;
  for (int s = 0; s < k.skips; ++s) {
    const Operand& o = k.operand[k.skip[s]];
    if (o.stride[k.rank - 1] == 0 && o.source == Source::real && k.rank > 1) k.skip[skips++] = k.skip[s];
  }
  k.skips = skips;
}

}  // namespace vicinal::program
