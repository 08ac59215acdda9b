// Sizes of a program's nodes at one run.
#include <algorithm>
#include <limits>
#include <ostream>

#include "core/error.hpp"
#include "program/program.hpp"

namespace vicinal::program {

static std::ostream& operator<<(std::ostream& out, const Shape& s) {
  out << '[';
  for (int i = 0; i < s.rank; ++i) out << (i > 0 ? ", " : "") << s.size[i];
  return out << ']';
}

namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 48;
constexpr std::int64_t kMostOfProduct = std::numeric_limits<std::int32_t>::max() - 64;  // the BLAS counts in 32 bits

class Inference {
 public:
  Inference(const Program& p, const std::vector<Shape>& inputs) : program_(p), inputs_(inputs) {}

  std::vector<Shape> run() {
    for (const Node& n : program_.nodes) {
      node_ = &n;
      shapes_.push_back(shape());
      std::int64_t count = 1;
      const Shape& s = shapes_.back();
      for (int i = 0; i < s.rank; ++i) {
        const std::int64_t size = std::max<std::int64_t>(1, s.size[i]);  // strides multiply even where there is nothing
        check(s.size[i] >= 0 && !__builtin_mul_overflow(count, size, &count) && count < kMostElements, "the result ", s,
              " is too large");
      }
    }
    return std::move(shapes_);
  }

 private:
  template <class... Parts>
  void check(bool right, const Parts&... parts) const {
    if (right) return;
    fail(VICINAL_INVALID_ARGUMENT, node_->site.empty() ? "" : node_->site + ": ", node_->operation, ": ", parts...);
  }
  const Shape& operand(int i) const {
    return shapes_[static_cast<std::size_t>(node_->operands[static_cast<std::size_t>(i)])];
  }
  int operands() const { return static_cast<int>(node_->operands.size()); }

  // small repeats to the shape of large.
  void check_repeats(const Shape& small, const Shape& large) const {
    if (small.rank == 0) return;
    for (int i = 0; i < large.rank; ++i)
      check(small.size[i] == large.size[i] || small.size[i] == 1, small, " does not repeat to ", large);
  }

  Shape broadcast() const {
    Shape s = operand(0);
    for (int o = 1; o < operands(); ++o) {
      const Shape& t = operand(o);
      if (t.rank == 0) continue;
      if (s.rank == 0) {
        s = t;
        continue;
      }
      for (int i = 0; i < s.rank; ++i) {
        check(s.size[i] == t.size[i] || s.size[i] == 1 || t.size[i] == 1, s, " and ", t,
              " do not fit: sizes must be equal or 1");
        if (s.size[i] == 1) s.size[i] = t.size[i];
      }
    }
    return s;
  }

  // The one axis of a differs from b's at most.
  void check_beside(const Shape& a, const Shape& b) const {
    for (int i = 0; i < a.rank; ++i)
      check(i == node_->axis || a.size[i] == b.size[i], a, " and ", b, " do not fit beside axis ", node_->axis);
  }

  // How many positions a window of k entries has along an axis of an image.
  std::int64_t positions(const Shape& image, int axis, std::int64_t k) const {
    const Slide& s = node_->slide;
    const int i = axis - 1;
    const std::int64_t size = image.size[axis], whole = size + s.before[i] + s.after[i];
    const std::int64_t reach = s.dilation[i] * (k - 1) + 1, room = whole - reach;
    check(room >= 0, "a window over ", reach, " entries of axis ", axis, " of ", image, ", which has ", whole,
          " with its padding");
    const std::int64_t count = room / s.stride[i] + 1;
    return count + (s.ceil && room % s.stride[i] != 0 && count * s.stride[i] < size + s.before[i]);
  }
  void check_size(const Shape& s) const {
    check(s.count() > 0, s, " is empty");
    check(*std::max_element(s.size, s.size + s.rank) <= kMostOfProduct, s, " is too large; at most ", kMostOfProduct,
          " entries along an axis are supported");
  }
  Shape convolved(const Shape& x, const Shape& w) const {
    const std::int64_t groups = node_->slide.groups;
    check_size(x);
    check_size(w);
    check(w.count() <= kMostOfProduct, "the weights ", w, " are too large");
    check(x.size[3] % groups == 0 && x.size[3] / groups == w.size[1] && w.size[0] % groups == 0, "an image ", x,
          " and weights ", w, " do not fit in ", groups, groups == 1 ? " group" : " groups", ": ", x.size[3],
          " channels in, ", w.size[0], " out, ", w.size[1], " in of a group");
    return {4, {x.size[0], positions(x, 1, w.size[2]), positions(x, 2, w.size[3]), w.size[0]}};
  }
  Shape pooled(const Shape& x) const {
    const Slide& s = node_->slide;
    check_size(x);
    check(x.size[1] * x.size[2] <= kMostOfProduct, x, " is too large; at most ", kMostOfProduct,
          " pixels of an image are supported");
    for (int i = 0; i < 2; ++i) {
      const std::int64_t reach = s.dilation[i] * (s.window[i] - 1);
      check(s.before[i] <= reach && s.after[i] <= reach, "a window over ", reach + 1, " entries with a padding of ",
            std::max(s.before[i], s.after[i]), ": it would lie in the padding alone");
    }
    return {4, {x.size[0], positions(x, 1, s.window[0]), positions(x, 2, s.window[1]), x.size[3]}};
  }

