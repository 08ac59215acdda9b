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
  Emitter(const Folded& f, Plan& plan)
      : f_(f), plan_(plan), views_(f.shapes.size()), has_view_(f.shapes.size(), false) {}

  void emit(const std::vector<std::vector<int>>& passes) {
    written_.assign(f_.program.outputs.size(), false);
    int input = 0;
    for (int n = 0; n < f_.count(); ++n) {
      if (f_.node(n).op != Op::input) continue;
      plan_.buffers.push_back({Where::input, input++, 0, f_.shape(n).count(), element_of(n)});
      set_view(n, static_cast<int>(plan_.buffers.size()) - 1);
    }
    for (const std::vector<int>& pass : passes) {
      if (f_.fusable(pass.front()) || f_.reduces(pass.front())) {
        emit_kernels(pass);
      } else {
        emit_node(pass.front());
      }
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
    if (has_view_[i]) return views_[i];
    if (f_.folded(n)) {  // must lie in memory
      Code code = over(f_.shape(n));
      code.put_result({}, code.put(MapOp::constant, -1, -1, -1, *f_.number[i]), -1);
      emit_code(code, {n}, {result_buffer(n)});
    } else if (f_.is_view(n)) {
      emit_view(n);
    } else {
      fail(VICINAL_INTERNAL, f_.node(n).operation, " is read before it is made");
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
    emit_reading(f_.shape(n), as_operand(n, f_.shape(n)), source_of(n), buffer, stride, offset);
  }

  static Code over(const Shape& s) {
    Code code;
    code.grid = s;
    code.k.rank = s.rank;
    std::copy(s.size, s.size + s.rank, code.k.size);
    code.k.scalar = s.rank == 0;
    return code;
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
  bool is_index(const Code& code, int n) const {
    return f_.node(n).op == Op::index && !has_view_[static_cast<std::size_t>(n)] && f_.shape(n) == code.grid;
  }
  Operand positions(int n) const {
    Operand o{Source::position, -1, 0, {}};
    o.stride[f_.node(n).axis] = 1;
    return o;
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
      case Op::index:
        return code.put(MapOp::load, code.put_operand(positions(n)), -1, -1, 0);
      case Op::random: {
        const int key = code.put_operand(as_operand(f_.operand(n, 0), code.grid));
        const int id = code.put_operand(as_operand(f_.operand(n, 1), code.grid));
        const Shape& ids = f_.shape(f_.operand(n, 1));
        Operand o{Source::position, -1, 0, {}};  // among the entries of one id
        std::int64_t step = 1;
        for (int i = m.rank; i-- > 0;) {
          if (ids.rank > 0 && ids.size[i] != 1) continue;
          o.stride[i] = step;
          step *= code.grid.size[i];
        }
        return code.put(m.map, key, id, code.put_operand(o), m.value);
      }
      default: {
        if (m.map == MapOp::equal && is_index(code, f_.operand(n, 0)) && is_index(code, f_.operand(n, 1))) {
          const int a = code.put_operand(positions(f_.operand(n, 0)));
          return code.put(MapOp::same, a, code.put_operand(positions(f_.operand(n, 1))), -1, 0);
        }
        int r[3] = {-1, -1, -1};
        for (int i = 0; i < f_.operands(n); ++i) r[i] = value(code, f_.operand(n, i));
        return code.put(m.map, r[0], r[1], r[2], m.value);
      }
    }
  }
  // Emits kernels of nodes with one grid, as few as hold them. Of one that is too long by itself, a part gets its own
  // first.
  void emit_kernels(const std::vector<int>& nodes) {
    for (std::size_t from = 0; from < nodes.size();) {
      Code code, longer;
      std::size_t to = from;
      while (to < nodes.size() && build(longer, {nodes.begin() + static_cast<std::ptrdiff_t>(from),
                                                 nodes.begin() + static_cast<std::ptrdiff_t>(to + 1)})) {
        code = longer;
        ++to;
      }
      if (to == from) {
        if (longer.inlined.empty())
          fail(VICINAL_INTERNAL, f_.node(nodes[from]).operation, ": an expression of one step is too long");
        emit_kernels({longer.inlined[longer.inlined.size() / 2]});
        continue;
      }
      std::vector<int> made, buffers;
      for (; from < to; ++from) {
        made.push_back(nodes[from]);
        buffers.push_back(result_buffer(nodes[from]));
      }
      emit_code(code, made, buffers);
    }
  }
  // False if the kernel's limits are too narrow.
  bool build(Code& code, const std::vector<int>& nodes) {
    code = over(f_.grid(nodes.front()));
    for (const int n : nodes) {
      const Node& m = f_.node(n);
      Result r{};
      f_.reduced(n, r.reduced);
      int where = -1;
      if (f_.reduces(n) && m.op != Op::sum_like && f_.operands(n) == 2) where = value(code, f_.operand(n, 1));
      int v = f_.reduces(n) ? value(code, f_.operand(n, 0)) : expression(code, n);
      r.empty = m.op == Op::max ? m.value : 0;
      if (std::find(r.reduced, r.reduced + kMostRank, true) != r.reduced + kMostRank) {
        r.reduction = m.op == Op::max ? Reduction::largest : Reduction::sum;
      } else if (where >= 0) {
        v = code.put(MapOp::select, where, v, code.put(MapOp::constant, -1, -1, -1, r.empty), 0);
        where = -1;
      }
      code.put_result(r, v, where);
    }
    return code.finish();
  }

  // The places of the results, of these nodes, then a step that runs the kernel.
  void emit_code(Code& code, const std::vector<int>& nodes, const std::vector<int>& buffers) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      Result& r = code.k.result[i];
      r.out.buffer = buffers[i];
      r.out.source = source_of(nodes[i]);
      std::int64_t step = 1;
      for (int axis = code.k.rank; axis-- > 0;)
        if (!r.reduced[axis]) {
          r.out.stride[axis] = step;
          step *= code.k.size[axis];
        }
      set_view(nodes[i], buffers[i]);
    }
    push(code);
  }
  // The values of one operand as they are, at strides of their own where these are given.
  void emit_reading(const Shape& s, const Operand& o, Source to, int buffer, const std::int64_t* stride = nullptr,
                    std::int64_t offset = 0) {
    Code code = over(s);
    code.put_result({}, code.put(MapOp::load, code.put_operand(o), -1, -1, 0), -1);
    Operand& out = code.k.result[0].out;
    out = {to, buffer, offset, {}};
    compact(s, out.stride);
    if (stride != nullptr) std::copy(stride, stride + s.rank, out.stride);
    push(code);
  }
  void push(Code& code) {
    if (code.k.length == 0) code.finish();
    simplify(code.k);
    Step step{};
    step.kind = Step::Kind::kernel;
    step.at = static_cast<std::int32_t>(plan_.kernels.size());
    plan_.kernels.push_back(code.k);
    plan_.steps.push_back(step);
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
    if (index >= 0) note_check(step.index, f_.node(index).name, a.n, -1);
    step.out = result_buffer(n);
    step.at = static_cast<std::int32_t>(plan_.axes.size());
    plan_.axes.push_back(a);
    plan_.steps.push_back(step);
    set_view(n, step.out);
  }
  // image, result: nodes with the sizes of what a window moves over, and of its positions. Weights of convolutions.
  void emit_image(int n, ImageOp op, int image, int result, const Shape* weights) {
    const Slide& s = f_.node(n).slide;
    const Shape &x = f_.shape(image), &y = f_.shape(result);
    const auto axis = [&](int i) {
      return ImageAxis{x.size[i + 1], y.size[i + 1], weights == nullptr ? s.window[i] : weights->size[i + 2],
                       s.stride[i],   s.before[i],   s.dilation[i]};
    };
    Step step{};
    step.kind = Step::Kind::image;
    step.x = compact_buffer(f_.operand(n, 0));
    step.other = weights == nullptr ? -1 : compact_buffer(f_.operand(n, 1));
    step.out = result_buffer(n);
    step.at = static_cast<std::int32_t>(plan_.images.size());
    plan_.images.push_back({op, x.size[0], x.size[3], y.size[3], s.groups, axis(0), axis(1)});
    plan_.steps.push_back(step);
    set_view(n, step.out);
  }
  void note_check(int buffer, const std::string& name, std::int64_t bound, std::int64_t least) {
    const Buffer& b = plan_.buffers[static_cast<std::size_t>(buffer)];
    if (b.where != Where::input) return;
    for (IndexCheck& c : plan_.checks)
      if (c.input == b.index) {
        c.bound = std::min(c.bound, bound);
        c.least = std::max(c.least, least);
        return;
      }
    plan_.checks.push_back({b.index, b.count, bound, least, name});
  }
  // One step gives the value and both gradients, or both parts of a product, as far as anybody reads them.
  void emit_loss(int n) {
    if (has_view_[static_cast<std::size_t>(n)]) return;
    const Node& m = f_.node(n);
    const int labels = f_.operand(n, 1);
    const Shape &e = f_.shape(f_.operand(n, 0)), &p = f_.shape(f_.operand(n, 2));
    LossStep l{m.loss, e.size[0], e.size[1], p.size[0] / m.loss.centers, m.op == Op::loss_product};
    l.embeddings = compact_buffer(f_.operand(n, 0));
    l.labels = compact_buffer(labels);
    l.proxies = compact_buffer(f_.operand(n, 2));
    require(plan_.buffers[static_cast<std::size_t>(l.labels)].where == Where::input,
            m.site.empty() ? "" : m.site + ": ", m.operation,
            ": its labels are computed; they must be an input of the program");
    note_check(l.labels, f_.node(labels).name, l.classes, 0);
    if (l.product) {
      l.direction_embeddings = direction(f_.operand(n, 3));
      l.direction_proxies = direction(f_.operand(n, 4));
    }
    for (int other = 0; other < f_.count(); ++other) {
      if (!f_.live(other) || !is_same_loss(n, other)) continue;
      const Node& o = f_.node(other);
      std::int32_t& result = o.op == Op::loss ? l.value : o.of_proxies ? l.of_proxies : l.of_embeddings;
      if (result < 0) result = result_buffer(other);
      set_view(other, result);
    }
    Step step{};
    step.kind = Step::Kind::loss;
    step.at = static_cast<std::int32_t>(plan_.losses.size());
    plan_.losses.push_back(l);
    plan_.steps.push_back(step);
  }
  // -1: there is none.
  int direction(int n) {
    const auto& number = f_.number[static_cast<std::size_t>(n)];
    return number.has_value() && *number == 0 ? -1 : compact_buffer(n);
  }
  bool is_same_loss(int a, int b) const {
    const Node &m = f_.node(a), &o = f_.node(b);
    const bool gives = o.op == Op::loss || o.op == Op::loss_gradient;
    bool same = (m.op == Op::loss_product ? o.op == Op::loss_product : gives) && m.loss_text == o.loss_text;
    for (int i = 0; same && i < f_.operands(a); ++i) same = f_.operand(a, i) == f_.operand(b, i);
    return same;
  }
  // The node repeated to a shape, compact.
  int full_buffer(int n, const Shape& s) {
    if (f_.shape(n) == s) return compact_buffer(n);
    const Operand o = as_operand(n, s);
    const int buffer = new_buffer(s.count(), f_.element);
    emit_reading(s, o, Source::real, buffer);
    return buffer;
  }

  void set_strides(int n, const View& v) {
    views_[static_cast<std::size_t>(n)] = v;
    has_view_[static_cast<std::size_t>(n)] = true;
  }
  void emit_view(int n) {
    const Node& m = f_.node(n);
    const int x = f_.operand(n, 0);
    if (m.op == Op::join || m.op == Op::split) return set_view(n, compact_buffer(x));  // the same numbers in order
    View v = view(x);
    const View from = v;
    const int rank = f_.node(x).rank;
    switch (m.op) {
      case Op::expand:
        for (int i = rank; i > m.axis; --i) v.stride[i] = from.stride[i - 1];
        v.stride[m.axis] = 0;
        break;
      case Op::drop:
        for (int i = m.axis; i + 1 < rank; ++i) v.stride[i] = from.stride[i + 1];
        break;
      case Op::broadcast_like: {
        const Operand o = as_operand(x, f_.shape(n));
        std::copy(o.stride, o.stride + kMostRank, v.stride);
        break;
      }
      case Op::transpose:
        for (int i = 0; i < m.rank; ++i) v.stride[i] = from.stride[m.axes[static_cast<std::size_t>(i)]];
        break;
      default: {  // a slice
        const std::int64_t size = f_.shape(x).size[m.axis], length = f_.shape(n).size[m.axis];
        v.offset += part_begin(m, size, length) * v.stride[m.axis];
        break;
      }
    }
    const bool to_array = m.op == Op::expand && rank == 0, to_number = m.op == Op::drop && rank == 1;
    if (m.integer || (!to_array && !to_number)) return set_strides(n, v);
    // Between a double and the run's type: a value of its own.
    const int buffer = result_buffer(n);
    emit_reading(f_.shape(n), {from.source, from.buffer, from.offset, {}}, source_of(n), buffer);
    set_view(n, buffer);
  }

  void emit_node(int n) {
    const Node& m = f_.node(n);
    switch (m.op) {
      case Op::map:
        emit_axis(n, AxisOp::mirror, f_.operand(n, 0), -1, -1, 0);
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
        const Shape &a = f_.shape(f_.operand(n, 0)), &c = f_.shape(n);
        const int row = c.rank - 2, column = c.rank - 1;
        MatmulStep g{m.transpose_a, m.transpose_b,  1,
                     c.size[row],   c.size[column], a.size[m.transpose_a ? row : column]};
        for (int i = 0; i < row; ++i) g.count *= c.size[i];
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
      case Op::conv:
        return emit_image(n, ImageOp::conv, f_.operand(n, 0), n, &f_.shape(f_.operand(n, 1)));
      case Op::conv_data:
        return emit_image(n, ImageOp::conv_data, n, f_.operand(n, 0), &f_.shape(f_.operand(n, 1)));
      case Op::conv_weight:
        return emit_image(n, ImageOp::conv_weight, f_.operand(n, 0), f_.operand(n, 1), &f_.shape(n));
      case Op::pool_argmax:
        return emit_image(n, ImageOp::pool_argmax, f_.operand(n, 0), n, nullptr);
      case Op::pool_sum:
        return emit_image(n, ImageOp::pool_sum, f_.operand(n, 0), n, nullptr);
      case Op::pool_spread:
        return emit_image(n, ImageOp::pool_spread, n, f_.operand(n, 0), nullptr);
      case Op::transpose: {
        const View from = view(f_.operand(n, 0));
        Operand o{from.source, from.buffer, from.offset, {}};
        for (int i = 0; i < m.rank; ++i) o.stride[i] = from.stride[m.axes[static_cast<std::size_t>(i)]];
        const int buffer = result_buffer(n);
        emit_reading(f_.shape(n), o, Source::real, buffer);
        set_view(n, buffer);
        return;
      }
      case Op::concat:
      case Op::pad: {
        const int buffer = result_buffer(n);
        std::int64_t stride[kMostRank];
        compact(f_.shape(n), stride);
        if (m.op == Op::pad) {
          Code zeros = over(f_.shape(n));
          zeros.put_result({}, zeros.put(MapOp::constant, -1, -1, -1, 0), -1);
          emit_code(zeros, {n}, {buffer});
          const std::int64_t length = f_.shape(f_.operand(n, 0)).size[m.axis];
          copy(f_.operand(n, 0), buffer, stride, part_begin(m, f_.shape(n).size[m.axis], length) * stride[m.axis]);
        } else {
          copy(f_.operand(n, 0), buffer, stride, 0);
          copy(f_.operand(n, 1), buffer, stride, f_.shape(f_.operand(n, 0)).size[m.axis] * stride[m.axis]);
        }
        set_view(n, buffer);
        return;
      }
      case Op::loss:
      case Op::loss_gradient:
      case Op::loss_product:
        emit_loss(n);
        return;
      default:
        fail(VICINAL_INTERNAL, "no step for ", m.operation);
    }
  }

  const Folded& f_;
  Plan& plan_;
  std::vector<View> views_;
  std::vector<bool> has_view_, written_;
};

}  // namespace

void emit(const Folded& f, const std::vector<std::vector<int>>& passes, Plan& plan) {
  Emitter(f, plan).emit(passes);
}

}  // namespace vicinal::program
