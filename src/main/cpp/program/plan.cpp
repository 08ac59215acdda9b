#include "program/plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "core/error.hpp"
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
    case MapOp::jump:
      return 0;
    case MapOp::constant:
      return k;
  }
  return 0;
}

bool costly(MapOp op) {
  switch (op) {
    case MapOp::exp:
    case MapOp::log:
    case MapOp::log1p:
    case MapOp::expm1:
    case MapOp::softplus:
    case MapOp::sigmoid:
    case MapOp::tanh:
    case MapOp::sin:
    case MapOp::cos:
    case MapOp::power:
      return true;
    default:
      return false;
  }
}

// Cheap work is repeated by as many kernels as like it, up to this many instructions.
constexpr int kCheap = 6;
constexpr int kCostly = 8;
constexpr int kDear = 1000;                                 // where counting stops
constexpr std::int64_t kMostBytes = std::int64_t{1} << 56;  // of temporaries; a sum with one more array fits 64 bits

// An array as its readers see it.
struct View {
  int buffer = -1;
  Source source = Source::real;
  std::int64_t offset = 0;
  std::int64_t stride[kMostRank] = {};
};

class Planner {
 public:
  Planner(const Program& p, const std::vector<Shape>& inputs, int element)
      : program_(p), nodes_(p.nodes), shapes_(infer(p, inputs)), element_(element), n_(p.nodes.size()) {}

  Plan make() {
    resolve();
    fold();
    find_needed();
    choose_kept();
    views_.assign(n_, {});
    has_view_.assign(n_, false);
    emit();
    place_buffers();
    return std::move(plan_);
  }

 private:
  const Node& node(int i) const { return nodes_[static_cast<std::size_t>(i)]; }
  const Shape& shape(int i) const { return shapes_[static_cast<std::size_t>(i)]; }
  // Operand i, identities left out.
  int operand(int n, int i) const {
    return same_[static_cast<std::size_t>(node(n).operands[static_cast<std::size_t>(i)])];
  }
  int operands(int n) const { return static_cast<int>(node(n).operands.size()); }
  bool folded(int n) const { return folded_[static_cast<std::size_t>(n)].has_value(); }

  // Nodes that are another node: stop, flip, like-operations that change nothing.
  void resolve() {
    same_.resize(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      const Node& n = nodes_[i];
      const bool identity = n.op == Op::stop || n.op == Op::flip ||
                            ((n.op == Op::sum_like || n.op == Op::broadcast_like) &&
                             shapes_[i] == shapes_[static_cast<std::size_t>(n.operands[0])]);
      same_[i] = identity ? same_[static_cast<std::size_t>(n.operands[0])] : static_cast<int>(i);
    }
  }

  void fold() {
    folded_.assign(n_, std::nullopt);
    for (std::size_t i = 0; i < n_; ++i) {
      const Node& n = nodes_[i];
      const int at = static_cast<int>(i);
      if (same_[i] != at) continue;
      switch (n.op) {
        case Op::constant:
          folded_[i] = n.value;
          break;
        case Op::epsilon:
          folded_[i] = element_ == 4 ? 0x1p-23 : 0x1p-52;
          break;
        case Op::size: {
          const Shape& s = shapes_[static_cast<std::size_t>(n.operands[0])];
          folded_[i] = static_cast<double>(n.all ? s.count() : s.size[n.axis]);
          break;
        }
        case Op::broadcast_like:
          if (folded(operand(at, 0))) folded_[i] = folded_[static_cast<std::size_t>(operand(at, 0))];
          break;
        case Op::map: {
          double values[3] = {};
          bool all = n.rank == 0;
          for (int o = 0; o < operands(at); ++o) {
            const auto& v = folded_[static_cast<std::size_t>(operand(at, o))];
            all = all && v.has_value();
            values[o] = v.value_or(0);
          }
          if (all) folded_[i] = apply(n.map, values[0], values[1], values[2], n.value);
          break;
        }
        default:
          break;
      }
    }
  }

  // Operands whose numbers are read: of like-operations, size and index only the shape of some is.
  int read_operands(int n) const {
    switch (node(n).op) {
      case Op::broadcast_like:
      case Op::sum_like:
      case Op::slice_like:
      case Op::pad:
        return 1;
      case Op::scatter:
      case Op::place:
        return 2;
      case Op::index:
      case Op::size:
        return 0;
      default:
        return operands(n);
    }
  }

  void find_needed() {
    needed_.assign(n_, false);
    for (const auto& o : program_.outputs)
      needed_[static_cast<std::size_t>(same_[static_cast<std::size_t>(o.second)])] = true;
    for (std::size_t i = n_; i-- > 0;) {
      if (!needed_[i] || folded_[i].has_value()) continue;
      for (int o = 0; o < read_operands(static_cast<int>(i)); ++o)
        needed_[static_cast<std::size_t>(operand(static_cast<int>(i), o))] = true;
    }
  }

