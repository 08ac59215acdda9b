package io.vicinal.loss.tuple;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.tuple.TupleCase.Learned;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Batches on which nothing is left to do, and samples on the weights of classes. */
class TupleEdgeTest {
  private static final int WIDTH = 4;

  @AutoClose private static final Backend backend = TestDevice.open();

  /** Two samples of each class at the end of an axis: tuples there are, and none above 0. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "contrastive | mean | all",
        "contrastive | mean | active",
        "triplet | mean | all",
        "triplet | mean | active",
        "triplet | squared | false",
        "margin | count | pairs",
        "margin | count | triplets",
        "quadruplet | second | matched",
        "snr | reg | 0",
        "intra-pair-variance | pos-eps | 0.01",
      })
  void nothingActiveIsZero(String name, String param, String value) {
    double[][] axes = new double[8][8];
    for (int i = 0; i < 8; i++) {
      axes[i][i / 2] = 1;
    }
    TupleCase in = TupleCase.of("axes", axes, 0, 0, 1, 1, 2, 2, 3, 3);
    TupleLoss loss = TupleLosses.create(name, Map.of(param, value));
    try (TupleRun run = new TupleRun(backend, loss, null, false)) {
      for (DType type : new DType[] {DType.F64, DType.F32}) {
        Map<String, double[]> out = run.gradient(in, type);
        assertThat(out.get("tuples")[0]).isPositive();
        finite("", out);
        assertThat(out.get("loss")[0]).isZero();
        assertThat(out.get("active")[0]).isZero();
        assertThat(DoubleStream.of(out.get("gradient.embedding")).map(Math::abs).max()).hasValue(0);
      }
    }
  }

  static List<String> withClasses() {
    return TupleLosses.names().stream()
        .filter(
            name ->
                TupleLosses.create(name, Map.of()).learned().stream()
                    .anyMatch(TupleEdgeTest::isOfClasses))
        .toList();
  }

  private static boolean isOfClasses(LearnedParameter one) {
    return one.sizes().get(0).equals("C") && one.sizes().contains("d");
  }

  /** Angles of 0 and of pi, weights of any length, one class and two. */
  @ParameterizedTest
  @MethodSource("withClasses")
  void aSampleOnAWeightIsFinite(String name) {
    for (Map<String, String> params : TupleLossTest.variants(name)) {
      TupleLoss loss = TupleLosses.create(name, params);
      try (TupleRun run = new TupleRun(backend, loss, null, false)) {
        for (int classes = 1; classes <= 3; classes++) {
          for (double length : new double[] {1, 1e-9, 1e-12, 1e9}) {
            TupleCase in = onWeights(loss, classes, length);
            for (DType type : new DType[] {DType.F64, DType.F32}) {
              String what = params + ", " + classes + " of length " + length + ", " + type + ": ";
              finite(what, run.gradient(in, type));
              finite(what, run.product(in, directions(in), type));
            }
          }
        }
      }
    }
  }

  /** Samples are the first weight of their class, of the next one, and minus that of their own. */
  private static TupleCase onWeights(TupleLoss loss, int classes, double length) {
    Random random = new Random(5);
    Map<String, Learned> learned = new LinkedHashMap<>();
    double[][] rows = new double[6][];
    long[] labels = new long[rows.length];
    for (LearnedParameter one : loss.learned()) {
      long[] shape =
          one.sizes().stream()
              .mapToLong(
                  size ->
                      size.equals("C") ? classes : size.equals("d") ? WIDTH : Long.parseLong(size))
              .toArray();
      double[] data =
          random.doubles(Arrays.stream(shape).reduce(1, (a, b) -> a * b), -1, 1).toArray();
      int each = data.length / classes;
      for (int i = 0; i < rows.length; i++) {
        labels[i] = i % classes;
        int from = (int) (i % 3 == 1 ? (labels[i] + 1) % classes : labels[i]) * each;
        double sign = i % 3 == 2 ? -2 : 1;
        rows[i] = DoubleStream.of(data).skip(from).limit(WIDTH).map(v -> sign * v).toArray();
      }
      Arrays.setAll(data, k -> length * data[k]);
      learned.put(one.name(), new Learned(shape, data));
    }
    return TupleCase.of("on weights", rows, labels)
        .with(rows, learned)
        .params(TupleLosses.params(loss));
  }

  private static Map<String, double[]> directions(TupleCase in) {
    Random random = new Random(6);
    Map<String, double[]> directions = new HashMap<>();
    directions.put("embedding", random.doubles(in.count() * in.width(), -1, 1).toArray());
    in.learned()
        .forEach(
            (name, x) -> directions.put(name, random.doubles(x.data().length, -1, 1).toArray()));
    return directions;
  }

  private static void finite(String what, Map<String, double[]> outputs) {
    outputs.forEach(
        (name, x) -> assertThat(DoubleStream.of(x)).as(what + name).allMatch(Double::isFinite));
  }
}
