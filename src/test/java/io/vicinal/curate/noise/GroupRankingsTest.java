package io.vicinal.curate.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.problem.Dense;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The original's rankings of noisy digits against a naive copy of its protocol in doubles: raw
 * distances, the worst class, its confusion classes, and then either 50 moves of a dense weight or
 * the recursion sample by sample. What the product computes in single precision may differ by 1e-3
 * of the largest score.
 */
class GroupRankingsTest {
  private static final Backend BACKEND = Backend.cpu();
  private static final Arena ARENA = Arena.host();
  private static final int TRAINING = 700;
  private static final int TESTED = 500;
  private static final int PIXELS = 64;
  private static final double TEMPERATURE = 0.1; // NoisyDigits.TRAINING's
  private static Evidence evidence;
  private static double[][] train;
  private static double[][] test;
  private static double[] weight;
  private static double[] bias;
  private static double[][] proxies;
  private static List<int[]> group;

  @BeforeAll
  static void prepare() {
    FeatureSet clean = NoisyDigits.clean(ARENA, 0, TRAINING);
    FeatureSet asked = NoisyDigits.clean(ARENA, TRAINING, TRAINING + TESTED);
    LabelNoise noise = LabelNoise.inject(LabelNoise.Kind.SHIFT, 0.1, clean.labels().toLongs(), 0);
    evidence =
        Evidence.of(
            BACKEND,
            NoisyDigits.noisy(ARENA, clean, noise),
            asked,
            EvidenceOptions.of(NoisyDigits.TRAINING, 0));
    train = rows(clean.features().toDoubles(), PIXELS);
    test = rows(asked.features().toDoubles(), PIXELS);
    weight = evidence.head().weight().toDoubles();
    bias = evidence.head().bias().toDoubles();
    proxies = rows(evidence.head().proxies().toDoubles(), bias.length);
    group = worstGroup(asked.labels().toLongs());
  }

  @AfterAll
  static void free() {
    evidence.close();
    ARENA.close();
    BACKEND.close();
  }