  bool fusable(int n) const {
    switch (node(n).op) {
      case Op::map:
      case Op::same:
      case Op::below:
      case Op::real:
      case Op::index:
        return true;
      default:
        return false;
    }
  }
  bool is_view(int n) const {
    switch (node(n).op) {
      case Op::expand:
      case Op::drop:
      case Op::broadcast_like:
      case Op::slice:
      case Op::slice_like:
        return true;
      default:
        return false;
    }
  }
  bool reduces(int n) const {
    const Op op = node(n).op;
    return op == Op::sum || op == Op::max || op == Op::sum_like;
  }

  // Which fusable nodes are kept in memory of their own.
  void choose_kept() {
    kept_.assign(n_, false);
    std::vector<std::int64_t> largest(n_, 0);  // of what an unkept node is made of
    std::vector<int> cost(n_, 0), depth(n_, 0);
    std::vector<bool> deep(n_, false);
    for (std::size_t i = 0; i < n_; ++i) {
      const int at = static_cast<int>(i);
      if (same_[i] != at || !needed_[i]) continue;
      if (!fusable(at) || node(at).op == Op::index) {
        largest[i] = is_view(at) && !folded(at)               ? largest[static_cast<std::size_t>(operand(at, 0))]
                     : folded(at) || node(at).op == Op::index ? 1
                                                              : shapes_[i].count();
        continue;
      }
      cost[i] = node(at).op == Op::map && costly(node(at).map) ? kCostly : 1;
      for (int o = 0; o < operands(at); ++o) {
        const auto j = static_cast<std::size_t>(operand(at, o));
        largest[i] = std::max(largest[i], largest[j]);
        cost[i] = std::min(kDear, cost[i] + cost[j]);
        depth[i] = std::max(depth[i], depth[j] + 1);
      }
      if (depth[i] < kMostCode) continue;
      deep[i] = true;  // no kernel is that long
      depth[i] = 0;
    }
    std::vector<std::set<int>> roots(n_);
    for (std::size_t i = n_; i-- > 0;) {
      const int at = static_cast<int>(i);
      if (same_[i] != at || !needed_[i] || !fusable(at) || folded(at)) {
        if (needed_[i] && same_[i] == at) note_uses(at, roots);
        continue;
      }
      const bool grown = shapes_[i].count() > 2 * largest[i];
      const bool repeated = roots[i].size() > 1 && (cost[i] > kCheap) && !grown;
      if (is_output(at) || repeated || must_keep_.count(at) > 0 || deep[i] || roots[i].empty()) kept_[i] = true;
      note_uses(at, roots);
    }
  }
  bool is_output(int n) const {
    for (const auto& o : program_.outputs)
      if (same_[static_cast<std::size_t>(o.second)] == n) return true;
    return false;
  }
  // Tells the operands of `at` which kernels they are computed in, or that they must be kept.
  void note_uses(int at, std::vector<std::set<int>>& roots) {
    if (folded(at)) return;
    for (int o = 0; o < read_operands(at); ++o) {
      const int j = operand(at, o);
      const bool inside =
          (fusable(at) && shape(j) == shape(at)) || (reduces(at) && (o == 0 || shape(j) == shape(operand(at, 0))));
      if (!inside) {
        must_keep_.insert(j);
      } else if (fusable(at) && !kept_[static_cast<std::size_t>(at)]) {
        roots[static_cast<std::size_t>(j)].insert(roots[static_cast<std::size_t>(at)].begin(),
                                                  roots[static_cast<std::size_t>(at)].end());
      } else {
        roots[static_cast<std::size_t>(j)].insert(at);
      }
    }
  }

