package io.vicinal.loss.tuple;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.tuple.TupleCase.Learned;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.tensor.DType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A walk over the registry: every loss with its parameters at their defaults and changed, of all
 * tuples and of mined ones, of embeddings as they are and of unit length, on ordinary and on nasty
 * batches. Values are those of {@link TupleOracle}, gradients and Hessian-vector products agree
 * with differences, float32 with float64, and nothing is ever NaN.
 */
class TupleLossTest {
  private static final double STEP = 1e-6;

  /** Of sums in another order: an oracle subtracts before it squares, a program may not. */
  private static final double OF_VALUES = 1e-9;

  /** Of central differences with that step, for third derivatives up to 10^5. */
  private static final double OF_DIFFERENCES = 2e-6;

  /** Of float32 with up to 10^3 roundings in a sequence; where it is of all, of the largest. */
  private static final double OF_FLOATS = 1e-3;

  /** Numbers that a loss may keep for each pair of a batch, with its gradient. */
  private static final double PAIRS = 14;

  @AutoClose private static final Backend backend = TestDevice.open();

  static List<String> losses() {
    return TupleLosses.names();
  }

  @ParameterizedTest
  @MethodSource("losses")
  void valuesAndDerivatives(String name) {
    assertThat(TupleOracle.has(name)).as("an oracle of %s in TupleOracle", name).isTrue();
    for (Map<String, String> params : variants(name)) {
      TupleLoss loss = TupleLosses.create(name, params);
      for (Tuples mined : modes(loss)) {
        walk(name, loss, mined, false);
      }
    }
  }

  /** With every number changed: a zero vector is at distance 1, where defaults have kinks. */
  @ParameterizedTest
  @MethodSource("losses")
  void ofUnitLength(String name) {
    TupleLoss loss = TupleLosses.create(name, numbers(name));
    for (Tuples mined : modes(loss)) {
      walk(name, loss, mined, true);
    }
  }

  /** No pairs times pairs, no triples, no histogram of each pair. */
  @ParameterizedTest
  @MethodSource("losses")
  void memoryIsThatOfSomePairs(String name) {
    int count = 320;
    TupleLoss loss = TupleLosses.create(name, Map.of());
    try (TupleRun run = new TupleRun(backend, loss, null, false)) {
      double bytes = temporaryBytes(run, loss, count);
      assertThat(bytes / Float.BYTES / count / count).as(name).isLessThan(PAIRS);
      assertThat(bytes).as("twice the batch").isLessThan(4.4 * temporaryBytes(run, loss, 160));
    }
  }

  private static double temporaryBytes(TupleRun run, TupleLoss loss, int count) {
    long[] labels = new long[count];
    Arrays.setAll(labels, i -> i % TupleBatches.CLASSES);
    TupleCase batch = TupleCase.of("large", TupleBatches.random(9, count, 2), labels);
    return run.temporaryBytes(complete(batch, loss), DType.F32);
  }

  static List<String> comparing() {
    return TupleLosses.names().stream()
        .filter(name -> TupleLosses.create(name, Map.of()).given().isEmpty())
        .filter(name -> TupleProgram.comparesSamples(TupleLosses.create(name, Map.of())))
        .toList();
  }

  /** Anchors of the batch against references, some of which are constants. */
  @ParameterizedTest
  @MethodSource("comparing")
  void withAMemory(String name) {
    for (Map<String, String> params : variants(name)) {
      TupleLoss loss = TupleLosses.create(name, params);
      for (Tuples mined : modes(loss)) {
        try (TupleRun run = new TupleRun(backend, TupleProgram.withMemory(loss, mined, false))) {
          for (TupleCase batch : TupleBatches.all()) {
            TupleCase some = batch.batch((2 * batch.count() + 1) / 3);
            check(name, run, complete(TupleBatches.mined(some, mined), loss));
          }
          if (mined != null) {
            check(name, run, complete(TupleBatches.loose(mined, 4), loss));
          }
        }
      }
    }
  }

  private static void walk(String name, TupleLoss loss, Tuples mined, boolean normalized) {
    try (TupleRun run = new TupleRun(backend, loss, mined, normalized)) {
      for (TupleCase batch : TupleBatches.all()) {
        TupleCase of = TupleBatches.mined(batch, mined);
        check(name, run, complete(of.normalized(normalized), loss));
      }
      if (mined != null) {
        check(name, run, complete(TupleBatches.loose(mined).normalized(normalized), loss));
      }
    }
  }

