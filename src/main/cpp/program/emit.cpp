#include "program/emit.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "program/code.hpp"

namespace vicinal::program {
namespace {

// An array as its readers see it.
struct View {
  int buffer = -1;
  Source source = Source::real;
  std::int64_t offset = 0;
  std::int64_t stride[kMostRank] = {};
};

class Emitter {
 public:
  Emitter(const Folded& f, const std::vector<bool>& kept, Plan& plan)
      : f_(f), kept_(kept), plan_(plan), views_(f.shapes.size()), has_view_(f.shapes.size(), false) {}

  void emit() {
    written_.assign(f_.program.outputs.size(), false);
    int input = 0;
    for (std::size_t i = 0; i < f_.shapes.size(); ++i) {
      const int n = static_cast<int>(i);
      const Node& m = f_.program.nodes[i];
      if (m.op == Op::input) {
        plan_.buffers.push_back({Where::input, input++, 0, f_.shape(n).count(), element_of(n)});
        set_view(n, static_cast<int>(plan_.buffers.size()) - 1);
        continue;
      }
      if (f_.same[i] != n || !f_.needed[i] || f_.folded(n)) continue;
      if (f_.fusable(n)) {
        if (kept_[i]) emit_kernel(n);
        continue;
      }
      emit_node(n);
    }
    for (std::size_t o = 0; o < f_.program.outputs.size(); ++o) {
      const int n = f_.same[static_cast<std::size_t>(f_.program.outputs[o].second)];
      plan_.outputs.push_back(f_.shape(n));
      if (written_[o]) continue;
      if (f_.folded(n) && !has_view_[static_cast<std::size_t>(n)]) {
        view(n);  // written straight to the output
        if (written_[o]) continue;
      }
      const int buffer = new_buffer(f_.shape(n).count(), element_of(n));
      plan_.buffers.back().where = Where::output;
      plan_.buffers.back().index = static_cast<std::int32_t>(o);
      copy(n, buffer, nullptr, 0);
    }
  }