  static void compact(const Shape& s, std::int64_t* stride) {
    std::int64_t step = 1;
    for (int i = s.rank; i-- > 0;) {
      stride[i] = step;
      step *= s.size[i];
    }
  }
  int element_of(int n) const { return node(n).integer || node(n).rank == 0 ? 8 : element_; }
  Source source_of(int n) const {
    return node(n).integer ? Source::integer : node(n).rank == 0 ? Source::scalar : Source::real;
  }
  int new_buffer(std::int64_t count, int element) {
    plan_.buffers.push_back({Where::arena, -1, 0, count, element});
    return static_cast<int>(plan_.buffers.size()) - 1;
  }
  // The buffer that a node's result goes to: an output's own where the node is one.
  int result_buffer(int n) {
    const int buffer = new_buffer(shape(n).count(), element_of(n));
    for (std::size_t o = 0; o < program_.outputs.size(); ++o)
      if (same_[static_cast<std::size_t>(program_.outputs[o].second)] == n) {
        plan_.buffers.back().where = Where::output;
        plan_.buffers.back().index = static_cast<std::int32_t>(o);
        written_[o] = true;
        break;
      }
    return buffer;
  }
  void set_view(int n, int buffer) {
    View v;
    v.buffer = buffer;
    v.source = source_of(n);
    compact(shape(n), v.stride);
    views_[static_cast<std::size_t>(n)] = v;
    has_view_[static_cast<std::size_t>(n)] = true;
  }
  const View& view(int n) {
    const auto i = static_cast<std::size_t>(n);
    if (!has_view_[i]) {  // a folded value that must lie in memory
      if (!folded(n)) fail(VICINAL_INTERNAL, node(n).operation, " is read before it is made");
      Kernel k = grid(shape(n));
      k.code[0] = {MapOp::constant, 0, 0, 0, 0, *folded_[i]};
      k.length = 1;
      finish_kernel(k, n, result_buffer(n));
      set_view(n, static_cast<int>(k.out.buffer));
    }
    return views_[i];
  }
  bool is_compact(int n) {
    const View& v = view(n);
    std::int64_t stride[kMostRank];
    compact(shape(n), stride);
    for (int i = 0; i < shape(n).rank; ++i)
      if (shape(n).size[i] > 1 && v.stride[i] != stride[i]) return false;
    return v.offset == 0 && v.source == source_of(n);
  }
  // A compact array of the node's values: its own, or a copy.
  int compact_buffer(int n) {
    if (is_compact(n)) return view(n).buffer;
    const int buffer = new_buffer(shape(n).count(), element_of(n));
    copy(n, buffer, nullptr, 0);
    return buffer;
  }
  // Writes the node's values to a buffer, at strides of its own where they are given.
  void copy(int n, int buffer, const std::int64_t* stride, std::int64_t offset) {
    if (stride == nullptr && is_compact(n)) {  // always so of ints: none of their views is any other
      Step step{};
      step.kind = Step::Kind::copy;
      step.x = view(n).buffer;
      step.out = buffer;
      plan_.steps.push_back(step);
      return;
    }
    Kernel k = grid(shape(n));
    k.operand[0] = as_operand(n, shape(n));
    k.operands = 1;
    k.code[0] = {MapOp::load, 0, 0, 0, 0, 0};
    k.length = 1;
    finish_kernel(k, n, buffer, stride, offset);
  }

  static Kernel grid(const Shape& s) {
    Kernel k{};
    k.rank = s.rank;
    for (int i = 0; i < s.rank; ++i) k.size[i] = s.size[i];
    k.where = -1;
    return k;
  }
  // The node over a grid: repeated axes have stride 0.
  Operand as_operand(int n, const Shape& grid) {
    const View& v = view(n);
    Operand o{v.source, v.buffer, v.offset, {}};
    const Shape& s = shape(n);
    if (s.rank == 0) return o;
    for (int i = 0; i < grid.rank; ++i) o.stride[i] = s.size[i] == 1 ? 0 : v.stride[i];
    return o;
  }

  // The code of one kernel.
  struct Code {
    Kernel k;
    Shape grid;
    std::map<int, int> values;  // node to virtual register
    struct Virtual {
      MapOp op;
      int a, b, c;
      double k;
    };
    std::vector<Virtual> list;
    bool full = false;
    std::vector<int> inlined;
  };
  int put(Code& code, MapOp op, int a, int b, int c, double k) {
    code.list.push_back({op, a, b, c, k});
    return static_cast<int>(code.list.size()) - 1;
  }
  int put_operand(Code& code, const Operand& o) {
    if (code.k.operands == kMostOperands) {
      code.full = true;
      return 0;
    }
    code.k.operand[code.k.operands] = o;
    return code.k.operands++;
  }
  int value(Code& code, int n) {
    const auto at = code.values.find(n);
    if (at != code.values.end()) return at->second;
    code.full = code.full || code.list.size() > kMostCode;
    if (code.full) return 0;
    int r;
    if (folded(n)) {
      r = put(code, MapOp::constant, -1, -1, -1, *folded_[static_cast<std::size_t>(n)]);
    } else if (fusable(n) && !has_view_[static_cast<std::size_t>(n)] && shape(n) == code.grid) {
      r = expression(code, n);
      code.inlined.push_back(n);
    } else {
      r = put(code, MapOp::load, put_operand(code, as_operand(n, code.grid)), -1, -1, 0);
    }
    code.values[n] = r;
    return r;
  }
  int expression(Code& code, int n) {
    const Node& m = node(n);
    switch (m.op) {
      case Op::same:
      case Op::below: {
        const int a = put_operand(code, as_operand(operand(n, 0), code.grid));
        return put(code, m.map, a, put_operand(code, as_operand(operand(n, 1), code.grid)), -1, 0);
      }
      case Op::real:
        return put(code, MapOp::load, put_operand(code, as_operand(operand(n, 0), code.grid)), -1, -1, 0);
      case Op::index: {
        Operand o{Source::position, -1, 0, {}};
        o.stride[m.axis] = 1;
        return put(code, MapOp::load, put_operand(code, o), -1, -1, 0);
      }
      default: {
        int r[3] = {-1, -1, -1};
        for (int i = 0; i < operands(n); ++i) r[i] = value(code, operand(n, i));
        return put(code, m.map, r[0], r[1], r[2], m.value);
      }
    }
  }
  static bool registers(MapOp op) { return op < MapOp::load || op == MapOp::jump; }  // a, b, c are registers

