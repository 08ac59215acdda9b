package io.vicinal.curate.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.train.Supervision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every detector's score of every sample, from its definition, on a few samples in the plane. */
class DetectorFormulasTest {
  private static final int N = 96;
  private static final int D = 3;
  private static final int WIDTH = 2;
  private static final int CLASSES = 3;
  private static final int K = 7;
  private static final double TEMPERATURE = 0.1; // NoisyDigits.TRAINING's

  private final Backend backend = Backend.cpu();
  private final Arena arena = Arena.host();
  private final double[][] x = new double[N][D];
  private final long[] y = new long[N];
  private HeadTensors head;
  private Evidence evidence;

  @BeforeEach
  void open() {
    Xoshiro random = new Xoshiro(31);
    float[] flat = new float[N * D];
    for (int i = 0; i < N; i++) {
      y[i] = i % 10 == 9 ? (i + 1) % CLASSES : i % CLASSES;
      for (int j = 0; j < D; j++) {
        flat[i * D + j] = (float) (random.nextGaussian() + (i % CLASSES == j ? 2 : 0));
        x[i][j] = flat[i * D + j];
      }
    }
    head =
        new HeadTensors(
            arena.of(floats(random, WIDTH * D), WIDTH, D),
            arena.of(floats(random, WIDTH), WIDTH),
            arena.of(floats(random, CLASSES * WIDTH), CLASSES, WIDTH));
    FeatureSet data = new FeatureSet(arena.of(flat, N, D), arena.of(y, N), "plane");
    evidence =
        Evidence.of(
            backend,
            new HeadModel(new NormalizedSoftmax(TEMPERATURE), data, head),
            EvidenceOptions.of(NoisyDigits.TRAINING, 0).withNeighbours(K));
  }

  private static float[] floats(Xoshiro random, int count) {
    float[] values = new float[count];
    for (int k = 0; k < count; k++) {
      values[k] = (float) random.nextGaussian();
    }
    return values;
  }

  @AfterEach
  void close() {
    evidence.close();
    arena.close();
    backend.close();
  }

  private static void same(String name, double[] found, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(largest).as(name).isGreaterThan(1e-3);
    for (int i = 0; i < N; i++) {
      assertThat(found[i])
          .as("%s of sample %d", name, i)
          .isCloseTo(expected[i], within(2e-5 * largest));
    }
  }

  private double[] scores(String name) {
    return Detectors.named(name).scores(evidence);
  }

  private double[] embedding(HeadTensors at, double[] row) {
    double[] w = at.weight().toDoubles();
    double[] z = at.bias().toDoubles();
    for (int k = 0; k < w.length; k++) {
      z[k / row.length] += w[k] * row[k % row.length];
    }
    return z;
  }

  private static double[] cosines(HeadTensors at, double[] z) {
    double[] p = at.proxies().toDoubles();
    double[] cosines = new double[p.length / z.length];
    for (int c = 0; c < cosines.length; c++) {
      double dot = 0;
      double square = 0;
      for (int a = 0; a < z.length; a++) {
        dot += z[a] * p[c * z.length + a];
        square += p[c * z.length + a] * p[c * z.length + a];
      }
      cosines[c] = dot / Math.sqrt(square) / norm(z);
    }
    return cosines;
  }

  private static double norm(double[] v) {
    return Math.sqrt(Arrays.stream(v).map(a -> a * a).sum());
  }

  private double loss(double[] z, int i) {
    double[] logits = Arrays.stream(cosines(head, z)).map(c -> c / TEMPERATURE).toArray();
    return Math.log(Arrays.stream(logits).map(Math::exp).sum()) - logits[(int) y[i]];
  }

  @Test
  void lossesAndGradients() {
    double[] losses = new double[N];
    double[] norms = new double[N];
    for (int i = 0; i < N; i++) {
      double[] z = embedding(head, x[i]);
      losses[i] = loss(z, i);
      double[] g = new double[WIDTH];
      for (int a = 0; a < WIDTH; a++) {
        double[] up = z.clone();
        double[] down = z.clone();
        up[a] += 1e-6;
        down[a] -= 1e-6;
        g[a] = (loss(up, i) - loss(down, i)) / 2e-6;
      }
      norms[i] = norm(g) * norm(x[i]); // of the rank-one matrix g x'
    }
    same("loss", scores("loss"), losses);
    same("gradient-norm", scores("gradient-norm"), norms);
  }

