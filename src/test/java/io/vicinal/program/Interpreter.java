package io.vicinal.program;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** Every operation in plain loops, in double: what the others are compared with. */
final class Interpreter {
  private Interpreter() {}

  /** The outputs by name. */
  static Map<String, Values> run(Program program, Map<String, Values> inputs) {
    return run(program, inputs, Math.ulp(1.0));
  }

  /** The outputs by name, as a run of a type with that epsilon. */
  static Map<String, Values> run(Program program, Map<String, Values> inputs, double epsilon) {
    Map<Expr, Values> values = evaluate(program, inputs, epsilon);
    Map<String, Values> outputs = new LinkedHashMap<>();
    program.outputs().forEach((name, node) -> outputs.put(name, values.get(node)));
    return outputs;
  }

  /** The value of every node. */
  static Map<Expr, Values> evaluate(Program program, Map<String, Values> inputs) {
    return evaluate(program, inputs, Math.ulp(1.0));
  }

  private static Map<Expr, Values> evaluate(
      Program program, Map<String, Values> inputs, double epsilon) {
    Map<Expr, Values> values = new LinkedHashMap<>();
    for (Expr node : program.nodes()) {
      List<Values> operands = node.operands().stream().map(values::get).toList();
      Values value =
          switch (node.operation()) {
            case INPUT -> inputs.get(node.name());
            case EPSILON -> Values.scalar(epsilon);
            default -> apply(node.operation(), operands, node.attributes().texts());
          };
      values.put(node, value);
    }
    return values;
  }