  // Operands whose zeros leave nothing of the value r: masks in front of which it is selected.
  void find_skips(const Code& code, int r, std::set<int>& seen, std::set<int>& skips) const {
    if (!seen.insert(r).second) return;
    const Code::Virtual& v = code.list[static_cast<std::size_t>(r)];
    switch (v.op) {
      case MapOp::select:
        if (is_zero(code, v.c)) {
          const Code::Virtual& mask = code.list[static_cast<std::size_t>(v.a)];
          if (mask.op == MapOp::load) skips.insert(mask.a);
          find_skips(code, v.b, seen, skips);
        }
        break;
      case MapOp::mul:
        find_skips(code, v.a, seen, skips);
        find_skips(code, v.b, seen, skips);
        break;
      case MapOp::neg:
        find_skips(code, v.a, seen, skips);
        break;
      case MapOp::div:
        find_skips(code, v.a, seen, skips);
        break;
      default:
        break;
    }
  }
  static bool is_zero(const Code& code, int r) {
    const Code::Virtual& v = code.list[static_cast<std::size_t>(r)];
    return v.op == MapOp::constant && v.k == 0;
  }

  // What is computed only to be selected by a mask, else 0, moves in front of the select, with a jump over both for
  // where the mask is 0. What tells `where` stays in front.
  static void put_jumps(Code& code, int& result, int& where) {
    const auto& list = code.list;
    const int length = static_cast<int>(list.size());
    std::vector<std::vector<std::pair<int, int>>> users(list.size());  // who reads it, as which operand
    for (int i = 0; i < length; ++i) {
      const Code::Virtual& v = list[static_cast<std::size_t>(i)];
      if (!registers(v.op)) continue;
      const int operands[3] = {v.a, v.b, v.c};
      for (int o = 0; o < 3; ++o)
        if (operands[o] >= 0) users[static_cast<std::size_t>(operands[o])].emplace_back(i, o);
    }
    for (int r : {result, where})
      if (r >= 0) users[static_cast<std::size_t>(r)].emplace_back(length, 0);
    std::vector<int> select_of(list.size(), -1), inside(list.size(), 0);
    for (int r = length; r-- > code.k.masks;) {
      const Code::Virtual& v = list[static_cast<std::size_t>(r)];
      if (v.op != MapOp::select || !is_zero(code, v.c) || select_of[static_cast<std::size_t>(r)] >= 0) continue;
      std::vector<int> branch;
      std::vector<bool> in(list.size(), false);
      int cost = 0;
      for (int i = v.b; i >= code.k.masks; --i) {
        bool only = true;
        for (const auto& u : users[static_cast<std::size_t>(i)])
          only = only && (u.first == r ? u.second == 1 : u.first < length && in[static_cast<std::size_t>(u.first)]);
        if (!only || select_of[static_cast<std::size_t>(i)] >= 0) continue;
        in[static_cast<std::size_t>(i)] = true;
        branch.push_back(i);
        cost += costly(list[static_cast<std::size_t>(i)].op) ? kCostly : 1;
      }
      if (cost <= kCheap) continue;
      for (int i : branch) select_of[static_cast<std::size_t>(i)] = r;
      inside[static_cast<std::size_t>(r)] = static_cast<int>(branch.size());
    }
    std::vector<Code::Virtual> ordered;
    std::vector<int> place(list.size());
    const auto move = [&](int i) {
      place[static_cast<std::size_t>(i)] = static_cast<int>(ordered.size());
      ordered.push_back(list[static_cast<std::size_t>(i)]);
    };
    for (int i = 0; i < length; ++i) {
      if (select_of[static_cast<std::size_t>(i)] >= 0) continue;
      if (inside[static_cast<std::size_t>(i)] > 0) {
        const double over = inside[static_cast<std::size_t>(i)];
        ordered.push_back({MapOp::jump, list[static_cast<std::size_t>(i)].a, -1, -1, over});
        for (int j = 0; j < i; ++j)
          if (select_of[static_cast<std::size_t>(j)] == i) move(j);
      }
      move(i);
    }
    for (Code::Virtual& v : ordered)
      if (registers(v.op))
        for (int* r : {&v.a, &v.b, &v.c})
          if (*r >= 0) *r = place[static_cast<std::size_t>(*r)];
    for (int* r : {&result, &where})
      if (*r >= 0) *r = place[static_cast<std::size_t>(*r)];
    code.list = std::move(ordered);
  }

