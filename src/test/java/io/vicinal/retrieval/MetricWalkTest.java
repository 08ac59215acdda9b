package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever is registered is what {@link NaiveMetrics} has, by virtue of being registered. */
class MetricWalkTest {
  @AutoClose private static Backend backend;
  @AutoClose private final Arena arena = Arena.host();

  @BeforeAll
  static void open() {
    backend = Backend.cpu();
  }

  /** Rows and labels that are as they come, or as nobody wants them. */
  private enum Sets {
    SMOOTH(30, 5, 4),
    MANY_CLASSES(24, 3, 9),
    TIES(30, 2, 3),
    DUPLICATES(24, 3, 4),
    ZERO_ROWS(20, 4, 3),
    ONE_CLASS(12, 3, 1),
    CLASS_OF_ONE(13, 3, 3),
    ALL_EQUAL(10, 3, 2),
    WIDE(8, 20, 2),
    APART(20, 4, 2);

    final int rows;
    final int width;
    final int classes;

    Sets(int rows, int width, int classes) {
      this.rows = rows;
      this.width = width;
      this.classes = classes;
    }

    float[][] x() {
      Random random = new Random(ordinal() + 1);
      float[][] x = new float[rows][width];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < width; j++) {
          x[i][j] =
              switch (this) {
                case TIES -> random.nextInt(3) - 1;
                case DUPLICATES -> i % 2 == 1 ? x[i - 1][j] : (float) random.nextGaussian();
                case ZERO_ROWS -> i % 5 == 0 ? 0 : (float) random.nextGaussian();
                case ALL_EQUAL -> 0.5f;
                case APART -> (j == i % 2 ? 10 : 0) + (float) random.nextGaussian() / 10;
                default -> (float) random.nextGaussian();
              };
        }
      }
      return x;
    }

    long[] y() {
      long[] y = new long[rows];
      Arrays.setAll(y, i -> i % classes);
      if (this == CLASS_OF_ONE) {
        y[rows - 1] = 77;
      }
      return y;
    }
  }

  @ParameterizedTest
  @EnumSource(Sets.class)
  void everyMetricIsWhatTheOracleHas(Sets set) {
    check(set, false, set.rows);
    check(set, true, set.rows);
    check(set, false, set.rows / 2);
  }

  /**
   * @param queries how many rows are searched in the others; all: in themselves
   */
  private void check(Sets set, boolean normalize, int queries) {
    float[][] raw = set.x();
    long[] y = set.y();
    float[][] x = normalize ? unit(raw) : raw;
    double[] uncertainty = new Random(3).doubles(queries).map(u -> Math.rint(8 * u)).toArray();
    Tensor rows = arena.of(flat(raw), set.rows, set.width);
    Tensor labels = arena.of(y, y.length);
    int classes = (int) Arrays.stream(y).distinct().count();
    Tensor compared = arena.of(flat(x), set.rows, set.width);
    NaiveMetrics oracle =
        new NaiveMetrics(
            raw,
            x,
            unit(x),
            y,
            queries,
            uncertainty,
            KMeans.clusters(compared, classes, 2),
            SphericalKMeans.clusters(backend, compared, classes, KMeans.SEED, 10).assigned());
    MetricSettings settings = MetricSettings.defaults().withUncertainty(uncertainty);
    List<MetricId> wanted = new ArrayList<>();
    for (MetricKind kind : MetricKind.values()) {
      if (classes == 1 && kind.needs() == MetricKind.Needs.PAIRS) {
        MetricId id = kind.example();
        refused(
            () -> evaluate(rows, labels, queries, List.of(id), normalize, settings),
            "different classes");
      } else {
        wanted.addAll(ids(kind));
      }
    }
    Evaluation found = evaluate(rows, labels, queries, wanted, normalize, settings);
    for (MetricId id : wanted) {
      assertThat(found.value(id.id()))
          .as("%s of %s queries, normalize %s", id, queries, normalize)
          .isCloseTo(
              oracle.of(id.kind().pattern(), id.number()), offset(tolerance(id.kind(), set)));
    }
  }

  /** In float32, as every row is compared. */
  private float[][] unit(float[][] x) {
    int width = x[0].length;
    Tensor unit = arena.of(flat(x), x.length, width);
    backend.normalizeRows(unit, unit);
    float[] all = unit.toFloats();
    float[][] rows = new float[x.length][];
    Arrays.setAll(rows, i -> Arrays.copyOfRange(all, i * width, (i + 1) * width));
    return rows;
  }

  /**
   * Eigenvalues know a singular value that is nothing to 2^-26 of the largest, as the logarithm.
   */
  private static double tolerance(MetricKind kind, Sets set) {
    return switch (kind) {
      case RHO -> set == Sets.ALL_EQUAL || set == Sets.TIES ? 1e-6 : 1e-9;
      case INTRA_OVER_INTER -> set == Sets.ALL_EQUAL ? 1e-6 : 1e-9;
      default -> 1e-9;
    };
  }

  private static List<MetricId> ids(MetricKind kind) {
    List<String> numbers =
        switch (kind.number()) {
          case NONE -> List.of("");
          case COUNT -> List.of("@1", "@3", "@4");
          case SIGNED -> List.of("@1", "@2", "@-1", "@-2");
          case PERCENT -> List.of("@0", "@10", "@50", "@99.5", "@100");
          case RATE -> List.of("@0.001", "@0.05", "@0.5");
        };
    List<MetricId> ids = new ArrayList<>();
    for (String number : numbers) {
      String suffix = kind.number().suffix;
      ids.add(
          MetricId.parse(
              suffix.isEmpty() ? kind.pattern() : kind.pattern().replace(suffix, number)));
    }
    return ids;
  }

  private Evaluation evaluate(
      Tensor rows,
      Tensor labels,
      int queries,
      List<MetricId> ids,
      boolean normalize,
      MetricSettings settings) {
    long n = rows.dim(0);
    boolean gallery = queries < n;
    return new Evaluator(backend)
        .evaluate(
            rows.rows(0, queries),
            labels.rows(0, queries),
            gallery ? rows.rows(queries, n) : null,
            gallery ? labels.rows(queries, n) : null,
            new EvaluationOptions(ids, normalize, EvaluationOptions.Method.RANKS, false, settings));
  }

  private static float[] flat(float[][] x) {
    float[] all = new float[x.length * x[0].length];
    for (int i = 0; i < all.length; i++) {
      all[i] = x[i / x[0].length][i % x[0].length];
    }
    return all;
  }

  /** One row: nothing to retrieve, and still a value for all that needs no other row. */
  @Test
  void oneRow() throws Exception {
    Tensor row = arena.of(new float[] {3, 4}, 1, 2);
    Tensor label = arena.of(new long[] {5}, 1);
    MetricSettings settings = MetricSettings.defaults().withUncertainty(new double[1]);
    for (MetricKind kind : MetricKind.values()) {
      MetricId id = MetricId.parse(kind.example().id().replace("@10", "@1"));
      Callable<Double> value =
          () -> evaluate(row, label, 1, List.of(id), false, settings).value(id.id());
      switch (kind.needs()) {
        case CLUSTERS, DIRECTIONS -> assertThat(value.call()).as("%s", id).isEqualTo(1);
        case CLASS_SUMS, SPECTRUM -> assertThat(value.call()).as("%s", id).isZero();
        case ROWS -> assertThat(value.call()).isEqualTo(5);
        case NEAREST -> assertThat(value.call()).isNaN();
        default -> refused(value::call, ": ");
      }
    }
  }

  @Test
  void everyEntrySaysWhatItIs() {
    for (MetricKind kind : MetricKind.values()) {
      assertThat(kind.example().kind()).isEqualTo(kind);
      assertThat(kind.formula()).isNotBlank().doesNotEndWith(".");
      assertThat(kind.source()).isNotBlank();
      assertThat(kind.needs().text()).isNotBlank();
      assertThat(kind.aliases())
          .allSatisfy(
              alias ->
                  assertThat(
                          MetricId.parse(
                                  alias.replaceFirst("@[kmqf]$", "@1").replace("@1", at(kind)))
                              .kind())
                      .isEqualTo(kind));
    }
  }

  private static String at(MetricKind kind) {
    return kind.number() == MetricKind.Number.RATE ? "@0.1" : "@1";
  }
}
