package io.vicinal.program;

import io.vicinal.program.Expr.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Small programs of all kinds of operations, one for each seed. Values stay near 1 and no step is
 * smaller than they are exact, so that rounding is not magnified: masks come from integers.
 */
final class RandomPrograms {
  /**
   * A program with arrays for it.
   *
   * @param moving the real inputs that the output {@code number} depends on
   */
  record Sample(Program program, Map<String, Values> inputs, List<String> moving) {}

  private static final int[][] SIZES = {
    {3, 4, 5}, {1, 1, 1}, {7, 1, 2}, {0, 3, 2}, {2, 0, 3}, {5, 3, 0}, {2, 5, 280}, {16, 17, 1}
  };
  private static final List<UnaryOperator<Expr>> UNARY =
      List.of(
          Expr::sin,
          Expr::cos,
          Expr::tanh,
          Expr::sigmoid,
          Expr::negate,
          Expr::reversed,
          x -> x.plus(0.0137).abs(), // away from a 0 that rounding might move
          x -> x.plus(0.0137).relu(),
          x -> x.softplus().times(0.7),
          x -> x.tanh().exp().times(0.4),
          x -> x.tanh().expm1().times(0.6),
          x -> x.square().plus(0.5).log(),
          x -> x.square().log1p(),
          x -> x.square().plus(0.3).sqrt().times(0.5),
          x -> x.square().plus(1).reciprocal(),
          x -> x.sigmoid().power(2.5),
          x -> x.stop().times(0.5).plus(x),
          x -> x.minus(0.25),
          x -> x.over(x.square().plus(2)));

  private final Random random;
  private final boolean products;
  private final Map<String, Integer> sizes;
  private final Graph graph = new Graph();
  private final Map<String, Values> inputs = new HashMap<>();
  private final List<Expr> pool = new ArrayList<>();

  private RandomPrograms(int seed, int a, int b, int c, boolean products) {
    this.products = products;
    random = new Random(seed);
    sizes = Map.of("A", a, "B", b, "C", c, Sizes.ONE, 1);
  }

  static Sample sample(int seed) {
    int[] abc = SIZES[seed % SIZES.length];
    return new RandomPrograms(seed, abc[0], abc[1], abc[2], true).build(10 + seed % 23);
  }

  /** Of arrays that are cut for several threads, without matrix products. */
  static Sample large(int seed) {
    return new RandomPrograms(seed, 70, 130, 40, false).build(14);
  }

  private Sample build(int steps) {
    pool.add(real("x", "A", "B"));
    pool.add(real("y", "A", "C"));
    pool.add(real("v", "B"));
    pool.add(real("s"));
    pool.add(real("w", "1", "B"));
    pool.add(real("z", "A", "B", "C"));
    for (int i = 0; i < steps; i++) {
      Expr made = step();
      if (made != null) {
        pool.add(made);
      }
    }
    Map<String, Expr> outputs = new LinkedHashMap<>();
    Expr number = graph.constant(0);
    for (int k = pool.size() - 1; k >= 0 && outputs.size() < 6; k -= 1 + random.nextInt(2)) {
      outputs.put("out" + k, pool.get(k));
      number = number.plus(mean(pool.get(k)));
    }
    Expr last = pool.get(pool.size() - 1);
    outputs.put("number", number);
    outputs.put("again", last);
    outputs.put("input", graph.real("x", "A", "B"));
    Expr z = graph.real("z", "A", "B", "C");
    outputs.put("top", z.argmax(mask(z), random.nextInt(3)));
    Program program = new Program(outputs);
    List<String> moving =
        program.inputs().stream().filter(x -> x.type() == Type.REAL).map(Expr::name).toList();
    return new Sample(program, inputs, moving);
  }