  // Registers of the machine for virtual ones: free again after their last reader. False: there are too few.
  static bool assign(Code& code, int result, int where) {
    const int length = static_cast<int>(code.list.size());
    if (length > kMostCode) return false;
    std::vector<int> last(static_cast<std::size_t>(length), -1), reg(static_cast<std::size_t>(length), -1);
    for (int i = 0; i < length; ++i) {
      const auto& v = code.list[static_cast<std::size_t>(i)];
      if (!registers(v.op)) continue;
      for (int r : {v.a, v.b, v.c})
        if (r >= 0) last[static_cast<std::size_t>(r)] = i;
    }
    for (int r : {result, where})
      if (r >= 0) last[static_cast<std::size_t>(r)] = length;
    std::vector<int> free;
    for (int r = kMostRegisters; r-- > 0;) free.push_back(r);
    for (int i = 0; i < length; ++i) {
      const auto& v = code.list[static_cast<std::size_t>(i)];
      Instruction in{v.op, 0, 0, 0, 0, v.k};
      if (registers(v.op)) {
        const int from[3] = {v.a, v.b, v.c};
        std::uint8_t* const to[3] = {&in.a, &in.b, &in.c};
        for (int o = 0; o < 3; ++o)
          if (from[o] >= 0) *to[o] = static_cast<std::uint8_t>(reg[static_cast<std::size_t>(from[o])]);
        std::set<int> once;
        for (int r : from)
          if (r >= 0 && last[static_cast<std::size_t>(r)] == i && once.insert(r).second)
            free.push_back(reg[static_cast<std::size_t>(r)]);
      } else if (v.op != MapOp::constant) {
        in.a = static_cast<std::uint8_t>(v.a);
        in.b = static_cast<std::uint8_t>(std::max(v.b, 0));
      }
      if (v.op == MapOp::jump) {
        code.k.code[i] = in;
        continue;
      }
      if (free.empty()) return false;
      in.to = static_cast<std::uint8_t>(free.back());
      reg[static_cast<std::size_t>(i)] = free.back();
      free.pop_back();
      code.k.code[i] = in;
    }
    code.k.length = length;
    code.k.result = static_cast<std::uint8_t>(reg[static_cast<std::size_t>(result)]);
    code.k.where = static_cast<std::int16_t>(where < 0 ? -1 : reg[static_cast<std::size_t>(where)]);
    return true;
  }

  // Emits the kernel of a kept fusable node or of a reduction. Of what is too long for one, a part gets its own first.
  void emit_kernel(int n) {
    Code code;
    while (!build(code, n)) {
      if (code.inlined.empty()) fail(VICINAL_INTERNAL, node(n).operation, ": an expression of one step is too long");
      emit_kernel(code.inlined[code.inlined.size() / 2]);
    }
    const int buffer = result_buffer(n);
    finish_kernel(code.k, n, buffer);
    set_view(n, buffer);
  }
  // False if the kernel's limits are too narrow.
  bool build(Code& code, int n) {
    code = {};
    const bool reduction = reduces(n);
    const int x = reduction ? operand(n, 0) : n;
    code.grid = shape(x);
    code.k = grid(code.grid);
    int where = -1;
    if (reduction) k_reduction(code.k, n);
    if (reduction && node(n).op != Op::sum_like && operands(n) == 2) where = value(code, operand(n, 1));
    code.k.masks = static_cast<std::int32_t>(code.list.size());
    int result = reduction ? value(code, x) : expression(code, n);
    if (code.full) return false;
    std::set<int> seen, skips;
    if (where >= 0 && code.list[static_cast<std::size_t>(where)].op == MapOp::load)
      skips.insert(code.list[static_cast<std::size_t>(where)].a);
    if (code.k.reduction == Reduction::sum) find_skips(code, result, seen, skips);
    put_jumps(code, result, where);
    if (!assign(code, result, where)) return false;
    for (int s : skips)
      if (code.k.skips < kMostSkips) code.k.skip[code.k.skips++] = static_cast<std::uint8_t>(s);
    return true;
  }
  void k_reduction(Kernel& k, int n) const {
    const Node& m = node(n);
    k.reduction = m.op == Op::max ? Reduction::largest : Reduction::sum;
    k.empty = m.op == Op::max ? m.value : 0;
    const bool all = m.op == Op::sum_like ? m.rank == 0 : m.all;
    for (int i = 0; i < k.rank; ++i) {
      if (m.op == Op::sum_like) {
        k.reduced[i] = all || (shape(n).size[i] == 1 && k.size[i] != 1);
      } else {
        k.reduced[i] = all || std::find(m.axes.begin(), m.axes.end(), i) != m.axes.end();
      }
    }
  }