 private:
  static void compact(const Shape& s, std::int64_t* stride) {
    std::int64_t step = 1;
    for (int i = s.rank; i-- > 0;) {
      stride[i] = step;
      step *= s.size[i];
    }
  }
  int element_of(int n) const { return f_.node(n).integer || f_.node(n).rank == 0 ? 8 : f_.element; }
  Source source_of(int n) const {
    return f_.node(n).integer ? Source::integer : f_.node(n).rank == 0 ? Source::scalar : Source::real;
  }
  int new_buffer(std::int64_t count, int element) {
    plan_.buffers.push_back({Where::arena, -1, 0, count, element});
    return static_cast<int>(plan_.buffers.size()) - 1;
  }
  // The buffer that a node's result goes to: an output's own where the node is one.
  int result_buffer(int n) {
    const int buffer = new_buffer(f_.shape(n).count(), element_of(n));
    for (std::size_t o = 0; o < f_.program.outputs.size(); ++o)
      if (f_.same[static_cast<std::size_t>(f_.program.outputs[o].second)] == n) {
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
    compact(f_.shape(n), v.stride);
    views_[static_cast<std::size_t>(n)] = v;
    has_view_[static_cast<std::size_t>(n)] = true;
  }
  const View& view(int n) {
    const auto i = static_cast<std::size_t>(n);
    if (!has_view_[i]) {  // a folded value that must lie in memory
      if (!f_.folded(n)) fail(VICINAL_INTERNAL, f_.node(n).operation, " is read before it is made");
      Kernel k = grid(f_.shape(n));
      k.code[0] = {MapOp::constant, 0, 0, 0, 0, *f_.number[i]};
      k.length = 1;
      finish_kernel(k, n, result_buffer(n));
      set_view(n, static_cast<int>(k.out.buffer));
    }
    return views_[i];
  }
  bool is_compact(int n) {
    const View& v = view(n);
    std::int64_t stride[kMostRank];
    compact(f_.shape(n), stride);
    for (int i = 0; i < f_.shape(n).rank; ++i)
      if (f_.shape(n).size[i] > 1 && v.stride[i] != stride[i]) return false;
    return v.offset == 0 && v.source == source_of(n);
  }
  // A compact array of the node's values: its own, or a copy.
  int compact_buffer(int n) {
    if (is_compact(n)) return view(n).buffer;
    const int buffer = new_buffer(f_.shape(n).count(), element_of(n));
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
    Kernel k = reading(f_.shape(n), as_operand(n, f_.shape(n)));
    finish_kernel(k, n, buffer, stride, offset);
  }

  static Kernel grid(const Shape& s) {
    Kernel k{};
    k.rank = s.rank;
    for (int i = 0; i < s.rank; ++i) k.size[i] = s.size[i];
    k.where = -1;
    return k;
  }
  // The values of one operand as they are.
  static Kernel reading(const Shape& s, const Operand& o) {
    Kernel k = grid(s);
    k.operand[0] = o;
    k.operands = 1;
    k.code[0] = {MapOp::load, 0, 0, 0, 0, 0};
    k.length = 1;
    return k;
  }
  // The node over a grid: repeated axes have stride 0.
  Operand as_operand(int n, const Shape& grid) {
    const View& v = view(n);
    Operand o{v.source, v.buffer, v.offset, {}};
    const Shape& s = f_.shape(n);
    if (s.rank == 0) return o;
    for (int i = 0; i < grid.rank; ++i) o.stride[i] = s.size[i] == 1 ? 0 : v.stride[i];
    return o;
  }

  int value(Code& code, int n) {
    const auto at = code.values.find(n);
    if (at != code.values.end()) return at->second;
    code.full = code.full || code.list.size() > kMostCode;
    if (code.full) return 0;
    int r;
    if (f_.folded(n)) {
      r = code.put(MapOp::constant, -1, -1, -1, *f_.number[static_cast<std::size_t>(n)]);
    } else if (f_.fusable(n) && !has_view_[static_cast<std::size_t>(n)] && f_.shape(n) == code.grid) {
      r = expression(code, n);
      code.inlined.push_back(n);
    } else {
      r = code.put(MapOp::load, code.put_operand(as_operand(n, code.grid)), -1, -1, 0);
    }
    code.values[n] = r;
    return r;
  }
  int expression(Code& code, int n) {
    const Node& m = f_.node(n);
    switch (m.op) {
      case Op::same:
      case Op::below: {
        const int a = code.put_operand(as_operand(f_.operand(n, 0), code.grid));
        return code.put(m.map, a, code.put_operand(as_operand(f_.operand(n, 1), code.grid)), -1, 0);
      }
      case Op::real:
        return code.put(MapOp::load, code.put_operand(as_operand(f_.operand(n, 0), code.grid)), -1, -1, 0);
      case Op::index: {
        Operand o{Source::position, -1, 0, {}};
        o.stride[m.axis] = 1;
        return code.put(MapOp::load, code.put_operand(o), -1, -1, 0);
      }
      default: {
        int r[3] = {-1, -1, -1};
        for (int i = 0; i < f_.operands(n); ++i) r[i] = value(code, f_.operand(n, i));
        return code.put(m.map, r[0], r[1], r[2], m.value);
      }
    }
  }
  // Emits the kernel of a kept fusable node or of a reduction. Of what is too long for one, a part gets its own first.
  void emit_kernel(int n) {
    Code code;
    while (!build(code, n)) {
      if (code.inlined.empty()) fail(VICINAL_INTERNAL, f_.node(n).operation, ": an expression of one step is too long");
      emit_kernel(code.inlined[code.inlined.size() / 2]);
    }
    const int buffer = result_buffer(n);
    finish_kernel(code.k, n, buffer);
    set_view(n, buffer);
  }
  // False if the kernel's limits are too narrow.
  bool build(Code& code, int n) {
    code = {};
    const bool reduction = f_.reduces(n);
    const int x = reduction ? f_.operand(n, 0) : n;
    code.grid = f_.shape(x);
    code.k = grid(code.grid);
    int where = -1;
    if (reduction) k_reduction(code.k, n);
    if (reduction && f_.node(n).op != Op::sum_like && f_.operands(n) == 2) where = value(code, f_.operand(n, 1));
    code.k.masks = static_cast<std::int32_t>(code.list.size());
    const int result = reduction ? value(code, x) : expression(code, n);
    return code.finish(result, where);
  }
  void k_reduction(Kernel& k, int n) const {
    const Node& m = f_.node(n);
    k.reduction = m.op == Op::max ? Reduction::largest : Reduction::sum;
    k.empty = m.op == Op::max ? m.value : 0;
    const bool all = m.op == Op::sum_like ? m.rank == 0 : m.all;
    for (int i = 0; i < k.rank; ++i) {
      if (m.op == Op::sum_like) {
        k.reduced[i] = all || (f_.shape(n).size[i] == 1 && k.size[i] != 1);
      } else {
        k.reduced[i] = all || std::find(m.axes.begin(), m.axes.end(), i) != m.axes.end();
      }
    }
  }

  // The result's strides, then a step that runs the kernel.
  void finish_kernel(Kernel& k, int n, int buffer, const std::int64_t* stride = nullptr, std::int64_t offset = 0) {
    k.out.buffer = buffer;
    k.out.offset = offset;
    k.out.source = f_.node(n).rank == 0 ? Source::scalar : Source::real;
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
    simplify(k);
    Step step{};
    step.kind = Step::Kind::kernel;
    step.at = static_cast<std::int32_t>(plan_.kernels.size());
    plan_.kernels.push_back(k);
    plan_.steps.push_back(step);
  }

  void emit_reading(int n, const Shape& s, const Operand& o) {
    Kernel k = reading(s, o);
    const int buffer = result_buffer(n);
    finish_kernel(k, n, buffer);
    set_view(n, buffer);
  }

  void emit_axis(int n, AxisOp op, int x, int other, int index, std::int64_t m) {
    const Shape& s = op == AxisOp::place ? f_.shape(n) : f_.shape(x);
    const Node& d = f_.node(n);
    const bool rows = d.op == Op::gather || d.op == Op::scatter;
    const int axis = rows ? 0 : d.axis;
    AxisStep a{op, d.reverse, rows, 1, s.size[axis], m, 1};
    for (int i = 0; i < axis; ++i) a.outer *= s.size[i];
    for (int i = axis + 1; i < s.rank; ++i) a.inner *= s.size[i];
    Step step{};
    step.kind = Step::Kind::axis;
    step.x = compact_buffer(x);
    step.other = other < 0 ? -1 : full_buffer(other, f_.shape(x));
    step.index = index < 0 ? -1 : compact_buffer(index);
    if (index >= 0) note_check(step.index, f_.node(index).name, a.n);
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
    if (f_.shape(n) == s) return compact_buffer(n);
    Kernel k = reading(s, as_operand(n, s));
    const int buffer = new_buffer(s.count(), f_.element);
    finish_kernel(k, n, buffer);
    plan_.kernels.back().scalar = false;
    plan_.kernels.back().out.source = Source::real;
    return buffer;
  }

  void emit_node(int n) {
    const Node& m = f_.node(n);
    switch (m.op) {
      case Op::expand:
      case Op::drop: {
        View v = view(f_.operand(n, 0));
        const View from = v;
        const int rank = f_.node(f_.operand(n, 0)).rank;
        if (m.op == Op::expand) {
          for (int i = rank; i > m.axis; --i) v.stride[i] = from.stride[i - 1];
          v.stride[m.axis] = 0;
          if (rank == 0 && !m.integer) {  // from a double to the run's type
            return emit_reading(n, f_.shape(n), {Source::scalar, from.buffer, from.offset, {}});
          }
        } else {
          for (int i = m.axis; i + 1 < rank; ++i) v.stride[i] = from.stride[i + 1];
          if (rank == 1 && !m.integer) {  // to a double
            const Shape& s = f_.shape(f_.operand(n, 0));
            return emit_reading(n, s, as_operand(f_.operand(n, 0), s));
          }
        }
        views_[static_cast<std::size_t>(n)] = v;
        has_view_[static_cast<std::size_t>(n)] = true;
        return;
      }
      case Op::broadcast_like: {
        const int x = f_.operand(n, 0);
        View v = view(x);
        const Operand o = as_operand(x, f_.shape(n));
        std::copy(o.stride, o.stride + kMostRank, v.stride);
        views_[static_cast<std::size_t>(n)] = v;
        has_view_[static_cast<std::size_t>(n)] = true;
        return;
      }
      case Op::slice:
      case Op::slice_like: {
        View v = view(f_.operand(n, 0));
        const std::int64_t size = f_.shape(f_.operand(n, 0)).size[m.axis], length = f_.shape(n).size[m.axis];
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
        emit_axis(n, AxisOp::argmax, f_.operand(n, 0), f_.operands(n) == 2 ? f_.operand(n, 1) : -1, -1, 1);
        return;
      case Op::cumsum:
        emit_axis(n, AxisOp::cumsum, f_.operand(n, 0), -1, -1, 0);
        return;
      case Op::gather:
        emit_axis(n, AxisOp::pick, f_.operand(n, 0), -1, f_.operand(n, 1), f_.shape(f_.operand(n, 1)).size[0]);
        return;
      case Op::pick:
        emit_axis(n, AxisOp::pick, f_.operand(n, 0), -1, f_.operand(n, 1), f_.shape(f_.operand(n, 1)).size[m.axis]);
        return;
      case Op::scatter:
        emit_axis(n, AxisOp::place, f_.operand(n, 0), -1, f_.operand(n, 1), f_.shape(f_.operand(n, 1)).size[0]);
        return;
      case Op::place:
        emit_axis(n, AxisOp::place, f_.operand(n, 0), -1, f_.operand(n, 1), f_.shape(f_.operand(n, 1)).size[m.axis]);
        return;
      case Op::matmul: {
        MatmulStep g{m.transpose_a, m.transpose_b, f_.shape(n).size[0], f_.shape(n).size[1],
                     f_.shape(f_.operand(n, 0)).size[!m.transpose_a]};
        Step step{};
        step.kind = Step::Kind::matmul;
        step.x = compact_buffer(f_.operand(n, 0));
        step.other = compact_buffer(f_.operand(n, 1));
        step.out = result_buffer(n);
        step.at = static_cast<std::int32_t>(plan_.matmuls.size());
        plan_.matmuls.push_back(g);
        plan_.steps.push_back(step);
        set_view(n, step.out);
        return;
      }
      case Op::transpose: {
        const int x = f_.operand(n, 0);
        Operand o{view(x).source, view(x).buffer, view(x).offset, {}};
        for (int i = 0; i < m.rank; ++i) o.stride[i] = view(x).stride[m.axes[static_cast<std::size_t>(i)]];
        return emit_reading(n, f_.shape(n), o);
      }
      case Op::concat:
      case Op::pad: {
        const int buffer = result_buffer(n);
        std::int64_t stride[kMostRank];
        compact(f_.shape(n), stride);
        if (m.op == Op::pad) {
          Kernel k = grid(f_.shape(n));
          k.code[0] = {MapOp::constant, 0, 0, 0, 0, 0};
          k.length = 1;
          finish_kernel(k, n, buffer);
          const std::int64_t length = f_.shape(f_.operand(n, 0)).size[m.axis];
          copy(f_.operand(n, 0), buffer, stride, part_begin(m, f_.shape(n).size[m.axis], length) * stride[m.axis]);
        } else {
          copy(f_.operand(n, 0), buffer, stride, 0);
          copy(f_.operand(n, 1), buffer, stride, f_.shape(f_.operand(n, 0)).size[m.axis] * stride[m.axis]);
        }
        set_view(n, buffer);
        return;
      }
      default:
        fail(VICINAL_INTERNAL, "no step for ", m.operation);
    }
  }

  const Folded& f_;
  const std::vector<bool>& kept_;
  Plan& plan_;
  std::vector<View> views_;
  std::vector<bool> has_view_, written_;
};

}  // namespace

void emit(const Folded& f, const std::vector<bool>& kept, Plan& plan) {
  Emitter(f, kept, plan).emit();
}

}  // namespace vicinal::program
