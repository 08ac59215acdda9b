package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.retrieval.EvaluationOptions.Method;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Values that were measured by running the original programs, or that follow from their
 * definitions, right and as those programs have them.
 */
class MetricGoldenTest {
  @AutoClose private static Backend backend;
  @AutoClose private final Arena arena = Arena.host();

  @BeforeAll
  static void open() {
    backend = TestDevice.open();
  }

  private interface Value {
    double at(int i, int j);
  }

  private Tensor matrix(int rows, int columns, Value value) {
    double[] x = new double[rows * columns];
    Arrays.setAll(x, i -> value.at(i / columns, i % columns));
    Tensor single = arena.allocate(DType.F32, rows, columns);
    single.set(x);
    return single;
  }

  private Tensor labels(int n, IntToLongFunction label) {
    return arena.of(IntStream.range(0, n).mapToLong(label).toArray(), n);
  }

  private Tensor twentyFour() {
    return matrix(
        24, 4, (i, j) -> Math.cos(1.7 * (i % 4) + 0.9 * j) + 0.6 * Math.sin(2.3 * i + 1.1 * j));
  }

  private Tensor twelve() {
    Tensor x =
        matrix(
            12,
            4,
            (i, j) ->
                Math.sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2))
                    + 0.35 * Math.cos(2 * label12(i) + 1.1 * j));
    backend.normalizeRows(x, x);
    return x;
  }

  private static long label12(int i) {
    return i < 5 ? 0 : i < 9 ? 1 : 2;
  }

  private Evaluation of(Tensor x, Tensor y, String metrics, boolean normalize, String compat) {
    MetricSettings settings =
        compat.isEmpty()
            ? MetricSettings.defaults()
            : MetricSettings.defaults().withCompat(MetricCompat.parse(compat));
    return new Evaluator(backend)
        .evaluate(
            x,
            y,
            new EvaluationOptions(
                MetricId.parseList(metrics), normalize, Method.RANKS, true, settings));
  }

  private static void check(Evaluation evaluation, double tolerance, Object... expected) {
    for (int i = 0; i < expected.length; i += 2) {
      assertThat(evaluation.value((String) expected[i]))
          .as("%s", expected[i])
          .isCloseTo(((Number) expected[i + 1]).doubleValue(), offset(tolerance));
    }
  }

  @Test
  void twentyFourPoints() {
    Tensor x = twentyFour();
    Tensor y = labels(24, i -> i % 4);
    String space = "dists@intra,dists@inter,dists@intra_over_inter,unc_cos,unc_l2";
    Evaluation right =
        of(x, y, "map,map@c," + space + ",rho@1,rho@2,rho@-1,norms@50,norms@10", false, "");
    check(
        right,
        1e-7,
        "map",
        0.75061434,
        "map@c",
        0.47673611 * 6 / 5,
        "intra",
        0.21395012,
        "inter",
        1.31964269,
        "intra-over-inter",
        0.16212731,
        "rho@1",
        0.79291015,
        "rho@2",
        0.86385414,
        "rho@-1",
        0.45754060,
        "norm@50",
        1.68992907,
        "norm@10",
        0.79752202,
        "unc-cos",
        0.91304348,
        "unc-l2",
        0.69565217);
    List<Double> spectrum = of(x, y, "rho@0", false, "").vectors().get("rho@0");
    double[] shares = {0.51382170, 0.41543558, 0.05736539, 0.01337728};
    for (int i = 0; i < 4; i++) {
      assertThat(spectrum.get(i)).isCloseTo(shares[i], offset(1e-7));
    }
    check(
        of(x, y, "rho@1,rho@2,rho@-1", false, "rho-truncated"),
        1e-7,
        "rho@1",
        0.35546045,
        "rho@2",
        0.42614299,
        "rho@-1",
        0.22922832);
    check(of(x, y, "map,map@c", false, "map-class-size"), 1e-8, "map", 0.62551195);
    check(of(x, y, "map_c", false, "map-class-size"), 1e-8, "map@c", 0.47673611);
    check(of(x, y, "map_c", true, "map-class-size"), 1e-8, "map@c", 0.59699074);
    check(of(x, y, "map", false, "map-class-size,map-padding"), 1e-8, "map", 0.63592862);
  }

  @Test
  void twelveRows() {
    Tensor x = twelve();
    Tensor y = labels(12, MetricGoldenTest::label12);
    check(
        of(x, y, "map,map@r,intra,inter,intra-over-inter,rho@1,rho@-1,rho@2", false, ""),
        1e-6,
        "map",
        0.619759,
        "map@r",
        0.409144,
        "intra",
        0.748843,
        "inter",
        1.337741,
        "intra-over-inter",
        0.559782,
        "rho@1",
        0.053441,
        "rho@-1",
        0.050085,
        "rho@2",
        0.035495);
    check(
        of(x, y, "map,map@c,r@1", false, "map-class-size"),
        1e-6,
        "map",
        0.474438,
        "map@c",
        0.338889,
        "r@1",
        0.5);
    check(of(x, y, "map", false, "map-class-size,map-padding"), 1e-6, "map", 0.495271);
    Evaluation padded = of(x, y, "map_1000", false, "map-class-size,map-padding");
    check(padded, 5e-3, "map@1000/r", 79.54);
    refused(() -> of(x, y, "map_1000", false, "map-class-size"), "1000 gallery rows");
  }

  @Test
  void digits() {
    Csv digits = Csv.read("digits", label -> label >= 5, arena);
    String metrics = "map,map@c,intra,inter,intra-over-inter,rho@1,rho@-1,rho@2,rho@10";
    Evaluation right = of(digits.features(), digits.labels(), metrics, true, "");
    check(right, 1e-6, "map", 0.741987, "intra", 0.182296, "inter", 0.170855, "rho@-1", 0.824724);
    check(right, 1e-5, "intra-over-inter", 1.066961);
    check(
        of(digits.features(), digits.labels(), "nmi,f1", true, ""), // the best of 50 restarts
        1e-6,
        "nmi",
        0.775638,
        "f1",
        0.812792);
    check(
        of(digits.features(), digits.labels(), "map,map@c", true, "map-class-size"),
        1e-6,
        "map",
        0.737849,
        "map@c",
        0.603281);
    // Three pixels are always zero. The original's float32 decomposition has its own noise for
    // them; ours is fixed, and so the three values differ by one constant: ln(noise) of the three.
    double noise = 64 * (right.value("rho@1") - 2.257942);
    assertThat(63 * (right.value("rho@2") - 2.095415)).isCloseTo(noise, offset(1e-4));
    assertThat(55 * (right.value("rho@10") - 2.149315)).isCloseTo(noise, offset(1e-4));
  }

  /** Perfect neighbours: (n - 1) / n as the original divides, and 0.9505 as it pads. */
  @Test
  void aPerfectEmbeddingAsTheOriginalHasIt() {
    Tensor x = matrix(200, 2, (i, j) -> 10 * (i % 10) * (j + 1) + Math.sin(i) / 100);
    Tensor y = labels(200, i -> i % 10);
    check(of(x, y, "map", false, ""), 0, "map", 1);
    check(of(x, y, "map", false, "map-class-size"), 1e-12, "map", 0.95);
    check(of(x, y, "map", false, "map-class-size,map-padding"), 5e-5, "map", 0.9505);
    check(of(x, y, "map_1000", false, "map-class-size,map-padding"), 5e-3, "map@1000/r", 3.50);
  }

  /** A lone last row: what is read past the end is it, and its class has one row to divide by. */
  @Test
  void aLoneLastRowIsPaddedWithItself() {
    Tensor x = matrix(3, 1, (i, j) -> i * i);
    Tensor y = labels(3, i -> i / 2);
    String all = "map-class-size,map-padding,lone-as-zero";
    double padded = 1.0 / 3 + 2.0 / 4 + 3.0 / 5 + 4.0 / 6;
    check(of(x, y, "map@6/r", false, all), 1e-12, "map@6/r", (0.5 + 0.5 + padded) / 3);
  }

  /** Four heaps of two classes, as many as were trained on: half of what is alike is apart. */
  @Test
  void asManyClustersAsTrainingClasses() {
    Tensor x =
        matrix(40, 2, (i, j) -> (j == 0 ? 100 * (i % 2) : 10 * (i / 2 % 2)) + Math.sin(i) / 9);
    Tensor y = labels(40, i -> i % 2);
    check(of(x, y, "nmi,f1", false, ""), 0, "nmi", 1, "f1", 1);
    EvaluationOptions options = EvaluationOptions.of("nmi,f1");
    MetricSettings four =
        MetricSettings.defaults()
            .withCompat(MetricCompat.parse("training-clusters"))
            .withTrainingClasses(4);
    check(
        new Evaluator(backend).evaluate(x, y, options.withSettings(four)),
        1e-12,
        "nmi",
        2.0 / 3, // ln 2 of (ln 2 + ln 4) / 2
        "f1",
        2 * 180.0 / (380 + 180));
    refused(
        () -> of(x, y, "nmi", false, "training-clusters"),
        "training-classes: training-clusters needs 1..40 classes that were trained on, got none");
  }

  /**
   * Two heaps in nearly the same direction, one far and one near, and a third: the means of the
   * heaps, divided by their lengths, share out the rows of the first two.
   */
  @Test
  void cosinesToEuclideanCentroids() {
    int n = 10;
    double[][] x = new double[3 * n][2];
    double[][] means = new double[3][2];
    for (int i = 0; i < 3 * n; i++) {
      double angle = i < n ? 0.02 * i : i < 2 * n ? 0.1 + 0.002 * (i - n) : 1.5 + 0.001 * i;
      double length = i < n ? 1 : 10;
      x[i][0] = length * Math.cos(angle);
      x[i][1] = length * Math.sin(angle);
      means[i / n][0] += x[i][0] / n;
      means[i / n][1] += x[i][1] / n;
    }
    double[][] cells = new double[3][3]; // rows of a class in a cluster
    for (int i = 0; i < 3 * n; i++) {
      int best = 0;
      for (int c = 1; c < 3; c++) {
        best = cosine(x[i], means[c]) > cosine(x[i], means[best]) ? c : best;
      }
      cells[i / n][best]++;
    }
    assertThat(cells[0]).containsExactly(5, 5, 0);
    double mutual = 0;
    double entropies = 0;
    double alike = 0;
    double together = 0;
    for (int c = 0; c < 3; c++) {
      double size = cells[0][c] + cells[1][c] + cells[2][c];
      entropies -= size / 30 * Math.log(size / 30) + Math.log(1.0 / 3) / 3;
      together += size * (size - 1) / 2;
      for (int k = 0; k < 3; k++) {
        double part = cells[k][c] / 30;
        mutual += part > 0 ? part * Math.log(part / (size / 30 / 3)) : 0;
        alike += cells[k][c] * (cells[k][c] - 1) / 2;
      }
    }
    Tensor rows = matrix(3 * n, 2, (i, j) -> x[i][j]);
    Tensor y = labels(3 * n, i -> i / n);
    check(
        of(rows, y, "nmi/cosine,f1/cosine", false, "euclidean-centroids"),
        1e-12,
        "nmi/cosine",
        2 * mutual / entropies,
        "f1/cosine",
        2 * alike / (3 * 45 + together));
    assertThat(of(rows, y, "f1/cosine", false, "").value("f1/cosine"))
        .isNotCloseTo(2 * alike / (3 * 45 + together), offset(0.01));
  }

  private static double cosine(double[] a, double[] b) {
    return (a[0] * b[0] + a[1] * b[1]) / Math.hypot(a[0], a[1]) / Math.hypot(b[0], b[1]);
  }

  /** Twenty classes of three: lists of three neighbours make R@10 an R@3. */
  @Test
  void shortLists() {
    Tensor x = matrix(60, 2, (i, j) -> Math.sin(3 * i + j));
    Tensor y = labels(60, i -> i % 20);
    double three = of(x, y, "r@3", false, "").value("r@3");
    check(of(x, y, "r@10,r@50", false, "short-lists"), 0, "r@10", three, "r@50", three);
    assertThat(of(x, y, "r@10", false, "").value("r@10")).isGreaterThan(three);
  }

  /** Points 10, 10, 20, 20 of labels 1, 0, 1, 0: by id nothing is right. */
  @Test
  void theFirstNeighbourLeftOutInsteadOfTheQuery() {
    Tensor x = matrix(4, 1, (i, j) -> i < 2 ? 10 : 20);
    Tensor y = labels(4, i -> (i + 1) % 2);
    check(of(x, y, "p@1", false, ""), 0, "p@1", 0);
    // Rows 1 and 3 have their twin dropped and meet themselves.
    check(
        of(x, y, "p@1,mrr", false, "first-neighbour"), 1e-12, "p@1", 0.5, "mrr", (2 * 0.5 + 2) / 4);
  }

  @Test
  void tiesForTheRelevantRow() {
    Tensor x = matrix(3, 1, (i, j) -> i == 0 ? 0 : i == 1 ? 1 : -1);
    Tensor y = labels(3, i -> i == 1 ? 1 : 0);
    check(of(x, y, "r@1", false, ""), 0, "r@1", 0.5);
    check(of(x, y, "r@1", false, "ties-for-relevant"), 0, "r@1", 1);
  }

  /**
   * Iris in two halves as the In-Shop evaluation has it: a hit at K if fewer than K gallery rows of
   * other classes have a strictly larger cosine than the best one of the query's. Whole numbers
   * make rows that tie.
   */
  @Test
  void queryAndGalleryAsInShop() {
    Csv iris = Csv.read("iris", label -> true, arena);
    float[] x = iris.features().toFloats();
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.round(x[i]);
    }
    long[] y = iris.labels().toLongs();
    int half = 75;
    float[] q = new float[half * 4];
    float[] g = new float[half * 4];
    long[] qy = new long[half];
    long[] gy = new long[half];
    for (int i = 0; i < y.length; i++) {
      System.arraycopy(x, 4 * i, i % 2 == 0 ? q : g, i / 2 * 4, 4);
      (i % 2 == 0 ? qy : gy)[i / 2] = y[i];
    }
    Tensor queries = arena.of(q, half, 4);
    Tensor gallery = arena.of(g, half, 4);
    backend.normalizeRows(queries, queries);
    backend.normalizeRows(gallery, gallery);
    q = queries.toFloats();
    g = gallery.toFloats();
    int[] hits = new int[11];
    for (int i = 0; i < half; i++) {
      double[] distances = new double[half];
      double best = Double.MAX_VALUE;
      for (int j = 0; j < half; j++) {
        for (int c = 0; c < 4; c++) {
          distances[j] += Math.pow((double) q[4 * i + c] - g[4 * j + c], 2);
        }
        best = gy[j] == qy[i] ? Math.min(best, distances[j]) : best;
      }
      int nearer = 0;
      for (int j = 0; j < half; j++) {
        nearer += gy[j] != qy[i] && distances[j] < best ? 1 : 0;
      }
      for (int k = 1; k <= 10; k++) {
        hits[k] += nearer < k ? 1 : 0;
      }
    }
    MetricSettings compat =
        MetricSettings.defaults().withCompat(MetricCompat.parse("ties-for-relevant"));
    EvaluationOptions options = EvaluationOptions.of("r@1,r@2,r@10");
    Tensor ql = arena.of(qy, half);
    Tensor gl = arena.of(gy, half);
    Evaluator evaluator = new Evaluator(backend);
    Evaluation found = evaluator.evaluate(queries, ql, gallery, gl, options.withSettings(compat));
    for (int k : new int[] {1, 2, 10}) {
      assertThat(found.value("r@" + k)).isCloseTo((double) hits[k] / half, offset(1e-12));
    }
    assertThat(evaluator.evaluate(queries, ql, gallery, gl, options).value("r@1"))
        .isLessThan(found.value("r@1"));
  }

  @Test
  void orthonormalAndCollapsedRows() {
    Tensor axes = matrix(12, 4, (i, j) -> i % 4 == j ? 1 : 0);
    Tensor y = labels(12, i -> i % 4);
    check(of(axes, y, "rho@1,rho@-1", false, ""), 1e-12, "rho@1", 0, "rho@-1", 0);
    check(of(axes, y, "intra,inter", false, ""), 1e-12, "intra", 0, "inter", 1);
    for (String auroc : List.of("unc-cos", "unc-l2", "unc-norm")) { // all answers are right
      assertThat(of(axes, y, auroc, false, "").value(auroc)).isNaN();
    }
    Tensor line = matrix(12, 4, (i, j) -> (i + 1) * (j + 1));
    // Three values that are nothing: 26 ln 2 each, less what the shares' sum takes.
    double shares = Math.log(1 + 3 * Math.pow(2, -26));
    double collapsed = 0.75 * 26 * Math.log(2) - Math.log(4) + shares;
    check(of(line, y, "rho@1", false, ""), 1e-6, "rho@1", collapsed);
    Tensor zero = matrix(6, 3, (i, j) -> 0);
    check(
        of(zero, labels(6, i -> i % 2), "rho@1,intra,inter,intra-over-inter", false, ""),
        1e-12,
        "rho@1",
        0,
        "intra",
        1,
        "inter",
        1,
        "intra-over-inter",
        1);
  }

  @Test
  void loneQueriesAndClasses() {
    Tensor x = matrix(4, 2, (i, j) -> i == j ? 1 : i > 1 ? 0.3 * i : 0.2);
    Tensor y = arena.of(new long[] {0, 0, 1, 2}, 4);
    double right = of(x, y, "r@3", false, "").value("r@3");
    Evaluation all = of(x, y, "r@3,intra", false, "lone-as-zero,lone-distances");
    check(all, 1e-12, "r@3", right / 2);
    assertThat(all.counts().lone()).isEqualTo(2);
    assertThat(all.perClass().get(2).values()).containsEntry("r@3", 0.0);
    assertThat(all.value("intra")).isNaN(); // the second class is one of them
  }

  /** The ratio of the two ideal orders of scikit-learn's ndcg_score, whose gains are linear too. */
  @Test
  void gradedRelevance() {
    // Query 0 of class 0 sees classes 1, 2, 0, 1 at the distances 1, 2, 3, 4.
    Tensor x = matrix(5, 1, (i, j) -> i);
    Tensor y = arena.of(new long[] {0, 1, 2, 0, 1}, 5);
    double[][] matrix = {{3, 1, 0}, {1, 2, 0}, {0, 0, 1}};
    double log3 = Math.log(3) / Math.log(2);
    double first = (1 + 0 + 3 / 2.0) / (3 + 1 / log3 + 1 / 2.0);
    Tensor query = x.rows(0, 1);
    Tensor label = y.rows(0, 1);
    EvaluationOptions options = EvaluationOptions.of("ndcg@3");
    Evaluation graded =
        new Evaluator(backend)
            .evaluate(
                query,
                label,
                x.rows(1, 5),
                y.rows(1, 5),
                options.withSettings(MetricSettings.defaults().withGrades(Grades.matrix(matrix))));
    check(graded, 1e-12, "ndcg@3", first);
    // Classes 0 and 1 share one level of two; a class shares two and one more with itself.
    long[][] levels = {{7, 0}, {7, 1}, {8, 0}};
    double shared = (1 + 0 + 3 / 2.0) / (3 + 1 / log3 + 1 / 2.0);
    check(
        new Evaluator(backend)
            .evaluate(
                query,
                label,
                x.rows(1, 5),
                y.rows(1, 5),
                options.withSettings(MetricSettings.defaults().withGrades(Grades.levels(levels)))),
        1e-12,
        "ndcg@3",
        shared);
    refused(() -> Grades.matrix(new double[][] {{1, -1}, {0, 1}}), "relevance: [0, 1] is -1.0");
    refused(() -> Grades.matrix(new double[][] {{1}, {0}}), "as many columns as rows");
    refused(() -> Grades.levels(new long[][] {{1}, {0, 1}}), "class 1 has 2 levels");
    MetricSettings few =
        MetricSettings.defaults().withGrades(Grades.matrix(new double[][] {{1, 0}, {0, 1}}));
    refused(
        () -> new Evaluator(backend).evaluate(x, y, options.withSettings(few)), "label 2 occurs");
  }

  /** Certainty that says exactly what is right. */
  @Test
  void certaintyThatKnows() {
    Tensor x = matrix(40, 2, (i, j) -> (j == 0 ? Math.cos(i / 2) : Math.sin(i / 2)) * (1 + i % 2));
    Tensor y = labels(40, i -> i < 20 ? i / 2 % 5 : i % 7);
    Answers answers = Answers.of(backend, x, y, null, null, false);
    double[] wrong = new double[40];
    Arrays.setAll(wrong, i -> answers.right()[i] ? 0 : 1);
    assertThat(answers.auroc(wrong, false)).isEqualTo(1);
    assertThat(answers.auroc(wrong, true)).isEqualTo(0);
    assertThat(answers.auroc(new double[40], true)).isEqualTo(0.5);
    MetricSettings given = MetricSettings.defaults().withUncertainty(wrong);
    EvaluationOptions options = EvaluationOptions.of("unc-given").withSettings(given);
    check(new Evaluator(backend).evaluate(x, y, options), 0, "unc-given", 1);
    refused(() -> of(x, y, "unc-given", false, ""), "one number for each of the 40 queries");
  }

  @Test
  void compatNamesAreChecked() {
    assertThat(MetricCompat.parse("Map-Padding, rho-truncated"))
        .containsExactly(MetricCompat.MAP_PADDING, MetricCompat.RHO_TRUNCATED);
    refused(() -> MetricCompat.parse("map"), "metrics have no 'map'; there are map-class-size,");
  }
}