  // The result's strides, then the kernel's simplest form: no axes of size 1, neighbours joined where every operand
  // allows it, kept axes outside reduced ones.
  void finish_kernel(Kernel& k, int n, int buffer, const std::int64_t* stride = nullptr, std::int64_t offset = 0) {
    k.out.buffer = buffer;
    k.out.offset = offset;
    k.out.source = node(n).rank == 0 ? Source::scalar : Source::real;
    if (stride != nullptr) {
      for (int i = 0; i < k.rank; ++i) k.out.stride[i] = stride[i];
    } else {
      std::int64_t step = 1;
      for (int i = k.rank; i-- > 0;)
        if (!k.reduced[i]) {
          k.out.stride[i] = step;
          step *= k.size[i];
        }
    }
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
    Step step{};
    step.kind = Step::Kind::kernel;
    step.at = static_cast<std::int32_t>(plan_.kernels.size());
    plan_.kernels.push_back(k);
    plan_.steps.push_back(step);
  }
  template <class Body>
  static void each_operand(Kernel& k, Body&& body) {
    for (int i = 0; i < k.operands; ++i) body(k.operand[i]);
    body(k.out);
  }
  static void erase_axis(Kernel& k, int axis) {
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
  static void drop_ones(Kernel& k) {
    for (int i = k.rank; i-- > 0;)
      if (k.size[i] == 1 && k.rank > 1) erase_axis(k, i);
    if (k.rank == 0) {
      k.rank = 1;
      k.size[0] = 1;
      k.reduced[0] = k.reduction != Reduction::none;
    }
  }
  static bool joins(const Kernel& k, int i) {
    if (k.reduced[i] != k.reduced[i + 1]) return false;
    bool all = true;
    Kernel& m = const_cast<Kernel&>(k);
    each_operand(m, [&](const Operand& o) { all = all && o.stride[i] == o.stride[i + 1] * k.size[i + 1]; });
    return all;
  }

  void emit_axis(int n, AxisOp op, int x, int other, int index, std::int64_t m) {
    const Shape& s = op == AxisOp::place ? shape(n) : shape(x);
    const Node& d = node(n);
    const bool rows = d.op == Op::gather || d.op == Op::scatter;
    const int axis = rows ? 0 : d.axis;
    AxisStep a{op, d.reverse, rows, 1, s.size[axis], m, 1};
    for (int i = 0; i < axis; ++i) a.outer *= s.size[i];
    for (int i = axis + 1; i < s.rank; ++i) a.inner *= s.size[i];
    Step step{};
    step.kind = Step::Kind::axis;
    step.x = compact_buffer(x);
    step.other = other < 0 ? -1 : full_buffer(other, shape(x));
    step.index = index < 0 ? -1 : compact_buffer(index);
    if (index >= 0) note_check(step.index, node(index).name, a.n);
    step.out = result_buffer(n);
    step.at = static_cast<std::int32_t>(plan_.axes.size());
    plan_.axes.push_back(a);
    plan_.steps.push_back(step);
    set_view(n, step.out);
  }
  void note_check(int buffer, const std::string& name, std::int64_t bound) {
    const Buffer& b = plan_.buffers[static_cast<std::size_t>(buffer)];
    if (b.where != Where::input) return;
    for (IndexCheck& c : plan_.checks)
      if (c.input == b.index) {
        c.bound = std::min(c.bound, bound);
        return;
      }
    plan_.checks.push_back({b.index, b.count, bound, name});
  }
  // The node repeated to a shape, compact.
  int full_buffer(int n, const Shape& s) {
    if (shape(n) == s) return compact_buffer(n);
    Kernel k = grid(s);
    k.operand[0] = as_operand(n, s);
    k.operands = 1;
    k.code[0] = {MapOp::load, 0, 0, 0, 0, 0};
    k.length = 1;
    const int buffer = new_buffer(s.count(), element_);
    finish_kernel(k, n, buffer);
    plan_.kernels.back().scalar = false;
    plan_.kernels.back().out.source = Source::real;
    return buffer;
  }

  void emit() {
    written_.assign(program_.outputs.size(), false);
    int input = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const int n = static_cast<int>(i);
      const Node& m = nodes_[i];
      if (m.op == Op::input) {
        plan_.buffers.push_back({Where::input, input++, 0, shape(n).count(), element_of(n)});
        set_view(n, static_cast<int>(plan_.buffers.size()) - 1);
        continue;
      }
      if (same_[i] != n || !needed_[i] || folded(n)) continue;
      if (fusable(n)) {
        if (kept_[i]) emit_kernel(n);
        continue;
      }
      emit_node(n);
    }
    for (std::size_t o = 0; o < program_.outputs.size(); ++o) {
      const int n = same_[static_cast<std::size_t>(program_.outputs[o].second)];
      plan_.outputs.push_back(shape(n));
      if (written_[o]) continue;
      if (folded(n) && !has_view_[static_cast<std::size_t>(n)]) {
        view(n);  // written straight to the output
        if (written_[o]) continue;
      }
      const int buffer = new_buffer(shape(n).count(), element_of(n));
      plan_.buffers.back().where = Where::output;
      plan_.buffers.back().index = static_cast<std::int32_t>(o);
      copy(n, buffer, nullptr, 0);
    }
  }

