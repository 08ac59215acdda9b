package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.TestDevice;
import io.vicinal.process.InterruptedCall;
import io.vicinal.retrieval.EvaluationOptions.Method;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
  @AutoClose private static Backend backend;
  private static Evaluator evaluator;
  @AutoClose private final Arena arena = Arena.host();

  @BeforeAll
  static void open() {
    backend = TestDevice.open();
    evaluator = new Evaluator(backend);
  }

  private interface Value {
    double at(int i, int j);
  }

  private Tensor matrix(int rows, int columns, Value value) {
    double[] x = new double[rows * columns];
    for (int i = 0; i < x.length; i++) {
      x[i] = value.at(i / columns, i % columns);
    }
    Tensor single = arena.allocate(DType.F32, rows, columns);
    single.set(x);
    return single;
  }

  private Tensor labels(int n, java.util.function.IntToLongFunction label) {
    return arena.of(IntStream.range(0, n).mapToLong(label).toArray(), n);
  }

  /** Sixty rows without random numbers; values from double precision, another implementation. */
  @Test
  void sixtyRowsInEveryDialect() {
    Tensor x = matrix(60, 16, (i, j) -> Math.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j));
    Tensor y = labels(60, i -> 7 * i % 9);
    for (Method method : Method.values()) {
      check(
          evaluator.evaluate(
              x,
              y,
              EvaluationOptions.of(
                      "p@1,rp,map@r,map,mrr,r@1,r@2,r@4,r@8,r@10,p@10,p@10/oml,map@10/oml,"
                          + "map@10/min,map@10/r,map@2/r,map@2/min,map@2/oml")
                  .withMethod(method)),
          1e-6,
          "p@1",
          0.066666667,
          "rp",
          0.075,
          "map@r",
          0.032194444,
          "map",
          0.148145836935,
          "mrr",
          0.213284782699,
          "r@1",
          0.066667,
          "r@2",
          0.133333,
          "r@4",
          0.283333,
          "r@8",
          0.483333,
          "r@10",
          0.583333,
          "p@10",
          0.083333,
          "p@10/oml",
          0.151111,
          "map@10/oml",
          0.160952,
          "map@10/min",
          0.046141,
          "map@10/r",
          0.046141);
    }
  }

  /** The mean over classes of the class means, from the per-class table. */
  @Test
  void perClassTableGivesClassAverages() {
    Tensor x = matrix(60, 16, (i, j) -> Math.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j));
    Evaluation evaluation =
        evaluator.evaluate(x, labels(60, i -> 7 * i % 9), EvaluationOptions.of("p@1,rp,map@r"));
    assertThat(evaluation.perClass()).hasSize(9);
    assertThat(evaluation.perClass())
        .extracting(Evaluation.PerClass::label)
        .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
    assertThat(evaluation.perClass().stream().mapToLong(Evaluation.PerClass::queries).sum())
        .isEqualTo(60);
    assertThat(classAverage(evaluation, "p@1")).isCloseTo(0.063492063, offset(1e-9));
    assertThat(classAverage(evaluation, "rp")).isCloseTo(0.076719577, offset(1e-9));
    assertThat(classAverage(evaluation, "map@r")).isCloseTo(0.032663139, offset(1e-9));
  }

  private static double classAverage(Evaluation evaluation, String metric) {
    return evaluation.perClass().stream()
        .mapToDouble(c -> c.values().get(metric))
        .average()
        .orElseThrow();
  }

  /** Twelve normalised rows, three classes of five, four and three. */
  @Test
  void twelveRows() {
    Tensor x =
        matrix(
            12,
            4,
            (i, j) ->
                Math.sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2))
                    + 0.35 * Math.cos(2 * label12(i) + 1.1 * j));
    for (Method method : Method.values()) {
      check(
          evaluator.evaluate(
              x,
              labels(12, EvaluatorTest::label12),
              EvaluationOptions.of("r@1,r@2,r@4,map,map@r").withNormalize(true).withMethod(method)),
          1e-6,
          "r@1",
          0.5,
          "r@2",
          0.583333,
          "r@4",
          0.916667,
          "map",
          0.619759,
          "map@r",
          0.409144);
    }
  }

  private static long label12(int i) {
    return i < 5 ? 0 : i < 9 ? 1 : 2;
  }

  /** Twenty-four rows, Euclidean and by cosine. */
  @Test
  void twentyFourRows() {
    Tensor x =
        matrix(
            24, 4, (i, j) -> Math.cos(1.7 * (i % 4) + 0.9 * j) + 0.6 * Math.sin(2.3 * i + 1.1 * j));
    Tensor y = labels(24, i -> i % 4);
    for (Method method : Method.values()) {
      EvaluationOptions options = EvaluationOptions.of("r@1,r@2,r@4,map,map@r").withMethod(method);
      check(
          evaluator.evaluate(x, y, options),
          1e-7,
          "r@1",
          23.0 / 24,
          "r@2",
          1.0,
          "r@4",
          1.0,
          "map",
          0.75061434,
          "map@r",
          0.51513889);
      check(
          evaluator.evaluate(x, y, options.withNormalize(true)),
          1e-7,
          "r@1",
          23.0 / 24,
          "r@2",
          23.0 / 24,
          "r@4",
          1.0);
    }
  }

  /** Iris, rows normalised; k-means of scikit-learn with its best of several starts agrees. */
  @Test
  void iris() {
    Csv iris = Csv.read("iris", label -> true, arena);
    for (Method method : Method.values()) {
      check(
          evaluator.evaluate(
              iris.features(),
              iris.labels(),
              EvaluationOptions.of("r@1,r@2,r@4,r@8,rp,map@r,nmi,f1")
                  .withNormalize(true)
                  .withMethod(method)),
          1e-6,
          "r@1",
          0.96,
          "r@2",
          0.98,
          "r@4",
          0.993333,
          "r@8",
          0.993333,
          "rp",
          0.863673469,
          "map@r",
          0.823729109,
          "nmi",
          0.899694,
          "f1",
          0.935593);
    }
  }

  /** UCI digits of classes 5 to 9, rows normalised. */
  @Test
  void digits() {
    Csv digits = Csv.read("digits", label -> label >= 5, arena);
    assertThat(digits.labels().dim(0)).isEqualTo(896);
    for (Method method : Method.values()) {
      check(
          evaluator.evaluate(
              digits.features(),
              digits.labels(),
              EvaluationOptions.of("r@1,r@2,r@4,r@8,r@10,rp,map@r,map")
                  .withNormalize(true)
                  .withMethod(method)),
          2e-6, // map@r is published as 0.605560 and as 0.605561
          "r@1",
          0.991071,
          "r@2",
          0.994420,
          "r@4",
          0.997768,
          "r@8",
          0.998884,
          "r@10",
          0.998884,
          "rp",
          0.667782,
          "map@r",
          0.605560,
          "map",
          0.741987);
    }
  }

  private static final String EVERYTHING =
      "r@1,r@10,p@3,p@5/oml,map@10/oml,map@10/min,map@10/r,map@r,map,rp,mrr";

  /** Hundreds of exact ties, and distances that single precision cannot tell apart. */
  @Test
  void neighbourListsAndRankCountsAgree() {
    Random random = new Random(11);
    Tensor smooth = matrix(400, 24, (i, j) -> random.nextGaussian());
    Tensor ties = matrix(400, 3, (i, j) -> random.nextInt(3) / 8.0);
    Tensor close = matrix(400, 6, (i, j) -> 1 + random.nextInt(3) * (double) Math.ulp(1f));
    for (Tensor x : List.of(smooth, ties, close)) {
      for (int classes : new int[] {3, 40, 300}) {
        Tensor y = labels(400, i -> (long) i * i % classes);
        for (boolean normalize : new boolean[] {false, true}) {
          EvaluationOptions options = EvaluationOptions.of(EVERYTHING).withNormalize(normalize);
          assertThat(evaluator.evaluate(x, y, options.withMethod(Method.NEIGHBOURS)))
              .isEqualTo(evaluator.evaluate(x, y, options));
        }
      }
    }
  }

  @Test
  void queriesInAGallery() {
    Random random = new Random(12);
    Tensor q = matrix(50, 5, (i, j) -> random.nextInt(4));
    Tensor g = matrix(120, 5, (i, j) -> random.nextInt(4));
    Tensor qy = labels(50, i -> i % 8);
    Tensor gy = labels(120, i -> i % 7); // label 7 is missing: those queries are lone
    EvaluationOptions options = EvaluationOptions.of(EVERYTHING + ",r@120");
    Evaluation counted = evaluator.evaluate(q, qy, g, gy, options);
    assertThat(counted)
        .isEqualTo(evaluator.evaluate(q, qy, g, gy, options.withMethod(Method.NEIGHBOURS)));
    assertThat(counted.counts().queries()).isEqualTo(50);
    assertThat(counted.counts().lone()).isEqualTo(6);
    assertThat(counted.counts().tied()).isPositive();
    assertThat(counted.value("recall@120")).isEqualTo(1);
    assertThat(counted.perClass().get(7).lone()).isEqualTo(6);
    assertThat(counted.perClass().get(7).values()).isEmpty();
  }

  /** Identical points of another label: the query is left out by id, and ties are counted. */
  @Test
  void duplicatesAreNotTakenForTheQuery() {
    Tensor x = matrix(4, 1, (i, j) -> i < 2 ? 10 : 20);
    Tensor y = labels(4, i -> (i + 1) % 2);
    for (Method method : Method.values()) {
      Evaluation evaluation =
          evaluator.evaluate(x, y, EvaluationOptions.of("p@1,mrr").withMethod(method));
      assertThat(evaluation.value("p@1")).isZero();
    }
    Tensor same = matrix(50, 3, (i, j) -> 1);
    Evaluation all = evaluator.evaluate(same, labels(50, i -> i % 5), EvaluationOptions.defaults());
    assertThat(all.counts().tied()).isEqualTo(50);
  }

  @Test
  void labelsAreSixtyFourBits() {
    long[] names = {Long.MAX_VALUE, Long.MIN_VALUE, -1, 1L << 40};
    Tensor x = matrix(8, 2, (i, j) -> i % 4 == j ? 1 + i : -i);
    Evaluation small =
        evaluator.evaluate(x, labels(8, i -> i % 4), EvaluationOptions.of("r@1,map,nmi,f1"));
    Evaluation big =
        evaluator.evaluate(x, labels(8, i -> names[i % 4]), EvaluationOptions.of("r@1,map,nmi,f1"));
    assertThat(big.values()).isEqualTo(small.values());
    assertThat(big.perClass())
        .extracting(Evaluation.PerClass::label)
        .containsExactly(Long.MIN_VALUE, -1L, 1L << 40, Long.MAX_VALUE);
  }

  @Test
  void doublesAreMeasuredInSinglePrecision() {
    Random random = new Random(13);
    double[] values = random.doubles(90).toArray();
    Tensor doubles = arena.of(values, 30, 3);
    Tensor floats = arena.allocate(DType.F32, 30, 3);
    floats.set(values);
    Tensor y = labels(30, i -> i % 6);
    for (boolean normalize : new boolean[] {false, true}) {
      EvaluationOptions options = EvaluationOptions.of("map,r@1").withNormalize(normalize);
      assertThat(evaluator.evaluate(doubles, y, options))
          .isEqualTo(evaluator.evaluate(floats, y, options));
    }
    assertThat(doubles.toDoubles()).isEqualTo(values); // inputs are not touched
  }

  @Test
  void definitionsTravelWithValues() {
    Tensor x = matrix(6, 2, (i, j) -> i * (j + 1));
    Evaluation evaluation =
        evaluator.evaluate(x, labels(6, i -> i / 3), EvaluationOptions.of("AMI,Recall@2"));
    assertThat(evaluation.values()).containsOnlyKeys("ami", "r@2");
    assertThat(evaluation.definitions().get("r@2"))
        .isEqualTo("share of queries with at least one relevant row among the 2 nearest");
  }

  @Test
  void badInputsAreNamed() {
    Tensor x = matrix(6, 2, (i, j) -> i * (j + 1));
    Tensor y = labels(6, i -> i / 3);
    EvaluationOptions defaults = EvaluationOptions.of("r@1");
    refused(
        () -> evaluator.evaluate(x, y, EvaluationOptions.of("r@6")), "r@6 needs 6 gallery rows");
    refused(() -> evaluator.evaluate(x, labels(5, i -> i), defaults), "labels: needs one int64");
    refused(() -> evaluator.evaluate(x, x, defaults), "labels: needs one int64");
    refused(() -> evaluator.evaluate(y, y, defaults), "embeddings: needs a floating-point matrix");
    refused(() -> evaluator.evaluate(x, labels(6, i -> i), defaults), "no query shares its label");
    Tensor nan = matrix(6, 2, (i, j) -> i == 4 ? Double.NaN : 1);
    refused(() -> evaluator.evaluate(nan, y, defaults), "embeddings: row 4 has a NaN");
    refused(
        () -> evaluator.evaluate(x, y, matrix(3, 3, (i, j) -> 1), labels(3, i -> i), defaults),
        "gallery embeddings: has width 3");
    double[] huge = new double[12];
    Arrays.fill(huge, 1e300);
    refused(() -> evaluator.evaluate(arena.of(huge, 6, 2), y, defaults), "beyond float32");
  }

  @Test
  void extremeRowsAreMeasuredAsAnyOthers() {
    Random random = new Random(21);
    double[][] heaps = new double[60][5];
    for (int i = 0; i < 60; i++) {
      for (int j = 0; j < 5; j++) {
        heaps[i][j] = random.nextGaussian() / 4 + (j == i % 3 ? 4 : 0);
      }
    }
    Tensor y = labels(60, i -> i % 3);
    for (EvaluationOptions.Method method : EvaluationOptions.Method.values()) {
      EvaluationOptions options = EvaluationOptions.of("r@1,map@r,nmi,ami,f1").withMethod(method);
      Evaluation plain = evaluator.evaluate(matrix(60, 5, (i, j) -> heaps[i][j]), y, options);
      assertThat(plain.values()).as("%s", method).containsEntry("nmi", 1.0);
      for (double scale : new double[] {1e-40, 1e-30, 1e25, 5e37}) {
        for (int constant = 0; constant < 2; constant++) {
          int width = 5 + constant;
          Tensor x = matrix(60, width, (i, j) -> j < 5 ? scale * heaps[i][j] : 1e30);
          // Subnormal numbers have few digits, so only whole neighbourhoods can be compared.
          assertThat(evaluator.evaluate(x, y, options).values())
              .as("%s at %s", method, scale)
              .containsEntry("r@1", plain.values().get("r@1"))
              .containsEntry("nmi", 1.0)
              .containsEntry("ami", 1.0)
              .containsEntry("f1", 1.0);
        }
      }
    }
  }

  @Test
  void float64RowsKeepTheirDirectionAndAreNotLostSilently() {
    Tensor y = labels(6, i -> i % 2);
    double[] values = new double[12];
    for (int i = 0; i < 6; i++) {
      values[2 * i + i % 2] = 1 + i / 10.0;
    }
    for (double scale : new double[] {1e-300, 1e-60, 1, 1e60, 1e300}) {
      double[] scaled = Arrays.stream(values).map(v -> v * scale).toArray();
      EvaluationOptions options = EvaluationOptions.of("r@1,nmi").withNormalize(true);
      assertThat(evaluator.evaluate(arena.of(scaled, 6, 2), y, options).values())
          .as("%s", scale)
          .containsEntry("r@1", 1.0)
          .containsEntry("nmi", 1.0);
    }
    double[] tiny = Arrays.stream(values).map(v -> v * 1e-60).toArray();
    refused(
        () -> evaluator.evaluate(arena.of(tiny, 6, 2), y, EvaluationOptions.of("r@1")),
        "embeddings: row 0 is too small for float32; scale the rows up");
  }

  @Test
  void eightThreadsEvaluateAndSearchAtOnce() throws Exception {
    Random random = new Random(14);
    Tensor x = matrix(300, 16, (i, j) -> random.nextGaussian());
    Tensor y = labels(300, i -> i % 30);
    EvaluationOptions options = EvaluationOptions.of("r@1,map@r,map,nmi");
    Evaluation expected = evaluator.evaluate(x, y, options);
    long[] self = LongStream.range(0, 300).toArray();
    long[] neighbours = Neighbours.search(x, x, 3, self, 2).ids();
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      Callable<Boolean> task =
          () ->
              evaluator.evaluate(x, y, options).equals(expected)
                  && Arrays.equals(Neighbours.search(x, x, 3, self, 2).ids(), neighbours);
      List<Future<Boolean>> results =
          pool.invokeAll(IntStream.range(0, 24).mapToObj(i -> task).toList());
      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void interruptStopsALongEvaluation() throws Exception {
    int n = 30_000;
    Random random = new Random(15);
    float[] values = new float[n * 256];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    Tensor x = arena.of(values, n, 256);
    Tensor y = labels(n, i -> i % 5000);
    // One thread, so that the calls last seconds on any machine.
    try (Backend slow = Backend.open("cpu", new BackendOptions(1, 0, "auto"))) {
      for (String metric : List.of("map", "nmi")) {
        Evaluator alone = new Evaluator(slow);
        InterruptedCall.of(() -> alone.evaluate(x, y, EvaluationOptions.of(metric)));
      }
    }
  }

  @Test
  void nothingIsLeftAllocated() {
    Tensor x = matrix(40, 4, (i, j) -> Math.sin(i + j));
    Tensor y = labels(40, i -> i % 4);
    EvaluationOptions options = EvaluationOptions.of(EVERYTHING + ",nmi").withNormalize(true);
    evaluator.evaluate(x, y, options);
    long before = HostMemory.liveBytes();
    for (Method method : Method.values()) {
      evaluator.evaluate(x, y, options.withMethod(method));
      assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }
  }

  private static void check(Evaluation evaluation, double tolerance, Object... expected) {
    for (int i = 0; i < expected.length; i += 2) {
      assertThat(evaluation.value((String) expected[i]))
          .as("%s", expected[i])
          .isCloseTo((Double) expected[i + 1], offset(tolerance));
    }
  }
}
