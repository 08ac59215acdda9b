package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The formulas that losses share, where they are smooth and where they are not. */
class FormulaTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final Values X = Values.random(31, -1, 1, 4, 3);
  private static final Values Y = Values.random(32, -1, 1, 5, 3);

  /** The first row has all, the second two, the third one and the last none. */
  private static final Values MASK = Values.matrix(4, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0);

  private final Graph graph = new Graph();
  private final Expr x = graph.real("x", "B", "d");
  private final Expr y = graph.real("y", "Q", "d");
  private final Expr mask = graph.integer("mask", "B", "d").toReal();

  @Test
  void cosinesAndDistancesAreThoseOfPlainLoops() {
    Map<String, Values> values =
        run(Map.of("cosines", x.cosines(y), "distances", x.distances(y)), Map.of("x", X, "y", Y));
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 5; j++) {
        double product = 0;
        double lengths = 0;
        double lengthOfX = 0;
        double lengthOfY = 0;
        for (int k = 0; k < 3; k++) {
          product += X.at(i, k) * Y.at(j, k);
          lengths += Math.pow(X.at(i, k) - Y.at(j, k), 2);
          lengthOfX += X.at(i, k) * X.at(i, k);
          lengthOfY += Y.at(j, k) * Y.at(j, k);
        }
        assertThat(values.get("cosines").at(i, j))
            .isCloseTo(product / Math.sqrt(lengthOfX * lengthOfY), within(1e-14));
        assertThat(values.get("distances").at(i, j)).isCloseTo(Math.sqrt(lengths), within(1e-13));
      }
    }
  }

  @Test
  void derivativesAgreeWithDifferences() {
    List<Expr> formulas =
        List.of(
            x.unitRows(),
            x.gram(),
            x.cosines(),
            x.cosines(y),
            x.squaredDistances(y),
            x.distances(y),
            x.distances(x), // zeros on the diagonal
            x.logSumExp(),
            x.logSumExp(1),
            x.logSumExp(mask, 0.5),
            x.logSumExp(mask, 0.5, 0),
            x.logSumExp(mask, 0.5, 1),
            x.logSumExp1p(mask),
            x.logSumExp1p(mask, 0),
            x.times(5).logSumExp1p(mask, 1),
            x.mean(),
            x.mean(0),
            x.mean(mask, 1),
            x.mean(mask));
    for (Expr formula : formulas) {
      Expr number = formula.plus(formula.square()).total();
      Program program = new Program(Map.of("number", number));
      Differences.check(
          formula.toString(), program, "number", Map.of("x", X, "y", Y, "mask", MASK));
    }
  }

  /** Rows that differ by less than the formula's rounding. */
  @Test
  void equalRowsHaveDistanceZeroWithDerivativeZero() {
    Values rows = Values.random(33, -1, 1, 64, 5);
    Values near = rows.plus(2e-16, rows);
    Expr distances = x.distances(y);
    Expr diagonal = distances.index(0).equalTo(distances.index(1));
    Expr gradient = Reverse.gradients(distances.sum(diagonal), List.of(x)).get(0);
    Map<String, Values> values =
        run(Map.of("d", distances, "gradient", gradient), Map.of("x", rows, "y", near));
    for (int i = 0; i < 64; i++) {
      assertThat(values.get("d").at(i, i)).isZero();
    }
    assertThat(values.get("gradient").data()).containsOnly(0);
    Values broken = Values.each(Y.shape(), i -> Double.NaN);
    assertThat(run(Map.of("d", distances), Map.of("x", X, "y", broken)).get("d").data())
        .containsOnly(Double.NaN);
  }

  @Test
  void zeroRowsStayZeroWithDerivativeZero() {
    Expr unit = x.unitRows();
    Expr gradient = Reverse.gradients(unit.total(), List.of(x)).get(0);
    Expr v = graph.real("v", "B", "d");
    Expr tangent = Forward.tangents(List.of(gradient), Map.of(x, v)).get(0);
    Values rows = Values.matrix(3, 0, 0, 3, 4, Double.NaN, 1);
    Map<String, Values> values =
        run(
            Map.of("unit", unit, "gradient", gradient, "tangent", tangent),
            Map.of("x", rows, "v", Values.matrix(3, 1, 1, 1, 1, 1, 1)));
    assertThat(values.get("unit").data())
        .usingComparatorWithPrecision(1e-15)
        .containsExactly(0, 0, 0.6, 0.8, Double.NaN, Double.NaN);
    for (String name : List.of("gradient", "tangent")) {
      assertThat(values.get(name).at(0, 0)).isZero();
      assertThat(values.get(name).at(0, 1)).isZero();
      assertThat(values.get(name).at(1, 0)).isNotZero();
    }
  }

  @Test
  void emptySetsHaveTheValuesThatAreSaid() {
    Expr none = mask.times(0);
    Map<String, Values> values =
        run(
            Map.of(
                "mean", x.mean(none),
                "logSumExp", x.logSumExp(none, -3, 1),
                "logSumExp1p", x.logSumExp1p(none, 1),
                "max", x.max(none, 1),
                "count", x.count(mask, 1)),
            Map.of("x", X, "mask", MASK));
    assertThat(values.get("mean").data()).containsExactly(0);
    assertThat(values.get("logSumExp").data()).containsOnly(-3);
    assertThat(values.get("logSumExp1p").data()).containsOnly(0);
    assertThat(values.get("max").data()).containsOnly(0);
    assertThat(values.get("count").data()).containsExactly(3, 2, 1, 0);
  }

  @Test
  void logarithmsOfSumsNeitherOverflowNorLoseWhatIsSmall() {
    Values large = Values.matrix(2, 1e4, 1e4, -60, -1e4);
    Values all = Values.each(large.shape(), i -> 1);
    Map<String, Values> values =
        run(
            Map.of("one", x.logSumExp1p(mask, 1), "plain", x.logSumExp(mask, 0, 1)),
            Map.of("x", large, "mask", all));
    assertThat(values.get("one").at(0, 0)).isCloseTo(1e4 + Math.log(2), within(1e-11));
    assertThat(values.get("one").at(1, 0)).isEqualTo(Math.exp(-60));
    assertThat(values.get("plain").at(0, 0)).isCloseTo(1e4 + Math.log(2), within(1e-11));
    assertThat(values.get("plain").at(1, 0)).isEqualTo(-60);
  }

  @Test
  void whatTheMaskLeavesOutHasNoInfluence() {
    Values wild = Values.matrix(2, INFINITY, 1, Double.NaN, 2);
    Values half = Values.matrix(2, 0, 1, 0, 1);
    for (Expr formula :
        List.of(x.logSumExp(mask, 0, 1), x.logSumExp1p(mask, 1), x.mean(mask, 1), x.max(mask, 1))) {
      Expr gradient = Reverse.gradients(formula.total(), List.of(x)).get(0);
      Map<String, Values> values =
          run(Map.of("value", formula, "gradient", gradient), Map.of("x", wild, "mask", half));
      assertThat(DoubleStream.of(values.get("value").data())).allMatch(Double::isFinite);
      assertThat(values.get("gradient").at(0, 0)).isZero();
      assertThat(values.get("gradient").at(1, 0)).isZero();
      assertThat(values.get("gradient").at(0, 1)).isGreaterThan(0.5);
    }
  }

  @Test
  void kinksHaveTheDerivativesThatAreSaid() {
    Values zero = Values.matrix(1, 0);
    assertThat(derivative(Expr::sqrt, zero)).containsExactly(0);
    assertThat(derivative(Expr::abs, zero)).containsExactly(0);
    assertThat(derivative(Expr::relu, zero)).containsExactly(0);
    assertThat(derivative(x -> x.power(1), zero)).containsExactly(1);
    Values tie = Values.matrix(1, 2, 5, 5);
    assertThat(derivative(x -> x.max(1), tie)).containsExactly(0, 1, 0);
    assertThat(derivative(x -> x.min(1), Values.matrix(1, 4, 4, 5))).containsExactly(1, 0, 0);
    assertThat(derivative(x -> x.larger(5), tie)).containsExactly(0, 1, 1);
    assertThat(derivative(x -> x.graph().constant(5).larger(x), tie)).containsExactly(0, 0, 0);
    assertThat(derivative(x -> x.smaller(5), tie)).containsExactly(1, 1, 1);
  }

  @Test
  void ranges() {
    for (int count : new int[] {1, 5, 64}) {
      double[] range = run(Map.of("range", graph.range(count)), Map.of()).get("range").data();
      assertThat(range).containsExactly(IntStream.range(0, count).asDoubleStream().toArray());
    }
  }

  private double[] derivative(UnaryOperator<Expr> f, Values at) {
    Expr gradient = Reverse.gradients(f.apply(x).total(), List.of(x)).get(0);
    Values values = run(Map.of("gradient", gradient), Map.of("x", at)).get("gradient");
    return DoubleStream.of(values.data()).map(value -> value + 0.0).toArray(); // -0 as 0
  }

  private static Map<String, Values> run(Map<String, Expr> outputs, Map<String, Values> inputs) {
    return Interpreter.run(new Program(outputs), new HashMap<>(inputs));
  }
}