  void emit_node(int n) {
    const Node& m = node(n);
    switch (m.op) {
      case Op::expand:
      case Op::drop: {
        View v = view(operand(n, 0));
        const View from = v;
        const int rank = node(operand(n, 0)).rank;
        if (m.op == Op::expand) {
          for (int i = rank; i > m.axis; --i) v.stride[i] = from.stride[i - 1];
          v.stride[m.axis] = 0;
          if (rank == 0 && !m.integer) {  // from a double to the run's type
            Kernel k = grid(shape(n));
            k.operand[0] = {Source::scalar, from.buffer, from.offset, {}};
            k.operands = 1;
            k.code[0] = {MapOp::load, 0, 0, 0, 0, 0};
            k.length = 1;
            const int buffer = result_buffer(n);
            finish_kernel(k, n, buffer);
            set_view(n, buffer);
            return;
          }
        } else {
          for (int i = m.axis; i + 1 < rank; ++i) v.stride[i] = from.stride[i + 1];
          if (rank == 1 && !m.integer) {  // to a double
            Kernel k = grid(shape(operand(n, 0)));
            k.operand[0] = as_operand(operand(n, 0), shape(operand(n, 0)));
            k.operands = 1;
            k.code[0] = {MapOp::load, 0, 0, 0, 0, 0};
            k.length = 1;
            const int buffer = result_buffer(n);
            finish_kernel(k, n, buffer);
            set_view(n, buffer);
            return;
          }
        }
        views_[static_cast<std::size_t>(n)] = v;
        has_view_[static_cast<std::size_t>(n)] = true;
        return;
      }
      case Op::broadcast_like: {
        const int x = operand(n, 0);
        View v = view(x);
        const Operand o = as_operand(x, shape(n));
        std::copy(o.stride, o.stride + kMostRank, v.stride);
        views_[static_cast<std::size_t>(n)] = v;
        has_view_[static_cast<std::size_t>(n)] = true;
        return;
      }
      case Op::slice:
      case Op::slice_like: {
        View v = view(operand(n, 0));
        const std::int64_t size = shape(operand(n, 0)).size[m.axis], length = shape(n).size[m.axis];
        v.offset += part_begin(m, size, length) * v.stride[m.axis];
        views_[static_cast<std::size_t>(n)] = v;
        has_view_[static_cast<std::size_t>(n)] = true;
        return;
      }
      case Op::sum_like:
      case Op::sum:
      case Op::max:
        emit_kernel(n);
        return;
      case Op::argmax:
        emit_axis(n, AxisOp::argmax, operand(n, 0), operands(n) == 2 ? operand(n, 1) : -1, -1, 1);
        return;
      case Op::cumsum:
        emit_axis(n, AxisOp::cumsum, operand(n, 0), -1, -1, 0);
        return;
      case Op::gather:
        emit_axis(n, AxisOp::pick, operand(n, 0), -1, operand(n, 1), shape(operand(n, 1)).size[0]);
        return;
      case Op::pick:
        emit_axis(n, AxisOp::pick, operand(n, 0), -1, operand(n, 1), shape(operand(n, 1)).size[m.axis]);
        return;
      case Op::scatter:
        emit_axis(n, AxisOp::place, operand(n, 0), -1, operand(n, 1), shape(operand(n, 1)).size[0]);
        return;
      case Op::place:
        emit_axis(n, AxisOp::place, operand(n, 0), -1, operand(n, 1), shape(operand(n, 1)).size[m.axis]);
        return;
      case Op::matmul: {
        MatmulStep g{m.transpose_a, m.transpose_b, shape(n).size[0], shape(n).size[1],
                     shape(operand(n, 0)).size[!m.transpose_a]};
        Step step{};
        step.kind = Step::Kind::matmul;
        step.x = compact_buffer(operand(n, 0));
        step.other = compact_buffer(operand(n, 1));
        step.out = result_buffer(n);
        step.at = static_cast<std::int32_t>(plan_.matmuls.size());
        plan_.matmuls.push_back(g);
        plan_.steps.push_back(step);
        set_view(n, step.out);
        return;
      }
      case Op::transpose: {
        const int x = operand(n, 0);
        const int buffer = result_buffer(n);
        Kernel k = grid(shape(n));
        Operand o{view(x).source, view(x).buffer, view(x).offset, {}};
        for (int i = 0; i < m.rank; ++i) o.stride[i] = view(x).stride[m.axes[static_cast<std::size_t>(i)]];
        k.operand[0] = o;
        k.operands = 1;
        k.code[0] = {MapOp::load, 0, 0, 0, 0, 0};
        k.length = 1;
        finish_kernel(k, n, buffer);
        set_view(n, buffer);
        return;
      }
      case Op::concat:
      case Op::pad: {
        const int buffer = result_buffer(n);
        std::int64_t stride[kMostRank];
        compact(shape(n), stride);
        if (m.op == Op::pad) {
          Kernel k = grid(shape(n));
          k.code[0] = {MapOp::constant, 0, 0, 0, 0, 0};
          k.length = 1;
          finish_kernel(k, n, buffer);
          const std::int64_t length = shape(operand(n, 0)).size[m.axis];
          copy(operand(n, 0), buffer, stride, part_begin(m, shape(n).size[m.axis], length) * stride[m.axis]);
        } else {
          copy(operand(n, 0), buffer, stride, 0);
          copy(operand(n, 1), buffer, stride, shape(operand(n, 0)).size[m.axis] * stride[m.axis]);
        }
        set_view(n, buffer);
        return;
      }
      default:
        fail(VICINAL_INTERNAL, "no step for ", m.operation);
    }
  }