  private static Values apply(Operation operation, List<Values> x, Map<String, String> a) {
    switch (operation) {
      case CONSTANT:
        return Values.scalar(Double.parseDouble(a.get("value")));
      case SIZE:
        int[] counted = x.get(0).shape();
        return Values.scalar(
            a.get("axis").equals("all") ? x.get(0).data().length : counted[axis(a)]);
      case NEG:
        return unary(x, v -> -v);
      case ABS:
        return unary(x, Math::abs);
      case SIGN:
        return unary(x, Math::signum);
      case STEP:
        return unary(x, v -> v > 0 ? 1 : 0);
      case RELU:
        return unary(x, v -> v < 0 ? 0 : v);
      case EXP:
        return unary(x, Math::exp);
      case LOG:
        return unary(x, Math::log);
      case LOG1P:
        return unary(x, Math::log1p);
      case EXPM1:
        return unary(x, Math::expm1);
      case SQRT:
        return unary(x, Math::sqrt);
      case RECIPROCAL:
        return unary(x, v -> 1 / v);
      case SQUARE:
        return unary(x, v -> v * v);
      case SOFTPLUS:
        return unary(x, v -> Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))));
      case SIGMOID:
        return unary(x, v -> 1 / (1 + Math.exp(-v)));
      case TANH:
        return unary(x, Math::tanh);
      case SIN:
        return unary(x, Math::sin);
      case COS:
        return unary(x, Math::cos);
      case POWER:
        return unary(x, v -> Math.pow(v, Double.parseDouble(a.get("exponent"))));
      case LOG_BESSEL:
        return unary(x, v -> Bessel.log(order(a), v));
      case BESSEL_RATIO:
        return unary(x, v -> Bessel.ratio(order(a), v));
      case BESSEL_SLOPE:
        return unary(x, v -> Bessel.slope(order(a), v));
      case REAL, STOP, FLIP:
        return x.get(0);
      case ADD:
        return binary(x, (v, w) -> v + w);
      case SUB:
        return binary(x, (v, w) -> v - w);
      case MUL:
        return binary(x, (v, w) -> v * w);
      case DIV:
        return binary(x, (v, w) -> v / w);
      case LARGER:
        return binary(x, Math::max);
      case SMALLER:
        return binary(x, Math::min);
      case LESS, BELOW:
        return binary(x, (v, w) -> v < w ? 1 : 0);
      case LESS_EQUAL:
        return binary(x, (v, w) -> v <= w ? 1 : 0);
      case EQUAL, SAME:
        return binary(x, (v, w) -> v == w ? 1 : 0);
      case SELECT:
        return Values.each(shape(x), i -> x.get(0).at(i) != 0 ? x.get(1).at(i) : x.get(2).at(i));
      case INDEX:
        return Values.each(x.get(0).shape(), i -> i[axis(a)]);
      case PROXY_LOSS:
        return Values.scalar(oracle(x, a).value(x.get(0), x.get(2)));
      case PROXY_GRADIENT:
        return oracle(x, a).gradient(x.get(0), x.get(2), "1".equals(a.get("proxies")));
      case PROXY_PRODUCT:
        return oracle(x, a)
            .product(x.get(0), x.get(2), x.get(3), x.get(4), "1".equals(a.get("proxies")));
      case UNIFORM:
        return random(x, a, Philox::uniform);
      case NORMAL:
        return random(x, a, Philox::normal);
      case BROADCAST_LIKE:
        return Values.each(x.get(1).shape(), x.get(0)::at);
      case SUM_LIKE:
        Values total = zeros(x.get(1).shape());
        forEach(x.get(0), (i, v) -> total.data()[total.offset(i)] += v);
        return total;
      case EXPAND:
        return new Values(
            IntStream.concat(
                    IntStream.concat(Arrays.stream(x.get(0).shape(), 0, axis(a)), IntStream.of(1)),
                    Arrays.stream(x.get(0).shape(), axis(a), x.get(0).rank()))
                .toArray(),
            x.get(0).data());
      case DROP:
        if (x.get(0).shape()[axis(a)] != 1) {
          throw new IllegalStateException("drop of an axis that is not 1");
        }
        return new Values(
            IntStream.range(0, x.get(0).rank())
                .filter(k -> k != axis(a))
                .map(k -> x.get(0).shape()[k])
                .toArray(),
            x.get(0).data());
      case SUM:
        return reduce(x, reduced(x.get(0), a.get("axes")), 0, 0, Double::sum);
      case MAX:
        return reduce(
            x,
            reduced(x.get(0), a.get("axes")),
            Double.NEGATIVE_INFINITY,
            Double.parseDouble(a.get("empty")),
            Math::max);
      case ARGMAX:
        return argmax(x, axis(a));
      case CUMSUM:
        return cumsum(x.get(0), axis(a), "1".equals(a.get("reverse")));
      case MATMUL:
        return matmul(x.get(0), "1".equals(a.get("ta")), x.get(1), "1".equals(a.get("tb")));
      case TRANSPOSE:
        int[] order = axes(a.get("axes"));
        int[] turned = IntStream.of(order).map(k -> x.get(0).shape()[k]).toArray();
        return Values.each(
            turned,
            i -> {
              int[] from = new int[order.length];
              for (int k = 0; k < order.length; k++) {
                from[order[k]] = i[k];
              }
              return x.get(0).data()[exact(x.get(0), from)];
            });
      case GATHER:
        return Values.each(
            with(x.get(0).shape(), 0, x.get(1).shape()[0]),
            i -> picked(x.get(0), i, 0, x.get(1).data()[i[0]]));
      case SCATTER:
        Values scattered = zeros(x.get(2).shape());
        forEach(x.get(0), (i, v) -> put(scattered, i, 0, x.get(1).data()[i[0]], v));
        return scattered;
      case PICK:
        return Values.each(x.get(1).shape(), i -> picked(x.get(0), i, axis(a), x.get(1).at(i)));
      case PLACE:
        Values placed = zeros(x.get(2).shape());
        forEach(x.get(0), (i, v) -> put(placed, i, axis(a), x.get(1).at(i), v));
        return placed;
      case CONCAT:
        int first = x.get(0).shape()[axis(a)];
        return Values.each(
            with(x.get(0).shape(), axis(a), first + x.get(1).shape()[axis(a)]),
            i ->
                i[axis(a)] < first
                    ? x.get(0).at(i)
                    : picked(x.get(1), i, axis(a), i[axis(a)] - first));
      case SLICE:
        int size = x.get(0).shape()[axis(a)];
        int start = start(a.get("from"), size, 0);
        int end = start(a.get("to"), size, 0);
        return cut(x.get(0), axis(a), start, end - start);
      case SLICE_LIKE:
        int wanted = x.get(1).shape()[axis(a)];
        return cut(
            x.get(0), axis(a), start(a.get("from"), x.get(0).shape()[axis(a)], wanted), wanted);
      case PAD:
        int at = start(a.get("from"), x.get(1).shape()[axis(a)], x.get(0).shape()[axis(a)]);
        Values padded = zeros(x.get(1).shape());
        forEach(x.get(0), (i, v) -> put(padded, i, axis(a), i[axis(a)] + at, v));
        return padded;
      case JOIN:
        int joined = axis(a);
        int[] one = x.get(0).shape();
        int[] fewer =
            IntStream.range(0, one.length - 1)
                .map(k -> k < joined ? one[k] : k == joined ? one[k] * one[k + 1] : one[k + 1])
                .toArray();
        return new Values(fewer, x.get(0).data());
      case SPLIT:
        return new Values(x.get(1).shape(), x.get(0).data());
      case CONV, CONV_DATA, CONV_WEIGHT, POOL_ARGMAX, POOL_SUM, POOL_SPREAD:
        return ImageLoops.apply(operation, x, a);
      default:
        throw new IllegalStateException("no body for " + operation);
    }
  }

  private interface Entry {
    void accept(int[] index, double value);
  }

  private static void forEach(Values x, Entry body) {
    Values.each(
        x.shape(),
        i -> {
          body.accept(i, x.data()[exact(x, i)]);
          return 0;
        });
  }

  private static Values zeros(int[] shape) {
    return Values.each(shape, i -> 0);
  }

  private static ProxyOracle oracle(List<Values> x, Map<String, String> a) {
    return new ProxyOracle(a.get("loss"), x.get(1));
  }

  private interface Law {
    double draw(long key, long id, long position, long stream);
  }

  /** Positions are counted along the axes along which the id stays. */
  private static Values random(List<Values> x, Map<String, String> a, Law law) {
    Values ids = x.get(1);
    int[] shape = x.get(2).shape();
    return Values.each(
        shape,
        i -> {
          long position = 0;
          for (int k = 0; k < shape.length; k++) {
            if (ids.rank() == 0 || ids.shape()[k] == 1) {
              position = position * shape[k] + i[k];
            }
          }
          long key = (long) x.get(0).scalar();
          return law.draw(key, (long) ids.at(i), position, Long.parseLong(a.get("stream")));
        });
  }

  private static double order(Map<String, String> a) {
    return Double.parseDouble(a.get("order"));
  }

  private static int axis(Map<String, String> a) {
    return Integer.parseInt(a.get("axis"));
  }

  private static int[] axes(String text) {
    return Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
  }

  private static Values unary(List<Values> x, DoubleUnaryOperator body) {
    return Values.each(x.get(0).shape(), i -> body.applyAsDouble(x.get(0).at(i)));
  }

  private static Values binary(List<Values> x, DoubleBinaryOperator body) {
    return Values.each(shape(x), i -> body.applyAsDouble(x.get(0).at(i), x.get(1).at(i)));
  }

  private static int[] shape(List<Values> x) {
    int[] shape = new int[0];
    for (Values one : x) {
      if (one.rank() == 0) {
        continue;
      }
      shape = shape.length == 0 ? one.shape().clone() : shape;
      for (int k = 0; k < shape.length; k++) {
        if (shape[k] != one.shape()[k] && shape[k] != 1 && one.shape()[k] != 1) {
          throw new IllegalStateException("sizes do not fit: " + x);
        }
        shape[k] = shape[k] == 1 ? one.shape()[k] : shape[k];
      }
    }
    return shape;
  }

  private static int[] with(int[] shape, int axis, int size) {
    int[] other = shape.clone();
    other[axis] = size;
    return other;
  }

  private static int exact(Values x, int[] index) {
    int offset = 0;
    for (int k = 0; k < x.rank(); k++) {
      if (index[k] < 0 || index[k] >= x.shape()[k]) {
        throw new IllegalStateException("index out of " + Arrays.toString(x.shape()));
      }
      offset = offset * x.shape()[k] + index[k];
    }
    return offset;
  }

  private static double picked(Values x, int[] index, int axis, double position) {
    return position < 0 ? 0 : x.data()[exact(x, with(index, axis, (int) position))];
  }

  private static void put(Values into, int[] index, int axis, double position, double value) {
    if (position >= 0) {
      into.data()[exact(into, with(index, axis, (int) position))] += value;
    }
  }

  /** {@code null} stands for a number. */
  private static int[] reduced(Values x, String axes) {
    if (axes.equals("all")) {
      return new int[0];
    }
    int[] shape = x.shape().clone();
    for (int k : axes(axes)) {
      shape[k] = 1;
    }
    return shape;
  }

  private static Values reduce(
      List<Values> x, int[] shape, double start, double empty, DoubleBinaryOperator body) {
    Values result = Values.each(shape, i -> start);
    Values count = zeros(shape);
    forEach(
        x.get(0),
        (i, v) -> {
          if (x.size() == 1 || x.get(1).at(i) != 0) {
            int to = result.offset(i);
            result.data()[to] = body.applyAsDouble(result.data()[to], v);
            count.data()[to]++;
          }
        });
    return Values.each(shape, i -> count.at(i) == 0 ? empty : result.at(i));
  }

  private static Values argmax(List<Values> x, int axis) {
    Values result = Values.each(with(x.get(0).shape(), axis, 1), i -> -1);
    Values best = Values.each(result.shape(), i -> Double.NEGATIVE_INFINITY);
    forEach(
        x.get(0),
        (i, v) -> {
          int to = result.offset(i);
          if ((x.size() == 1 || x.get(1).at(i) != 0) && v > best.data()[to]) {
            best.data()[to] = v;
            result.data()[to] = i[axis];
          }
        });
    return result;
  }

  private static Values cumsum(Values x, int axis, boolean backwards) {
    return Values.each(
        x.shape(),
        i -> {
          double sum = 0;
          for (int k = 0; k < x.shape()[axis]; k++) {
            if (backwards ? k >= i[axis] : k <= i[axis]) {
              sum += picked(x, i, axis, k);
            }
          }
          return sum;
        });
  }

  private static Values matmul(Values a, boolean ta, Values b, boolean tb) {
    int last = a.rank() - 1;
    int inner = a.shape()[ta ? last - 1 : last];
    if (inner != b.shape()[tb ? last : last - 1]) {
      throw new IllegalStateException("matmul of " + a + " and " + b);
    }
    int[] shape = with(a.shape(), last - 1, a.shape()[ta ? last : last - 1]);
    return Values.each(
        with(shape, last, b.shape()[tb ? last - 1 : last]),
        i -> {
          double sum = 0;
          for (int k = 0; k < inner; k++) {
            int[] left = with(with(i, last - 1, ta ? k : i[last - 1]), last, ta ? i[last - 1] : k);
            int[] right = with(with(i, last - 1, tb ? i[last] : k), last, tb ? k : i[last]);
            sum += a.data()[exact(a, left)] * b.data()[exact(b, right)];
          }
          return sum;
        });
  }

  private static int start(String text, int size, int before) {
    if (text.equals("end")) {
      return size - before;
    }
    int from = Integer.parseInt(text);
    return from < 0 ? size + from : from;
  }

  private static Values cut(Values x, int axis, int start, int count) {
    return Values.each(with(x.shape(), axis, count), i -> picked(x, i, axis, i[axis] + start));
  }
}
