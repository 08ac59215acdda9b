package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.LossSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A walk over the operations. Each is run by plain loops in double; its sizes are those that its
 * rule says, and its reverse rule, its tangent rule and the two together agree with differences.
 */
class OperationTest {
  /** How sizes are named: each axis for itself, or alike where they are alike. */
  private enum Naming {
    OWN,
    BY_SIZE;

    String name(String array, int axis, int size) {
      return this == OWN ? array + "." + axis : size == 1 ? "1" : "n" + size;
    }
  }

  private record Case(
      List<Values> reals,
      List<Values> ints,
      double factor,
      boolean once,
      BiFunction<List<Expr>, List<Expr>, Expr> build) {}

  private static final Map<Operation, List<Case>> CASES = new HashMap<>();

  @ParameterizedTest
  @EnumSource(Operation.class)
  void rulesAgreeWithDifferences(Operation operation) {
    assertThat(CASES).as("a case of %s in this test", operation).containsKey(operation);
    List<Case> cases = CASES.get(operation);
    for (int k = 0; k < cases.size(); k++) {
      for (Naming naming : Naming.values()) {
        check(operation, operation + " case " + k + " " + naming, cases.get(k), naming);
      }
    }
  }

  private static void check(Operation operation, String what, Case example, Naming naming) {
    Example made = made(example, naming);
    if (naming == Naming.OWN) { // else it may have been simplified away
      assertThat(made.program().nodes()).as(what).anyMatch(one -> one.operation() == operation);
    }
    if (example.once()) {
      Differences.checkOnce(what, made.program(), "number", made.inputs());
    } else {
      Differences.check(what, made.program(), "number", made.inputs(), example.factor());
    }
    checkSizes(what, Reverse.of(made.program(), "number", made.moving()), made.inputs());
  }

  /**
   * A case as a program: the output {@code node}, and {@code number}, which is curved in all of it.
   *
   * @param moving the real inputs that it has a derivative by
   * @param once whether it has no second one
   */
  record Example(Program program, Map<String, Values> inputs, List<String> moving, boolean once) {}

  /** The cases of an operation. */
  static List<Example> examples(Operation operation) {
    return CASES.get(operation).stream().map(one -> made(one, Naming.BY_SIZE)).toList();
  }

  private static Example made(Case example, Naming naming) {
    Graph graph = new Graph();
    Map<String, Values> inputs = new HashMap<>();
    List<Expr> reals = new ArrayList<>();
    List<Expr> ints = new ArrayList<>();
    for (Values values : example.reals()) {
      String name = "x" + reals.size();
      inputs.put(name, values);
      reals.add(graph.real(name, sizes(name, values, naming)));
    }
    for (Values values : example.ints()) {
      String name = "i" + ints.size();
      inputs.put(name, values);
      ints.add(graph.integer(name, sizes(name, values, naming)));
    }
    Expr node = example.build().apply(reals, ints);
    Values value = Interpreter.run(new Program(Map.of("node", node)), inputs).get("node");
    inputs.put("weights", Values.random(5, -1, 1, value.shape()));
    Expr weights = graph.real("weights", sizes("weights", value, naming));
    Expr number = weights.times(node.plus(node.square())).total();
    Program program = new Program(Map.of("node", node, "number", number));
    List<String> moving = reals.stream().map(Expr::name).filter(isInputOf(program)).toList();
    return new Example(program, inputs, moving, example.once());
  }

  private static Predicate<String> isInputOf(Program program) {
    return name -> program.inputs().stream().anyMatch(input -> input.name().equals(name));
  }

  private static String[] sizes(String name, Values values, Naming naming) {
    String[] sizes = new String[values.rank()];
    for (int k = 0; k < sizes.length; k++) {
      sizes[k] = naming.name(name, k, values.shape()[k]);
    }
    return sizes;
  }