  // Places in the arena: a buffer lives from its first step to its last; first fit, the largest first.
  void place_buffers() {
    const std::size_t count = plan_.buffers.size();
    std::vector<int> first(count, std::numeric_limits<int>::max()), last(count, -1);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const auto use = [&](int b) {
        if (b < 0) return;
        const auto i = static_cast<std::size_t>(b);
        first[i] = std::min(first[i], static_cast<int>(s));
        last[i] = std::max(last[i], static_cast<int>(s));
      };
      const Step& step = plan_.steps[s];
      if (step.kind == Step::Kind::kernel) {
        const Kernel& k = plan_.kernels[static_cast<std::size_t>(step.at)];
        for (int o = 0; o < k.operands; ++o) use(k.operand[o].buffer);
        use(k.out.buffer);
      } else {
        for (int b : {step.x, step.other, step.index, step.out}) use(b);
      }
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < count; ++i)
      if (plan_.buffers[i].where == Where::arena && last[i] >= 0) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return bytes(plan_.buffers[a]) > bytes(plan_.buffers[b]); });
    std::vector<std::size_t> placed;
    for (std::size_t i : order) {
      std::vector<std::pair<std::int64_t, std::int64_t>> taken;
      for (std::size_t j : placed)
        if (first[i] <= last[j] && first[j] <= last[i])
          taken.emplace_back(plan_.buffers[j].offset, plan_.buffers[j].offset + bytes(plan_.buffers[j]));
      std::sort(taken.begin(), taken.end());
      std::int64_t at = 0;
      for (const auto& t : taken) {
        if (at + bytes(plan_.buffers[i]) <= t.first) break;
        at = std::max(at, t.second);
      }
      plan_.buffers[i].offset = at;
      plan_.arena_bytes = std::max(plan_.arena_bytes, at + bytes(plan_.buffers[i]));
      require(plan_.arena_bytes < kMostBytes, "the program's temporaries are too large");
      placed.push_back(i);
    }
  }
  static std::int64_t bytes(const Buffer& b) { return (b.count * b.element + 255) / 256 * 256; }

  const Program& program_;
  const std::vector<Node>& nodes_;
  std::vector<Shape> shapes_;
  int element_;
  std::size_t n_;
  std::vector<int> same_;
  std::vector<std::optional<double>> folded_;
  std::vector<bool> needed_, kept_, has_view_, written_;
  std::set<int> must_keep_;
  std::vector<View> views_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const Program& p, const std::vector<Shape>& inputs, int element) {
  return Planner(p, inputs, element).make();
}

}  // namespace vicinal::program