  /** All tuples, and what a miner may hand it. */
  static List<Tuples> modes(TupleLoss loss) {
    List<Tuples> modes = new ArrayList<>();
    modes.add(null);
    modes.addAll(List.of(TupleLosses.facts(loss).tuples()));
    return modes;
  }

  /** The defaults, each switch and choice once, and all numbers changed. */
  static List<Map<String, String>> variants(String name) {
    List<Map<String, String>> variants = new ArrayList<>(List.of(Map.of(), numbers(name)));
    standards(name)
        .forEach(
            (param, about) -> {
              Stream.of(about.choices())
                  .filter(choice -> !choice.equals(about.value()))
                  .forEach(choice -> variants.add(Map.of(param, choice)));
              if (List.of("true", "false").contains(about.value())) {
                variants.add(Map.of(param, about.value().equals("true") ? "false" : "true"));
              }
            });
    return variants;
  }

  /** Every number a bit larger. */
  private static Map<String, String> numbers(String name) {
    Map<String, String> numbers = new LinkedHashMap<>();
    Map<String, Object> defaults = TupleLosses.params(TupleLosses.create(name, Map.of()));
    defaults.forEach(
        (param, value) -> {
          if (value instanceof Integer whole) {
            numbers.put(param, "" + (whole + 1));
          } else if (value instanceof Double number) {
            double most = standards(name).get(param).most();
            numbers.put(param, "" + Math.min(1.25 * number + 0.1, most));
          }
        });
    return numbers;
  }

  private static Map<String, Standard> standards(String name) {
    TupleLoss loss = TupleLosses.create(name, Map.of());
    List<String> names = List.copyOf(TupleLosses.params(loss).keySet());
    RecordComponent[] components = loss.getClass().getRecordComponents();
    Map<String, Standard> standards = new LinkedHashMap<>();
    for (int i = 0; i < components.length; i++) {
      standards.put(names.get(i), components[i].getAnnotation(Standard.class));
    }
    return standards;
  }

  /** With the loss's parameters, and arrays for those that it learns. */
  static TupleCase complete(TupleCase batch, TupleLoss loss) {
    Map<String, Learned> learned = new LinkedHashMap<>();
    Random random = new Random(3);
    List<LearnedParameter> arrays = new ArrayList<>(loss.learned());
    arrays.addAll(loss.given());
    for (LearnedParameter one : arrays) {
      long[] shape =
          one.sizes().stream()
              .mapToLong(
                  size ->
                      switch (size) {
                        case "C" -> TupleBatches.CLASSES;
                        case "B" -> batch.batch();
                        case "d" -> batch.width();
                        default -> size.matches("\\d+") ? Long.parseLong(size) : 3;
                      })
              .toArray();
      double[] data = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
      boolean sets = one.sizes().contains("L"); // some of them are empty
      Arrays.setAll(data, i -> sets ? random.nextInt(3) / 2 : 0.3 + random.nextDouble());
      learned.put(one.name(), new Learned(shape, data));
    }
    return batch.with(batch.rows(), learned).params(TupleLosses.params(loss));
  }

  private static void check(String name, TupleRun run, TupleCase in) {
    String what = name + ": " + in;
    Map<String, double[]> outputs = run.gradient(in, DType.F64);
    double value = outputs.get("loss")[0];
    assertClose(what + ": value", OF_VALUES, value, TupleOracle.value(name, in));
    outputs.forEach((output, x) -> assertFinite(what + ": " + output, x));
    if (!name.equals("adversarial-separation")) { // which has terms of coordinates, below 0
      assertThat(outputs).as(what).containsKeys("tuples", "active");
      assertThat(outputs.get("active")[0])
          .as(what + ": active")
          .isBetween(0.0, 2 * outputs.get("tuples")[0]); // a triplet may have two terms
    }

    Random random = new Random(11);
    for (int trial = 0; trial < 2; trial++) {
      Map<String, double[]> directions = directions(in, run.variables(), random);
      Map<String, double[]> ways = reversed(name, directions);
      Map<String, double[]> above = run.gradient(moved(in, ways, STEP), DType.F64);
      Map<String, double[]> below = run.gradient(moved(in, ways, -STEP), DType.F64);
      double slope = 0;
      for (String variable : run.variables()) {
        slope += TupleCase.dot(outputs.get("gradient." + variable), directions.get(variable));
      }
      double difference = (above.get("loss")[0] - below.get("loss")[0]) / (2 * STEP);
      boolean holds = TupleOracle.holds(in);
      if (holds) { // a derivative of another function than the value, which the oracle can hold
        difference =
            (TupleOracle.value(name, moved(in, ways, STEP), in)
                    - TupleOracle.value(name, moved(in, ways, -STEP), in))
                / (2 * STEP);
      }
      assertClose(what + ": gradient", OF_DIFFERENCES, slope, difference);
      if (trial == 0) {
        Map<String, double[]> product = run.product(in, directions, DType.F64);
        Map<String, double[]> floats = run.product(in, directions, DType.F32);
        for (String variable : run.variables()) {
          String output = "gradient." + variable;
          double[] tangent = product.get("tangent." + output);
          double[] differences = new double[tangent.length];
          Arrays.setAll(
              differences, i -> (above.get(output)[i] - below.get(output)[i]) / (2 * STEP));
          if (holds) {
            assertFinite(what + ": Hessian, " + variable, tangent);
          } else {
            assertAllClose(what + ": Hessian, " + variable, OF_DIFFERENCES, tangent, differences);
          }
          assertThat(product.get(output)).as(what + ": " + output).isEqualTo(outputs.get(output));
          assertAllClose(
              what + ": float32 " + output, OF_FLOATS, floats.get(output), outputs.get(output));
          assertFinite(what + ": float32 Hessian", floats.get("tangent." + output));
        }
        assertClose(what + ": float32 value", OF_FLOATS, floats.get("loss")[0], value);
      }
    }
  }