  private static double[][] rows(double[] flat, int width) {
    double[][] rows = new double[flat.length / width][];
    Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * width, (i + 1) * width));
    return rows;
  }

  private static double[] embedding(double[] w, double[] x) {
    double[] z = bias.clone();
    for (int k = 0; k < w.length; k++) {
      z[k / PIXELS] += w[k] * x[k % PIXELS];
    }
    return z;
  }

  private static double cosine(double[] a, double[] b) {
    return Dense.dot(a, b) / Math.sqrt(Dense.dot(a, a) * Dense.dot(b, b));
  }

  /** Wrong pairs (i, nn(i)) of the class with most of them, with what it is mostly taken for. */
  private static List<int[]> worstGroup(long[] labels) {
    double[][] z = Arrays.stream(test).map(x -> embedding(weight, x)).toArray(double[][]::new);
    Map<Long, List<int[]>> wrong = new TreeMap<>();
    for (int i = 0; i < TESTED; i++) {
      int nearest = -1;
      double least = Double.POSITIVE_INFINITY;
      for (int j = 0; j < TESTED; j++) {
        double[] apart = z[i].clone();
        for (int k = 0; k < apart.length; k++) {
          apart[k] -= z[j][k];
        }
        if (j != i && Dense.dot(apart, apart) < least) {
          least = Dense.dot(apart, apart);
          nearest = j;
        }
      }
      if (labels[i] != labels[nearest]) {
        wrong.computeIfAbsent(labels[i], c -> new ArrayList<>()).add(new int[] {i, nearest});
      }
    }
    List<int[]> all =
        wrong.values().stream().max(Comparator.comparingInt(List::size)).orElseThrow();
    Map<Long, Integer> counts = new TreeMap<>();
    all.forEach(pair -> counts.merge(labels[pair[1]], 1, Integer::sum));
    List<Long> classes = new ArrayList<>(counts.keySet());
    classes.sort(Comparator.comparing(c -> -counts.get(c)));
    int taken = 0;
    int covered = 0;
    while (2 * covered <= all.size()) {
      covered += counts.get(classes.get(taken++));
    }
    List<Long> kept = classes.subList(0, taken);
    return all.stream().filter(pair -> kept.contains(labels[pair[1]])).toList();
  }

  private static double groupDistance(double[] w) {
    return group.stream()
        .mapToDouble(p -> 2 - 2 * cosine(embedding(w, test[p[0]]), embedding(w, test[p[1]])))
        .average()
        .orElseThrow();
  }

  /** The sum over pairs of -(2/|a|)(b^ - cos a^) x_a', and the same for b, over their number. */
  private static double[] groupSlope(double[] w) {
    double[] slope = new double[w.length];
    for (int[] pair : group) {
      for (int side = 0; side < 2; side++) {
        double[] x = test[pair[side]];
        double[] a = embedding(w, x);
        double[] b = embedding(w, test[pair[1 - side]]);
        double na = Math.sqrt(Dense.dot(a, a));
        double nb = Math.sqrt(Dense.dot(b, b));
        double cos = cosine(a, b);
        for (int k = 0; k < w.length; k++) {
          int e = k / PIXELS;
          slope[k] -= 2 / na * (b[e] / nb - cos * a[e] / na) * x[k % PIXELS] / group.size();
        }
      }
    }
    return slope;
  }

  private static double loss(double[] w, int i) {
    double[] z = embedding(w, train[i]);
    double[] logits = Arrays.stream(proxies).mapToDouble(p -> cosine(z, p) / TEMPERATURE).toArray();
    return Math.log(Arrays.stream(logits).map(Math::exp).sum())
        - logits[(int) evidence.labels()[i]];
  }

  /** dL_i/dz. */
  private static double[] lossSlope(double[] z, int i) {
    double[] q = Arrays.stream(proxies).mapToDouble(p -> cosine(z, p) / TEMPERATURE).toArray();
    double all = Arrays.stream(q).map(Math::exp).sum();
    double[] slope = new double[z.length];
    for (int c = 0; c < q.length; c++) {
      double share = Math.exp(q[c]) / all - (c == evidence.labels()[i] ? 1 : 0);
      double length = Math.sqrt(Dense.dot(proxies[c], proxies[c]) * Dense.dot(z, z));
      for (int e = 0; e < z.length; e++) {
        slope[e] +=
            share
                * (proxies[c][e] / length - cosine(z, proxies[c]) * z[e] / Dense.dot(z, z))
                / TEMPERATURE;
      }
    }
    return slope;
  }

  /** Equal up to a positive factor: the product's unit is that of a removal. */
  private static void same(double[] found, double[] expected) {
    double factor = Dense.dot(found, expected) / Dense.dot(expected, expected);
    assertThat(factor).as("harmful samples come first").isPositive();
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(largest).isPositive();
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i] / factor).isCloseTo(expected[i], within(1e-3 * largest));
    }
  }

  @Test
  void eifMovesTheWorstGroupApartAndWatchesTheLosses() {
    assertThat(group).hasSizeGreaterThan(2);
    double[] w = weight.clone();
    double before = groupDistance(w);
    for (int step = 0; step < 50 && Math.abs(groupDistance(w) - before) < 1; step++) {
      double[] slope = groupSlope(w);
      for (int k = 0; k < w.length; k++) {
        w[k] += 1e-3 * slope[k];
      }
    }
    double grown = groupDistance(w) - before;
    assertThat(grown).isPositive();
    double[] expected = new double[TRAINING];
    Arrays.setAll(expected, i -> (loss(w, i) - loss(weight, i)) * grown);
    same(Detectors.named("eif-group").scores(evidence), expected);
  }

  @Test
  void ifIsTheRecursionOverTheSamplesInOrder() {
    double[] v = groupSlope(weight);
    double[] h = v.clone();
    for (int i = 0; i < TRAINING; i++) {
      double[] z = embedding(weight, train[i]);
      double[] y = new double[z.length]; // h x_i
      for (int k = 0; k < h.length; k++) {
        y[k / PIXELS] += h[k] * train[i][k % PIXELS];
      }
      double step = 1e-5 / Math.sqrt(Dense.dot(y, y));
      double[] up = z.clone();
      double[] down = z.clone();
      for (int e = 0; e < z.length; e++) {
        up[e] += step * y[e];
        down[e] -= step * y[e];
      }
      double[] above = lossSlope(up, i);
      double[] below = lossSlope(down, i);
      for (int k = 0; k < h.length; k++) {
        int e = k / PIXELS;
        double product = (above[e] - below[e]) / (2 * step) * train[i][k % PIXELS];
        h[k] = v[k] + 0.99 * h[k] - product / 500;
      }
    }
    double[] expected = new double[TRAINING];
    for (int i = 0; i < TRAINING; i++) {
      double[] g = lossSlope(embedding(weight, train[i]), i);
      for (int k = 0; k < h.length; k++) {
        expected[i] += h[k] * g[k / PIXELS] * train[i][k % PIXELS];
      }
    }
    same(Detectors.named("if-group").scores(evidence), expected);
  }
}