  /** Ranks are as said, and one name of a size is one size. */
  private static void checkSizes(String what, Program program, Map<String, Values> inputs) {
    Map<String, Integer> known = new HashMap<>(Map.of(Sizes.ONE, 1));
    Interpreter.evaluate(program, inputs)
        .forEach(
            (node, values) -> {
              assertThat(node.rank()).as("%s: rank of %s", what, node).isEqualTo(values.rank());
              for (int k = 0; k < node.rank(); k++) {
                Integer before = known.putIfAbsent(node.sizes().get(k), values.shape()[k]);
                assertThat(before == null || before == values.shape()[k])
                    .as("%s: size %s of %s", what, k, node)
                    .isTrue();
              }
            });
  }

  private static void add(
      Operation operation,
      List<Values> reals,
      List<Values> ints,
      BiFunction<List<Expr>, List<Expr>, Expr> build) {
    add(operation, reals, ints, 1, build);
  }

  private static void add(
      Operation operation,
      List<Values> reals,
      List<Values> ints,
      double factor,
      BiFunction<List<Expr>, List<Expr>, Expr> build) {
    CASES
        .computeIfAbsent(operation, first -> new ArrayList<>())
        .add(new Case(reals, ints, factor, false, build));
  }

  private static void unary(Operation operation, double low, double high, UnaryOperator<Expr> f) {
    add(
        operation,
        List.of(Values.random(1, low, high, 2, 3)),
        List.of(),
        (x, i) -> f.apply(x.get(0)));
    add(operation, List.of(Values.random(2, low, high)), List.of(), (x, i) -> f.apply(x.get(0)));
  }

  private static void binary(Operation operation, BinaryOperator<Expr> f) {
    int[][][] shapes = {
      {{2, 3}, {2, 3}}, {{2, 1}, {1, 3}}, {{2, 3}, {2, 1}}, {{2, 3}, {}}, {{}, {3}}, {{}, {}}
    };
    for (int[][] shape : shapes) {
      add(
          operation,
          List.of(Values.random(3, 0.5, 2, shape[0]), Values.random(4, 0.5, 2, shape[1])),
          List.of(),
          (x, i) -> f.apply(x.get(0), x.get(1)));
    }
    add(operation, List.of(MATRIX), List.of(), (x, i) -> f.apply(x.get(0), x.get(0).exp()));
  }

  private static final Values MATRIX = Values.random(6, -2, 2, 2, 3);
  private static final Values OTHER = Values.random(7, -2, 2, 2, 3);
  private static final Values SQUARE = Values.random(8, -1, 1, 3, 3);
  private static final Values CUBE = Values.random(9, -1, 1, 2, 3, 4);
  private static final Values COLUMN = Values.random(10, -2, 2, 2, 1);
  private static final Values ROW = Values.random(11, -2, 2, 1, 3);
  private static final Values VECTOR = Values.random(12, -2, 2, 4);

  private static final List<LossSpec> PROXY_LOSSES =
      List.of(
          new LossSpec("normalized-softmax", Map.of("temperature", 0.5)),
          new LossSpec("proxy-anchor", Map.of("alpha", 3.0, "margin", 0.1)));

  /** The gradient by the embeddings, or by the proxies. */
  private static Expr slope(Expr e, Expr labels, Expr p, LossSpec loss, int of) {
    return Reverse.gradients(e.proxyLoss(labels, p, loss.text()), List.of(e, p)).get(of);
  }

  /** The second array as a mask; it is away from its step. */
  private static Expr mask(List<Expr> x) {
    return x.get(1).step();
  }