  /** A head for each epoch, watched from outside. */
  @Test
  void marginsAreAveragedOverTheEpochs() {
    List<double[]> margins = new ArrayList<>();
    evidence
        .training()
        .watchedBy(
            (epoch, now) -> {
              double[] each = new double[N];
              for (int i = 0; i < N; i++) {
                double[] cosines = cosines(now.tensors(), embedding(now.tensors(), x[i]));
                double own = cosines[(int) y[i]];
                cosines[(int) y[i]] = -2;
                each[i] = own - Arrays.stream(cosines).max().orElseThrow();
              }
              margins.add(each);
            })
        .train(evidence.data().features(), Supervision.hard(CLASSES, y), arena);
    assertThat(margins).hasSize(NoisyDigits.TRAINING.epochs());
    double[] expected = new double[N];
    for (double[] each : margins) {
      Arrays.setAll(expected, i -> expected[i] - each[i] / margins.size());
    }
    same("aum", scores("aum"), expected);
  }

  @Test
  void neighboursVoteAgainstALabel() {
    same("knn", scores("knn"), disagreement(x));
    double[][] z = Arrays.stream(x).map(row -> embedding(head, row)).toArray(double[][]::new);
    same("knn-embedding", scores("knn-embedding"), disagreement(z));
  }

  /** Weights exp(-4 (d_j - d_1) / (d_K - d_1)) of squared distances. */
  private double[] disagreement(double[][] rows) {
    double[] scores = new double[N];
    for (int i = 0; i < N; i++) {
      double[] distance = new double[N];
      for (int j = 0; j < N; j++) {
        for (int a = 0; a < rows[i].length; a++) {
          distance[j] += Math.pow(rows[i][a] - rows[j][a], 2);
        }
      }
      int self = i;
      int[] nearest =
          IntStream.range(0, N)
              .filter(j -> j != self)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer j) -> distance[j]))
              .limit(K)
              .mapToInt(j -> j)
              .toArray();
      double first = distance[nearest[0]];
      double range = distance[nearest[K - 1]] - first;
      double all = 0;
      double against = 0;
      for (int j : nearest) {
        double weight = Math.exp(-4 * (distance[j] - first) / range);
        all += weight;
        against += y[j] == y[i] ? 0 : weight;
      }
      scores[i] = against / all;
    }
    return scores;
  }

  @Test
  void outOfFoldProbabilitiesAreReadOff() {
    double[][] p = evidence.heldOut().outOfFoldProbabilities();
    double[] losses = new double[N];
    double[] confident = new double[N];
    double[] thresholds = new double[CLASSES];
    for (int c = 0; c < CLASSES; c++) {
      int label = c;
      thresholds[c] =
          IntStream.range(0, N)
              .filter(i -> y[i] == label)
              .mapToDouble(i -> p[i][label])
              .average()
              .orElseThrow();
    }
    for (int i = 0; i < N; i++) {
      losses[i] = -Math.log(p[i][(int) y[i]]);
      double largest = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < CLASSES; c++) {
        largest = c == y[i] ? largest : Math.max(largest, p[i][c] - thresholds[c]);
      }
      confident[i] = largest - (p[i][(int) y[i]] - thresholds[(int) y[i]]);
    }
    same("oof-loss", scores("oof-loss"), losses);
    same("confident-learning", scores("confident-learning"), confident);
  }

  @Test
  void ranksAreAveraged() {
    double[] expected = new double[N];
    for (String name : new String[] {"aum", "oof-loss", "knn"}) {
      double[] scores = scores(name);
      for (int i = 0; i < N; i++) {
        double score = scores[i];
        double below = Arrays.stream(scores).filter(s -> s < score).count();
        double equal = Arrays.stream(scores).filter(s -> s == score).count() - 1;
        expected[i] += (below + equal / 2) / (N - 1) / 3;
      }
    }
    same("rank-average", scores("rank-average"), expected);
  }
}