  Shape shape() {
    const Node& n = *node_;
    switch (n.op) {
      case Op::input:
        return inputs_[next_input_++];
      case Op::constant:
      case Op::epsilon:
      case Op::size:
        return {};
      case Op::map:
      case Op::same:
      case Op::below:
        return broadcast();
      case Op::real:
      case Op::index:
      case Op::stop:
      case Op::flip:
      case Op::cumsum:
        return operand(0);
      case Op::random: {
        check_repeats(operand(1), operand(2));
        Shape of_one = operand(2);
        for (int i = 0; operand(1).rank > 0 && i < of_one.rank; ++i)
          if (operand(1).size[i] != 1) of_one.size[i] = 1;
        check(of_one.count() < std::int64_t{1} << 32, of_one, " is too large; at most 2^32 entries have one id");
        return operand(2);
      }
      case Op::broadcast_like:
        check_repeats(operand(0), operand(1));
        return operand(1);
      case Op::sum_like:
        check_repeats(operand(1), operand(0));
        return operand(1);
      case Op::expand: {
        Shape s;
        s.rank = n.rank;
        for (int i = 0; i < n.rank; ++i) s.size[i] = i == n.axis ? 1 : operand(0).size[i < n.axis ? i : i - 1];
        return s;
      }
      case Op::drop: {
        check(operand(0).size[n.axis] == 1, "axis ", n.axis, " of ", operand(0), " is not of size 1");
        Shape s;
        s.rank = n.rank;
        for (int i = 0; i < n.rank; ++i) s.size[i] = operand(0).size[i < n.axis ? i : i + 1];
        return s;
      }
      case Op::sum:
      case Op::max:
      case Op::argmax: {
        if (operands() == 2) check_repeats(operand(1), operand(0));
        Shape s = operand(0);
        if (n.all) return {};
        if (n.op == Op::argmax) s.size[n.axis] = 1;
        for (int axis : n.axes) s.size[axis] = 1;
        return s;
      }
      case Op::matmul: {
        const Shape &a = operand(0), &b = operand(1);
        const int row = n.rank - 2, column = n.rank - 1;
        bool fits = a.size[n.transpose_a ? row : column] == b.size[n.transpose_b ? column : row];
        for (int i = 0; i < row; ++i) fits = fits && a.size[i] == b.size[i];
        check(fits, a, n.transpose_a ? " transposed" : "", " and ", b, n.transpose_b ? " transposed" : "",
              " do not fit");
        for (const Shape* s : {&a, &b})
          check(std::max(s->size[row], s->size[column]) <= kMostOfProduct, *s, " is too large; at most ",
                kMostOfProduct, " rows and columns are supported");
        Shape s = a;
        s.size[row] = a.size[n.transpose_a ? column : row];
        s.size[column] = b.size[n.transpose_b ? row : column];
        return s;
      }
      case Op::transpose: {
        Shape s;
        s.rank = n.rank;
        for (int i = 0; i < n.rank; ++i) s.size[i] = operand(0).size[n.axes[static_cast<std::size_t>(i)]];
        return s;
      }
      case Op::gather: {
        Shape s = operand(0);
        s.size[0] = operand(1).size[0];
        return s;
      }
      case Op::scatter: {
        const Shape &g = operand(0), &y = operand(2);
        check(g.size[0] == operand(1).size[0], g, " has not one row for each of ", operand(1).size[0], " indices");
        for (int i = 1; i < y.rank; ++i) check(g.size[i] == y.size[i], g, " does not fit rows of ", y);
        return y;
      }
      case Op::pick: {
        check_beside(operand(0), operand(1));
        return operand(1);
      }
      case Op::place:
        check(operand(0) == operand(1), operand(0), " is not of the shape ", operand(1), " of its index");
        check_beside(operand(0), operand(2));
        return operand(2);
      case Op::concat: {
        check_beside(operand(0), operand(1));
        Shape s = operand(0);
        s.size[n.axis] += operand(1).size[n.axis];
        return s;
      }
      case Op::slice: {
        Shape s = operand(0);
        const std::int64_t size = s.size[n.axis];
        const std::int64_t from = part_begin(n, size, size), to = n.to == kEnd ? size : n.to < 0 ? n.to + size : n.to;
        check(from >= 0 && from <= to && to <= size, "from ", from, " to ", to, " of ", size);
        s.size[n.axis] = to - from;
        return s;
      }
      case Op::slice_like: {
        Shape s = operand(0);
        check_beside(s, operand(1));
        const std::int64_t length = operand(1).size[n.axis], from = part_begin(n, s.size[n.axis], length);
        check(from >= 0 && from + length <= s.size[n.axis], operand(1), " does not lie in ", s, " from ", from);
        s.size[n.axis] = length;
        return s;
      }
      case Op::pad: {
        const Shape &x = operand(0), &y = operand(1);
        check_beside(x, y);
        const std::int64_t from = part_begin(n, y.size[n.axis], x.size[n.axis]);
        check(from >= 0 && from + x.size[n.axis] <= y.size[n.axis], x, " does not lie in ", y, " from ", from);
        return y;
      }
      case Op::loss:
      case Op::loss_gradient:
      case Op::loss_product: {
        const Shape &e = operand(0), &y = operand(1), &p = operand(2);
        const std::int64_t centers = n.loss.centers;
        std::int64_t bytes = 64;  // of the cosines, padded, twice
        check(e.size[0] == y.size[0], e, " has not one row for each of ", y.size[0], " labels");
        check(e.size[1] == p.size[1], e, " and proxies ", p, " are of two widths");
        check(e.count() > 0 && p.count() > 0, e, " and proxies ", p, ": one of them is empty");
        check(p.size[0] % centers == 0, "proxies ", p, " are not ", centers, " for each class");
        for (const std::int64_t size : {e.size[0], e.size[1], p.size[0]})
          check(size <= kMostOfProduct, e, " and proxies ", p, " are too large; at most ", kMostOfProduct,
                " rows and columns are supported");
        check(!__builtin_mul_overflow(bytes, e.size[0], &bytes) && !__builtin_mul_overflow(bytes, p.size[0], &bytes), e,
              " and proxies ", p, " are too large");
        if (n.op == Op::loss) return {};
        if (n.op == Op::loss_product)
          check(operand(3) == e && operand(4) == p, "directions ", operand(3), " and ", operand(4), " of ", e, " and ",
                p);
        return n.of_proxies ? p : e;
      }
      case Op::join: {
        Shape s;
        s.rank = n.rank;
        for (int i = 0; i < n.rank; ++i) s.size[i] = operand(0).size[i <= n.axis ? i : i + 1];
        s.size[n.axis] *= operand(0).size[n.axis + 1];
        return s;
      }
      case Op::split: {
        const Shape &x = operand(0), &y = operand(1);
        bool right = x.size[n.axis] == y.size[n.axis] * y.size[n.axis + 1];
        for (int i = 0; i < x.rank; ++i) right = right && (i == n.axis || x.size[i] == y.size[i < n.axis ? i : i + 1]);
        check(right, x, " is not ", y, " with axes ", n.axis, " and ", n.axis + 1, " joined");
        return y;
      }
      case Op::conv:
        return convolved(operand(0), operand(1));
      case Op::conv_data:
      case Op::conv_weight: {
        const Shape &x = operand(n.op == Op::conv_data ? 2 : 0), &w = operand(n.op == Op::conv_data ? 1 : 2);
        const Shape &g = operand(n.op == Op::conv_data ? 0 : 1), y = convolved(x, w);
        check(g == y, g, " where an image ", x, " and weights ", w, " give ", y);
        return n.op == Op::conv_data ? x : w;
      }
      case Op::pool_argmax:
      case Op::pool_sum:
        return pooled(operand(0));
      case Op::pool_spread: {
        const Shape y = pooled(operand(1));
        check(operand(0) == y, operand(0), " where an image ", operand(1), " gives ", y);
        return operand(1);
      }
    }
    return {};
  }
  const Program& program_;
  const std::vector<Shape>& inputs_;
  std::vector<Shape> shapes_;
  const Node* node_ = nullptr;
  std::size_t next_input_ = 0;
};

}  // namespace

std::vector<Shape> infer(const Program& p, const std::vector<Shape>& inputs) {
  return Inference(p, inputs).run();
}

}  // namespace vicinal::program
