#include "program/fold.hpp"

#include <algorithm>
#include <cmath>

#include "math/bessel.hpp"
#include "math/elementary.hpp"

namespace vicinal::program {
namespace {

double apply(MapOp op, double a, double b, double c, double k) {
  using T = double;
  (void)b, (void)c, (void)k;
  switch (op) {
#define VICINAL_MAP(name, operands, expression) \
  case MapOp::name:                             \
    return expression;
#include "program/map.def"
    case MapOp::load:
    case MapOp::same:
    case MapOp::below:
    case MapOp::uniform:
    case MapOp::normal:
    case MapOp::jump:
    case MapOp::result:
      return 0;
    case MapOp::constant:
      return k;
  }
  return 0;
}

// Nodes that are another node: stop, flip, like-operations that change nothing.
void resolve(Folded& f) {
  const auto& nodes = f.program.nodes;
  f.same.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& n = nodes[i];
    const bool identity = n.op == Op::stop || n.op == Op::flip ||
                          ((n.op == Op::sum_like || n.op == Op::broadcast_like) &&
                           f.shapes[i] == f.shapes[static_cast<std::size_t>(n.operands[0])]);
    f.same[i] = identity ? f.same[static_cast<std::size_t>(n.operands[0])] : static_cast<int>(i);
  }
}

void fold_numbers(Folded& f) {
  const auto& nodes = f.program.nodes;
  f.number.assign(nodes.size(), std::nullopt);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& n = nodes[i];
    const int at = static_cast<int>(i);
    if (f.same[i] != at) continue;
    switch (n.op) {
      case Op::constant:
        f.number[i] = n.value;
        break;
      case Op::epsilon:
        f.number[i] = f.element == 4 ? 0x1p-23 : 0x1p-52;
        break;
      case Op::size: {
        const Shape& s = f.shapes[static_cast<std::size_t>(n.operands[0])];
        f.number[i] = static_cast<double>(n.all ? s.count() : s.size[n.axis]);
        break;
      }
      case Op::broadcast_like:
        if (f.folded(f.operand(at, 0))) f.number[i] = f.number[static_cast<std::size_t>(f.operand(at, 0))];
        break;
      case Op::map: {
        double values[3] = {};
        bool all = n.rank == 0;
        for (int o = 0; o < f.operands(at); ++o) {
          const auto& v = f.number[static_cast<std::size_t>(f.operand(at, o))];
          all = all && v.has_value();
          values[o] = v.value_or(0);
        }
        if (all) f.number[i] = apply(n.map, values[0], values[1], values[2], n.value);
        break;
      }
      default:
        break;
    }
  }
}

void find_needed(Folded& f) {
  f.needed.assign(f.program.nodes.size(), false);
  for (const auto& o : f.program.outputs)
    f.needed[static_cast<std::size_t>(f.same[static_cast<std::size_t>(o.second)])] = true;
  for (std::size_t i = f.needed.size(); i-- > 0;) {
    if (!f.needed[i] || f.number[i].has_value()) continue;
    for (int o = 0; o < f.read_operands(static_cast<int>(i)); ++o)
      f.needed[static_cast<std::size_t>(f.operand(static_cast<int>(i), o))] = true;
  }
}

}  // namespace

int Folded::read_operands(int n) const {
  switch (node(n).op) {
    case Op::broadcast_like:
    case Op::sum_like:
    case Op::slice_like:
    case Op::pad:
    case Op::split:
    case Op::pool_spread:
      return 1;
    case Op::random:
    case Op::scatter:
    case Op::place:
    case Op::conv_data:
    case Op::conv_weight:
      return 2;
    case Op::map:
      return mirrors(n) ? 1 : operands(n);
    case Op::index:
    case Op::size:
      return 0;
    default:
      return operands(n);
  }
}

bool Folded::mirrors(int n) const {
  const Node& m = node(n);
  if (m.op != Op::map || m.map != MapOp::add || m.rank != 2) return false;
  const int x = operand(n, 0), y = operand(n, 1);
  return node(y).op == Op::transpose && operand(y, 0) == x && shape(x) == shape(n) && !folded(x);
}
bool Folded::fusable(int n) const {
  switch (node(n).op) {
    case Op::map:
      return !mirrors(n);
    case Op::same:
    case Op::below:
    case Op::real:
    case Op::index:
    case Op::random:
      return true;
    default:
      return false;
  }
}
bool Folded::is_view(int n) const {
  switch (node(n).op) {
    case Op::expand:
    case Op::drop:
    case Op::broadcast_like:
    case Op::slice:
    case Op::slice_like:
    case Op::join:
    case Op::split:
      return true;
    case Op::transpose: {  // of a row or a column
      const Shape& s = shape(n);
      return std::count_if(s.size, s.size + s.rank, [](std::int64_t size) { return size != 1; }) <= 1;
    }
    default:
      return false;
  }
}
bool Folded::reduces(int n) const {
  const Op op = node(n).op;
  return op == Op::sum || op == Op::max || op == Op::sum_like;
}
void Folded::reduced(int n, bool* axes) const {
  const Node& m = node(n);
  for (int i = 0; i < grid(n).rank; ++i) {
    const bool named = m.op == Op::sum_like ? m.rank == 0 || shape(n).size[i] == 1
                                            : m.all || std::find(m.axes.begin(), m.axes.end(), i) != m.axes.end();
    axes[i] = reduces(n) && named && grid(n).size[i] != 1;
  }
}
bool Folded::is_step(int n, const std::vector<bool>& kept) const {
  const Op op = node(n).op;
  return live(n) && !folded(n) && op != Op::input && !is_view(n) && (!fusable(n) || kept[static_cast<std::size_t>(n)]);
}
bool Folded::is_output(int n) const {
  for (const auto& o : program.outputs)
    if (same[static_cast<std::size_t>(o.second)] == n) return true;
  return false;
}

Folded fold(const Program& p, const std::vector<Shape>& inputs, int element) {
  Folded f{p, infer(p, inputs), element, {}, {}, {}};
  resolve(f);
  fold_numbers(f);
  find_needed(f);
  return f;
}

}  // namespace vicinal::program