  /** Zero rows stay, and equal rows stay equal: a loss may have a kink there. So do constants. */
  private static Map<String, double[]> directions(
      TupleCase in, List<String> variables, Random random) {
    Map<String, double[]> directions = new HashMap<>();
    double[][] rows = new double[in.count()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = random.doubles(in.width(), -1, 1).toArray();
      for (int j = 0; j < i; j++) {
        rows[i] = Arrays.equals(in.rows()[i], in.rows()[j]) ? rows[j] : rows[i];
      }
      rows[i] = TupleCase.length(in.rows()[i]) == 0 ? new double[in.width()] : rows[i];
    }
    for (int i = in.batch(); i < rows.length; i++) {
      double[] remembered = in.rows()[i];
      Arrays.setAll(
          rows, j -> Arrays.equals(in.rows()[j], remembered) ? new double[in.width()] : rows[j]);
    }
    double[] all = TupleRun.flat(rows);
    directions.put("embedding", Arrays.copyOf(all, in.batch() * in.width()));
    if (variables.contains("references")) {
      directions.put("references", all);
    }
    in.learned()
        .forEach(
            (name, x) -> {
              if (variables.contains(name)) {
                directions.put(name, random.doubles(x.data().length, -1, 1).toArray());
              }
            });
    return directions;
  }

  /** The other way where a gradient is reversed: the derivatives are those of that function. */
  private static Map<String, double[]> reversed(String name, Map<String, double[]> directions) {
    if (!name.equals("adversarial-separation")) {
      return directions;
    }
    Map<String, double[]> ways = new HashMap<>(directions);
    for (String against : List.of("embedding", "sources")) {
      ways.put(against, Arrays.stream(directions.get(against)).map(x -> -x).toArray());
    }
    return ways;
  }

  private static TupleCase moved(TupleCase in, Map<String, double[]> directions, double step) {
    double[][] rows = new double[in.count()][in.width()];
    for (int i = 0; i < rows.length; i++) {
      for (int k = 0; k < rows[i].length; k++) {
        double towards = i < in.batch() ? directions.get("embedding")[i * rows[i].length + k] : 0;
        rows[i][k] = in.rows()[i][k] + step * towards;
      }
    }
    Map<String, Learned> learned = new HashMap<>();
    in.learned()
        .forEach(
            (name, x) -> {
              double[] data = x.data().clone();
              double[] towards = directions.getOrDefault(name, new double[data.length]);
              Arrays.setAll(data, i -> x.data()[i] + step * towards[i]);
              learned.put(name, new Learned(x.shape(), data));
            });
    return in.with(rows, learned);
  }

  private static void assertFinite(String what, double[] values) {
    assertThat(DoubleStream.of(values)).as(what).allMatch(Double::isFinite);
  }

  private static void assertClose(String what, double tolerance, double actual, double expected) {
    assertAllClose(what, tolerance, new double[] {actual}, new double[] {expected});
  }

  private static void assertAllClose(
      String what, double tolerance, double[] actual, double[] expected) {
    double largest = 1;
    for (double one : expected) {
      largest = Math.max(largest, Math.abs(one));
    }
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance * largest)) {
        assertThat(actual).as(what).containsExactly(expected);
      }
    }
  }
}