  private Expr step() {
    Expr x = any(e -> true);
    int axis = x.rank() == 0 ? 0 : random.nextInt(x.rank());
    Expr y = any(e -> e.rank() == 0 || fits(e, x));
    switch (random.nextInt(x.rank() == 0 ? 4 : 21)) {
      case 0, 1:
        return UNARY.get(random.nextInt(UNARY.size())).apply(x);
      case 2:
        return x.plus(y).times(0.5);
      case 3:
        return random.nextBoolean() ? x.times(y) : x.larger(y.minus(0.1));
      case 4:
        return x.minus(mean(x, axis));
      case 5:
        return mask(x).select(x, y.times(0.5));
      case 6:
        return x.mean(mask(x), axis);
      case 7:
        return mean(x, axis).broadcastLike(x).times(x);
      case 8:
        return x.logSumExp(mask(x), 0.25, axis).times(0.5);
      case 9:
        return x.logSumExp1p(mask(x), axis).times(0.5);
      case 10:
        return x.operation() == Operation.INPUT // whose entries are not equal
            ? x.max(mask(x), axis)
            : x.stoppedMax(mask(x), 0.5, axis);
      case 11:
        return x.rank() == 2
            ? x.transposed()
            : x.rank() == 3 ? x.permuted(axis, (axis + 2) % 3, (axis + 1) % 3) : x.row();
      case 12:
        return x.rank() < 3 ? x.expand(random.nextInt(x.rank() + 1)) : mean(x, axis).drop(axis);
      case 13:
        return product(x);
      case 14:
        return x.cumulativeSum(axis, random.nextBoolean()).over(x.size(axis).larger(1));
      case 15:
        return x.gather(rows(x.sizes().get(0)));
      case 16:
        Expr picked = x.gather(rows(x.sizes().get(0)));
        return picked.times(0.5).scatter(rows(x.sizes().get(0)), x);
      case 17:
        return x.concat(mean(x, axis), axis);
      case 18:
        Expr both = x.concat(x.times(0.5), axis);
        return random.nextBoolean() ? both.sliceLike(x, axis, "end") : x.slice(axis, 0);
      case 19:
        return mean(x).plus(x.times(0.5));
      default:
        return x.index(axis).times(0.01).plus(x);
    }
  }

  private Expr product(Expr x) {
    if (x.rank() != 2 || !products) {
      return null;
    }
    Expr scale = x.size(1).larger(1);
    Expr y = any(e -> e.rank() == 2 && e.sizes().get(1).equals(x.sizes().get(1)));
    return y == null ? x.gram().over(scale) : x.matmul(y.transposed()).over(scale);
  }

  /** An input of indices into an axis of that size, some of them -1. */
  private Expr rows(String size) {
    int bound = sizes.getOrDefault(size, 0); // sizes of a node's own: none is known
    String name = "rows." + bound;
    if (!inputs.containsKey(name)) {
      int[] count = {sizes.get("A")};
      inputs.put(name, Values.each(count, i -> random.nextInt(bound + 1) - 1));
    }
    return graph.integer(name, "A");
  }

  /** A mask over an array that depends on positions, labels, or both. */
  private Expr mask(Expr x) {
    int axis = random.nextInt(x.rank());
    Expr index = x.index(axis);
    if (x.rank() == 2 && x.sizes().get(0).equals("A") && random.nextBoolean()) {
      inputs.computeIfAbsent(
          "labels", n -> Values.each(new int[] {sizes.get("A")}, i -> random.nextInt(3)));
      Expr labels = graph.integer("labels", "A");
      return x.sizes().get(1).equals("A")
          ? labels.column().sameAs(labels.row())
          : labels.toReal().column().greaterThan(0.5);
    }
    Expr other = x.index((axis + 1) % x.rank());
    return switch (random.nextInt(4)) {
      case 0 -> index.lessThan(2);
      case 1 -> index.equalTo(other);
      case 2 -> index.lessOrEqual(other).times(index.greaterThan(0));
      default -> index.lessThan(0);
    };
  }

  private static Expr mean(Expr x, int... axes) {
    Expr mean = x.sum(axes);
    if (axes.length == 0) {
      return mean.over(x.size().larger(1));
    }
    for (int axis : axes) {
      mean = mean.over(x.size(axis).larger(1));
    }
    return mean;
  }

  private static boolean fits(Expr small, Expr large) {
    boolean fits = small.rank() == large.rank();
    for (int k = 0; k < small.rank() && fits; k++) {
      String size = small.sizes().get(k);
      fits = size.equals(Sizes.ONE) || size.equals(large.sizes().get(k));
    }
    return fits;
  }

  private Expr any(Predicate<Expr> wanted) {
    List<Expr> choice = pool.stream().filter(wanted).toList();
    return choice.isEmpty() ? null : choice.get(random.nextInt(choice.size()));
  }

  private Expr real(String name, String... named) {
    int[] shape = new int[named.length];
    for (int k = 0; k < shape.length; k++) {
      shape[k] = sizes.get(named[k]);
    }
    inputs.put(name, Values.random(random.nextLong(), -1.5, 1.5, shape));
    return graph.real(name, named);
  }
}