  static {
    unary(Operation.INPUT, -2, 2, x -> x);
    unary(Operation.CONSTANT, -2, 2, x -> x.times(3));
    unary(Operation.EPSILON, -2, 2, x -> x.plus(x.graph().epsilon().times(1e15)));
    unary(Operation.SIZE, -2, 2, x -> x.times(x.size()));
    add(Operation.SIZE, List.of(MATRIX), List.of(), (x, i) -> x.get(0).times(x.get(0).size(1)));
    unary(Operation.NEG, -2, 2, x -> x.negate());
    unary(Operation.ABS, -2, 2, x -> x.abs());
    unary(Operation.SIGN, -2, 2, x -> x.sign());
    unary(Operation.STEP, -2, 2, x -> x.step());
    unary(Operation.RELU, -2, 2, x -> x.relu());
    unary(Operation.EXP, -2, 1, x -> x.exp());
    unary(Operation.LOG, 0.5, 2, x -> x.log());
    unary(Operation.LOG1P, -0.5, 2, x -> x.log1p());
    unary(Operation.EXPM1, -2, 1, x -> x.expm1());
    unary(Operation.SQRT, 0.5, 2, x -> x.sqrt());
    unary(Operation.RECIPROCAL, 0.5, 2, x -> x.reciprocal());
    unary(Operation.SQUARE, -2, 2, x -> x.square());
    unary(Operation.SOFTPLUS, -2, 2, x -> x.softplus());
    unary(Operation.SIGMOID, -2, 2, x -> x.sigmoid());
    unary(Operation.TANH, -2, 2, x -> x.tanh());
    unary(Operation.SIN, -2, 2, x -> x.sin());
    unary(Operation.COS, -2, 2, x -> x.cos());
    for (double exponent : new double[] {0, 1, 2, 0.5, 2.5, -1}) {
      unary(Operation.POWER, 0.5, 2, x -> x.power(exponent));
    }
    for (double order : new double[] {0, 0.5, 1, 31.25}) {
      unary(Operation.LOG_BESSEL, -3, 3, x -> x.logBessel(order));
      unary(Operation.BESSEL_RATIO, -3, 3, x -> x.besselRatio(order));
      unary(Operation.BESSEL_SLOPE, -3, 3, x -> x.besselSlope(order));
    }
    unary(Operation.LOG_BESSEL, 30, 40, x -> x.logBessel(3));
    unary(Operation.BESSEL_RATIO, 30, 40, x -> x.besselRatio(3));
    unary(Operation.BESSEL_SLOPE, 5, 10, x -> x.besselSlope(3));
    binary(Operation.ADD, (a, b) -> a.plus(b));
    binary(Operation.SUB, (a, b) -> a.minus(b));
    binary(Operation.MUL, (a, b) -> a.times(b));
    unary(Operation.MUL, -2, 2, x -> x.times(x));
    binary(Operation.DIV, (a, b) -> a.over(b));
    binary(Operation.LARGER, (a, b) -> a.larger(b));
    binary(Operation.SMALLER, (a, b) -> a.smaller(b));
    binary(Operation.LESS, (a, b) -> a.lessThan(b));
    binary(Operation.LESS_EQUAL, (a, b) -> a.lessOrEqual(b));
    binary(Operation.EQUAL, (a, b) -> a.equalTo(b));
    for (Values other : List.of(OTHER, COLUMN, ROW)) {
      add(
          Operation.SELECT,
          List.of(MATRIX, other),
          List.of(),
          (x, i) -> mask(x).select(x.get(0), x.get(1)));
    }
    add(
        Operation.SELECT,
        List.of(COLUMN, MATRIX),
        List.of(),
        (x, i) -> mask(x).select(x.get(0), 0.5));

    Values labels = Values.matrix(1, 1, 2, 2);
    add(
        Operation.SAME,
        List.of(MATRIX),
        List.of(Values.matrix(2, 1, 2), labels),
        (x, i) -> x.get(0).times(i.get(0).sameAs(i.get(1))));
    add(
        Operation.BELOW,
        List.of(MATRIX),
        List.of(Values.matrix(2, 1, 2), labels),
        (x, i) -> x.get(0).times(i.get(0).below(i.get(1))));
    add(
        Operation.REAL,
        List.of(MATRIX),
        List.of(labels),
        (x, i) -> x.get(0).times(i.get(0).toReal()));
    add(
        Operation.INDEX,
        List.of(MATRIX),
        List.of(labels),
        (x, i) -> x.get(0).times(x.get(0).index(0)).plus(i.get(0).index(1)));

    Values key = Values.scalar(4611686018427387000.0);
    for (Values ids : List.of(Values.matrix(2, 7, -3), Values.matrix(1, 5, 6, 7), labels, key)) {
      add(
          Operation.UNIFORM,
          List.of(MATRIX),
          List.of(key, ids),
          (x, i) -> x.get(0).times(x.get(0).uniform(i.get(0), i.get(1), 3)));
      add(
          Operation.NORMAL,
          List.of(MATRIX),
          List.of(key, ids),
          (x, i) -> x.get(0).plus(x.get(0).exp().normal(i.get(0), i.get(1), 0)));
    }

    BiFunction<List<Expr>, List<Expr>, Expr> stopped = (x, i) -> x.get(0).exp().stop();
    add(Operation.STOP, List.of(MATRIX), List.of(), 0, stopped);
    add(Operation.FLIP, List.of(MATRIX), List.of(), -1, (x, i) -> x.get(0).reversed());
    for (Values small : List.of(COLUMN, ROW, Values.scalar(0.7), MATRIX)) {
      add(
          Operation.BROADCAST_LIKE,
          List.of(small, COLUMN, OTHER),
          List.of(),
          (x, i) -> x.get(0).exp().broadcastLike(x.get(1).plus(x.get(2))).concat(x.get(2), 0));
      add(
          Operation.SUM_LIKE,
          List.of(MATRIX, small, COLUMN),
          List.of(),
          (x, i) -> x.get(0).plus(x.get(2)).sumLike(x.get(1)).times(x.get(1)));
    }
    add(
        Operation.BROADCAST_LIKE,
        List.of(Values.scalar(0.7)),
        List.of(labels),
        (x, i) -> x.get(0).broadcastLike(i.get(0)));
    for (int axis = 0; axis < 3; axis++) {
      int k = axis;
      add(Operation.EXPAND, List.of(MATRIX), List.of(), (x, i) -> x.get(0).expand(k));
      add(Operation.DROP, List.of(CUBE), List.of(), (x, i) -> x.get(0).sum(k).drop(k));
    }
    add(
        Operation.EXPAND,
        List.of(VECTOR),
        List.of(Values.vector(3, 1, 1, 2)),
        (x, i) -> x.get(0).column().times(i.get(0).row().toReal()));

    for (int[] axes : new int[][] {{}, {0}, {1}, {0, 1}}) {
      add(Operation.SUM, List.of(MATRIX), List.of(), (x, i) -> x.get(0).sum(axes));
      add(
          Operation.MAX,
          List.of(MATRIX, OTHER),
          List.of(),
          0,
          (x, i) -> x.get(0).stoppedMax(mask(x), 0.25, axes));
      for (Values mask : List.of(OTHER, COLUMN, ROW, Values.random(13, -2, -1, 2, 3))) {
        add(Operation.SUM, List.of(MATRIX, mask), List.of(), (x, i) -> x.get(0).sum(mask(x), axes));
      }
    }
    add(Operation.MAX, List.of(MATRIX), List.of(), 0, (x, i) -> x.get(0).stoppedMax(0, 1));
    for (int axis = 0; axis < 2; axis++) {
      int k = axis;
      add(Operation.ARGMAX, List.of(MATRIX), List.of(), (x, i) -> x.get(0).argmax(k).toReal());
      add(Operation.ARGMAX, List.of(MATRIX), List.of(), (x, i) -> x.get(0).max(k));
      add(
          Operation.ARGMAX,
          List.of(MATRIX, Values.matrix(2, -1, -1, -1, 1, 1, -1)),
          List.of(),
          (x, i) -> x.get(0).min(mask(x), k));
      for (boolean backwards : new boolean[] {false, true}) {
        add(
            Operation.CUMSUM,
            List.of(MATRIX),
            List.of(),
            (x, i) -> x.get(0).cumulativeSum(k, backwards));
      }
    }

    Values tall = Values.random(14, -1, 1, 3, 2);
    add(Operation.MATMUL, List.of(MATRIX, tall), List.of(), (x, i) -> x.get(0).matmul(x.get(1)));
    add(
        Operation.MATMUL,
        List.of(tall, tall),
        List.of(),
        (x, i) -> x.get(0).transposed().matmul(x.get(1)));
    add(
        Operation.MATMUL,
        List.of(tall, tall),
        List.of(),
        (x, i) -> x.get(0).matmul(x.get(1).transposed()));
    add(
        Operation.MATMUL,
        List.of(MATRIX, tall),
        List.of(),
        (x, i) -> x.get(0).transposed().matmul(x.get(1).transposed()));
    add(Operation.MATMUL, List.of(tall), List.of(), (x, i) -> x.get(0).gram());
    add(
        Operation.MATMUL,
        List.of(tall),
        List.of(),
        (x, i) -> x.get(0).transposed().matmul(x.get(0)));
    add(Operation.MATMUL, List.of(SQUARE), List.of(), (x, i) -> x.get(0).matmul(x.get(0)));
    add(
        Operation.MATMUL,
        List.of(SQUARE),
        List.of(),
        (x, i) -> x.get(0).transposed().matmul(x.get(0).transposed()));
    Values many = Values.random(17, -1, 1, 2, 4, 3);
    List<BinaryOperator<Expr>> products =
        List.of(
            (a, b) -> a.matmul(b.transposed()),
            (a, b) -> a.transposed().matmul(b.permuted(0, 2, 1).transposed()),
            (a, b) -> a.transposed().matmul(b.transposed().exp().transposed()),
            (a, b) -> a.expand(1).matmul(b.transposed().expand(1)));
    for (BinaryOperator<Expr> product : products) {
      add(
          Operation.MATMUL,
          List.of(many, many),
          List.of(),
          (x, i) -> product.apply(x.get(0), x.get(1)));
    }
    add(Operation.MATMUL, List.of(many), List.of(), (x, i) -> x.get(0).gram());
    add(Operation.TRANSPOSE, List.of(MATRIX), List.of(), (x, i) -> x.get(0).transposed());
    add(Operation.TRANSPOSE, List.of(CUBE), List.of(), (x, i) -> x.get(0).permuted(2, 0, 1));

    Values repeated = Values.vector(1, -1, 0, 1);
    for (Values from : List.of(MATRIX, CUBE, VECTOR)) {
      add(Operation.GATHER, List.of(from), List.of(repeated), (x, i) -> x.get(0).gather(i.get(0)));
    }
    add(
        Operation.SCATTER,
        List.of(Values.random(15, -1, 1, 4, 3), MATRIX),
        List.of(repeated),
        (x, i) -> x.get(0).scatter(i.get(0), x.get(1)));
    Values inRows = Values.matrix(2, 2, 0, 0, 2, -1, 1, 1, 0);
    Values inColumns = Values.matrix(3, 1, 0, 0, 1, -1, 1, 1, 1, 0);
    add(Operation.PICK, List.of(MATRIX), List.of(inRows), (x, i) -> x.get(0).pick(i.get(0), 1));
    add(Operation.PICK, List.of(MATRIX), List.of(inColumns), (x, i) -> x.get(0).pick(i.get(0), 0));
    add(
        Operation.PLACE,
        List.of(Values.random(16, -1, 1, 2, 4), MATRIX),
        List.of(inRows),
        (x, i) -> x.get(0).place(i.get(0), x.get(1), 1));
    add(
        Operation.PLACE,
        List.of(SQUARE, MATRIX),
        List.of(inColumns),
        (x, i) -> x.get(0).place(i.get(0), x.get(1), 0));

    add(
        Operation.CONCAT,
        List.of(MATRIX, SQUARE),
        List.of(),
        (x, i) -> x.get(0).concat(x.get(1), 0));
    add(
        Operation.CONCAT,
        List.of(MATRIX, COLUMN),
        List.of(),
        (x, i) -> x.get(0).concat(x.get(1), 1));
    add(Operation.CONCAT, List.of(MATRIX), List.of(), (x, i) -> x.get(0).concat(x.get(0), 1));
    add(Operation.SLICE, List.of(SQUARE), List.of(), (x, i) -> x.get(0).slice(0, 1, 2));
    add(Operation.SLICE, List.of(SQUARE), List.of(), (x, i) -> x.get(0).slice(1, 1));
    add(Operation.SLICE, List.of(CUBE), List.of(), (x, i) -> x.get(0).slice(2, -3, -1));
    for (String from : List.of("0", "1", "-2", "end")) {
      add(
          Operation.SLICE_LIKE,
          List.of(SQUARE, MATRIX),
          List.of(),
          (x, i) -> x.get(0).sliceLike(x.get(1), 0, from));
      add(
          Operation.PAD,
          List.of(MATRIX, SQUARE),
          List.of(),
          (x, i) -> x.get(0).pad(x.get(1), 0, from));
    }
    for (int axis = 0; axis < 2; axis++) {
      int k = axis;
      add(Operation.JOIN, List.of(CUBE), List.of(), (x, i) -> x.get(0).join(k));
      Values joined = Values.random(17, -1, 1, k == 0 ? new int[] {6, 4} : new int[] {2, 12});
      add(
          Operation.SPLIT,
          List.of(joined, CUBE),
          List.of(),
          (x, i) -> x.get(0).split(x.get(1), k).plus(x.get(1)));
      add(Operation.JOIN, List.of(CUBE), List.of(), (x, i) -> x.get(0).slice(2, 1, 3).join(k));
      add(
          Operation.JOIN,
          List.of(CUBE),
          List.of(),
          (x, i) -> x.get(0).sum(1 - k).broadcastLike(x.get(0)).join(k));
    }
    ImageCases.addTo((operation, reals, build) -> add(operation, reals, List.of(), build));

    Values classes = Values.vector(1, 0, 1);
    Values rows = Values.random(18, -1, 1, 3, 2);
    Values proxies = Values.random(19, -1, 1, 2, 2);
    for (LossSpec loss : PROXY_LOSSES) {
      add(
          Operation.PROXY_LOSS,
          List.of(rows, proxies),
          List.of(classes),
          (x, i) -> x.get(0).proxyLoss(i.get(0), x.get(1), loss.text()));
      for (int k = 0; k < 2; k++) {
        int of = k;
        CASES
            .computeIfAbsent(Operation.PROXY_GRADIENT, first -> new ArrayList<>())
            .add(
                new Case(
                    List.of(rows, proxies),
                    List.of(classes),
                    1,
                    true,
                    (x, i) -> slope(x.get(0), i.get(0), x.get(1), loss, of)));
        add( // at a point of whole numbers, which does not move
            Operation.PROXY_PRODUCT,
            List.of(Values.random(20, -1, 1, 3, 2), Values.random(21, -1, 1, 2, 2)),
            List.of(classes, Values.matrix(3, 1, 2, -1, 3, 2, -2), Values.matrix(2, 1, -3, 2, 1)),
            (x, i) -> {
              Expr e = i.get(1).toReal();
              Expr p = i.get(2).toReal();
              Expr slope = slope(e, i.get(0), p, loss, of);
              return Forward.tangents(List.of(slope), Map.of(e, x.get(0), p, x.get(1))).get(0);
            });
      }
    }
  }
}
