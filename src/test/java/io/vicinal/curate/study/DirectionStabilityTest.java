package io.vicinal.curate.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Eif;
import io.vicinal.influence.attribution.EifOptions;
import io.vicinal.influence.attribution.EifOptions.Ways;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class DirectionStabilityTest {
  private static final int N = 80;
  private static final int D = 64;
  private static final int WIDTH = 3;
  private static final int CLASSES = 10;
  private static final double TEMPERATURE = 0.2;
  private static final EifOptions OPTIONS =
      new EifOptions(50, 1e-2, 1, Ways.MIDDLE, 0, EifOptions.Form.PRODUCT);

  private final DigitRows digits = DigitRows.first(N + 2);
  private final double[][] x = new double[N + 2][D];
  private final double[] weight = new double[WIDTH * D];
  private final double[] proxies = new double[CLASSES * WIDTH];

  DirectionStabilityTest() {
    Xoshiro random = new Xoshiro(21);
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < D; j++) {
        x[i][j] = digits.image(i)[j];
      }
    }
    java.util.Arrays.setAll(weight, k -> random.nextGaussian() / 8);
    java.util.Arrays.setAll(proxies, k -> random.nextGaussian());
  }

  private double[][] scores(Ways... ways) {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      FeatureSet train = set(arena, 0, N);
      FeatureSet test = set(arena, N, N + 2);
      HeadTensors head =
          new HeadTensors(arena.of(weight, WIDTH, D), null, arena.of(proxies, CLASSES, WIDTH));
      HeadModel model = new HeadModel(new NormalizedSoftmax(TEMPERATURE), train, head);
      List<Query> query = List.of(new Query("pair", new PairDistance(0, 1)));
      try (HeadProblem problem =
              HeadProblem.open(backend, model, ProblemOptions.defaults().with(DType.F64));
          Explanation explanation =
              Explanation.open(
                  problem, test, Damping.multiple(1, problem), ExplanationOptions.defaults())) {
        double[][] original = new double[ways.length][];
        for (int w = 0; w < ways.length; w++) {
          var scores = new Eif(OPTIONS.with(ways[w])).scores(explanation, query, Progress.NONE);
          double factor =
              (double) scores.diagnostics().get(0).more().get(Diagnostics.ORIGINAL_FACTOR);
          original[w] = scores.values()[0];
          for (int i = 0; i < N; i++) {
            original[w][i] *= factor;
          }
        }
        return original;
      }
    }
  }

  private FeatureSet set(Arena arena, int from, int to) {
    double[] flat = new double[(to - from) * D];
    for (int i = from; i < to; i++) {
      System.arraycopy(x[i], 0, flat, (i - from) * D, D);
    }
    long[] labels = java.util.Arrays.copyOfRange(digits.labels(), from, to);
    return new FeatureSet(arena.of(flat, to - from, D), arena.of(labels, to - from), "digits");
  }

  // The same again with a weight that is really moved, by the formulas of the pair's distance.

  private double[] unit(double[] w, double[] row) {
    double[] z = new double[WIDTH + 1];
    for (int k = 0; k < WIDTH; k++) {
      for (int j = 0; j < D; j++) {
        z[k] += w[k * D + j] * row[j];
      }
      z[WIDTH] += z[k] * z[k];
    }
    z[WIDTH] = Math.sqrt(z[WIDTH]); // the length, after the unit vector
    for (int k = 0; k < WIDTH; k++) {
      z[k] /= z[WIDTH];
    }
    return z;
  }

  private double cosine(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < WIDTH; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  private double distance(double[] w) {
    return 2 - 2 * cosine(unit(w, x[N]), unit(w, x[N + 1]));
  }

  private double[] end(double sign) {
    double[] w = weight.clone();
    for (int s = 0; s < OPTIONS.steps(); s++) {
      if (Math.abs(distance(w) - distance(weight)) >= OPTIONS.threshold()) {
        break;
      }
      double[] a = unit(w, x[N]);
      double[] b = unit(w, x[N + 1]);
      double cos = cosine(a, b);
      for (int k = 0; k < WIDTH; k++) {
        double da = -2 / a[WIDTH] * (b[k] - cos * a[k]);
        double db = -2 / b[WIDTH] * (a[k] - cos * b[k]);
        for (int j = 0; j < D; j++) {
          w[k * D + j] += sign * OPTIONS.rate() * (da * x[N][j] + db * x[N + 1][j]);
        }
      }
    }
    return w;
  }

  private double loss(double[] w, int i) {
    double[] u = unit(w, x[i]);
    double sum = 0;
    double own = 0;
    for (int c = 0; c < CLASSES; c++) {
      double[] p = java.util.Arrays.copyOfRange(proxies, c * WIDTH, (c + 1) * WIDTH);
      double logit = cosine(u, p) / Math.sqrt(cosine(p, p)) / TEMPERATURE;
      sum += Math.exp(logit);
      own = c == digits.labels()[i] ? logit : own;
    }
    return Math.log(sum) - own;
  }

  @Test
  void theMiddleIsTheMeanOfBothEnds() {
    double[] middle = scores(Ways.MIDDLE)[0];
    double[] up = end(1);
    double[] down = end(-1);
    double[] mean = new double[up.length];
    java.util.Arrays.setAll(mean, k -> (up[k] + down[k]) / 2);
    double change = distance(mean) - distance(weight);
    assertThat(Math.abs(change)).as("the walks are curved").isGreaterThan(1e-6);
    double largest = 0;
    for (int i = 0; i < N; i++) {
      double expected = (loss(mean, i) - loss(weight, i)) * change;
      largest = Math.max(largest, Math.abs(expected));
      assertThat(middle[i]).as("sample %d", i).isEqualTo(expected, offset(1e-12));
    }
    assertThat(largest).as("there is something to compare").isGreaterThan(1e-8);
  }

  @Test
  void countsAreDeterministicAndOfTheSigns() {
    double[][] first = scores(Ways.ASCENT, Ways.MIDDLE);
    double[][] again = scores(Ways.ASCENT, Ways.MIDDLE);
    long[] all = LongStream.range(0, N).toArray();
    DirectionStability stability = DirectionStability.of(Extremes.of(first[0], all, 20), first[1]);
    assertThat(DirectionStability.of(Extremes.of(again[0], all, 20), again[1]))
        .isEqualTo(stability);
    assertThat(stability.helpful()).isEqualTo(20);
    assertThat(stability.harmful()).isEqualTo(20);
    double[] scores = {-2, -1, 1, 2, 0};
    assertThat(
            DirectionStability.of(
                Extremes.of(scores, new long[] {0, 1, 2, 3, 4}, 9),
                new double[] {-1, 0, -1, 0, -1}))
        .isEqualTo(new DirectionStability(2, 1, 2, 1));
  }
}
