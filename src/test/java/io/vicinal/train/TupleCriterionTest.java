package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.config.RunConfig;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A loss of a batch on a linear head: its value, and its way back to what is learned. */
class TupleCriterionTest {
  private static final int SAMPLES = 12;
  private static final int FEATURES = 5;
  private static final int WIDTH = 3;
  private static final int CLASSES = 3;

  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();

  /** A criterion with its head, and the gradient that it last gave. */
  private final class Set implements AutoCloseable {
    final Criterion criterion;
    final Parameters parameters;
    final Parameters gradients;
    final Tensor features;
    Targets targets;

    Set(int samples, String... settings) {
      String[] all = Arrays.copyOf(settings, settings.length + 2);
      all[settings.length] = "head.embedding=" + WIDTH;
      all[settings.length + 1] = "compute.dtype=float64";
      RunConfig config = RunConfig.defaults(all);
      RunLoss loss = new RunLoss(config);
      Head head = loss.head(FEATURES, CLASSES, arena);
      criterion = loss.criterion(backend, head, CLASSES, SAMPLES, arena);
      parameters = head.parameters().and(criterion.learned());
      gradients = parameters.like(arena);
      Xoshiro random = new Xoshiro(4);
      double[] x = new double[samples * FEATURES];
      Arrays.setAll(x, i -> random.nextGaussian());
      features = arena.of(x, samples, FEATURES);
      labels(i -> i % CLASSES, samples);
    }

    void labels(java.util.function.IntToLongFunction of, int samples) {
      long[] labels = new long[samples];
      Arrays.setAll(labels, of::applyAsLong);
      targets = Targets.of(arena.of(labels, samples));
    }

    LossValue value() {
      return criterion.gradient(1, features, targets, parameters, gradients);
    }

    /** By central differences of the value. */
    double slope(String name, int at) {
      Tensor p = parameters.get(name);
      double[] values = p.toDoubles();
      double[] sides = new double[2];
      for (int side = 0; side < 2; side++) {
        double[] moved = values.clone();
        moved[at] += side == 0 ? -1e-6 : 1e-6;
        p.set(moved);
        sides[side] = value().loss();
      }
      p.set(values);
      return (sides[1] - sides[0]) / 2e-6;
    }

    @Override
    public void close() {
      criterion.close();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "loss={\"name\":\"triplet\",\"margin\":0.5} | seed=1 | weight,bias",
        "loss={\"name\":\"triplet\",\"normalize\":false} | miner.name=batch-hard | weight,bias",
        "loss={\"name\":\"margin\",\"learn-beta\":true} | miner.name=distance | weight,bias,beta",
        "loss={\"name\":\"softmax\",\"temperature\":1} | head.bias=false | weight,loss-weight",
        "loss={\"name\":\"sub-center-arcface\",\"scale\":2} | seed=2 | weight,bias,loss-weight",
        "loss={\"name\":\"proxy-nca-v2\"} | seed=3 | weight,bias,proxies",
        "loss={\"name\":\"multi-similarity\",\"beta\":4} | miner.name=multi-similarity | weight,bias",
      })
  void theGradientIsThatOfTheValue(String loss, String more, String names) {
    try (Set set = new Set(SAMPLES, loss, more)) {
      assertThat(set.parameters.names()).containsExactly(names.split(","));
      assertThat(set.value().loss()).isPositive();
      Parameters found = set.gradients.copy(arena);
      for (String name : found.names()) {
        double[] gradient = found.get(name).toDoubles();
        assertThat(Arrays.stream(gradient).map(Math::abs).sum()).as(name).isPositive();
        for (int i = 0; i < gradient.length; i++) {
          assertThat(gradient[i]).as(name + i).isCloseTo(set.slope(name, i), within(1e-7));
        }
      }
    }
  }

  /** Wu et al., ICCV 2017, in loops: beta of the anchor's class, the mean over active pairs. */
  @Test
  void theValueIsThePapers() {
    try (Set set = new Set(SAMPLES, "loss={\"name\":\"margin\",\"learn-beta\":true}")) {
      double[] beta = {0.9, 1.1, 1.3};
      set.parameters.get("beta").set(beta);
      double[][] z = unitEmbeddings(set);
      double sum = 0;
      long active = 0;
      for (int a = 0; a < SAMPLES; a++) {
        for (int p = 0; p < SAMPLES; p++) {
          for (int n = 0; n < SAMPLES; n++) {
            if (a != p && a % CLASSES == p % CLASSES && a % CLASSES != n % CLASSES) {
              double near = distance(z[a], z[p]) - beta[a % CLASSES] + 0.2;
              double far = beta[a % CLASSES] - distance(z[a], z[n]) + 0.2;
              sum += Math.max(0, near) + Math.max(0, far);
              active += (near > 0 ? 1 : 0) + (far > 0 ? 1 : 0);
            }
          }
        }
      }
      assertThat(set.value().loss()).isCloseTo(sum / active, within(1e-12));
    }
  }

  private static double[][] unitEmbeddings(Set set) {
    double[] x = set.features.toDoubles();
    double[] w = set.parameters.get("weight").toDoubles();
    double[] b = set.parameters.get("bias").toDoubles();
    double[][] z = new double[SAMPLES][WIDTH];
    for (int i = 0; i < SAMPLES; i++) {
      double squared = 0;
      for (int j = 0; j < WIDTH; j++) {
        z[i][j] = b[j];
        for (int k = 0; k < FEATURES; k++) {
          z[i][j] += w[j * FEATURES + k] * x[i * FEATURES + k];
        }
        squared += z[i][j] * z[i][j];
      }
      for (int j = 0; j < WIDTH; j++) {
        z[i][j] /= Math.sqrt(squared);
      }
    }
    return z;
  }

  private static double distance(double[] x, double[] y) {
    double sum = 0;
    for (int j = 0; j < x.length; j++) {
      sum += (x[j] - y[j]) * (x[j] - y[j]);
    }
    return Math.sqrt(sum);
  }

  @Test
  void frozenPartsKeepTheGradientThatTheyHad() {
    try (Set set = new Set(SAMPLES, "loss={\"name\":\"margin\",\"learn-beta\":true}")) {
      Parameters some = set.gradients.without(List.of("weight", "beta"));
      set.criterion.gradient(1, set.features, set.targets, set.parameters, some);
      assertThat(set.gradients.get("weight").toDoubles()).containsOnly(0);
      assertThat(set.gradients.get("beta").toDoubles()).containsOnly(0);
      assertThat(set.gradients.get("bias").toDoubles()).doesNotContain(0);
    }
  }

  @Test
  void whatIsMinedFollowsFromTheStep() {
    try (Set set = new Set(SAMPLES, "loss.name=triplet", "miner.name=random")) {
      double first = set.value().loss();
      assertThat(set.value().loss()).isEqualTo(first);
      LossValue other =
          set.criterion.gradient(2, set.features, set.targets, set.parameters, set.gradients);
      assertThat(other.loss()).isNotEqualTo(first);
    }
  }

  /** One class, all classes alone, one sample: nothing to compare is 0, counted, never NaN. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"seed=1", "miner.name=distance", "miner.name=batch-hard", "miner.name=semihard"})
  void aBatchOfNothingIsZeroAndCounted(String miner) {
    for (int samples : new int[] {1, 2, 3}) {
      for (boolean alone : new boolean[] {false, true}) {
        try (Set set = new Set(samples, "loss.name=triplet", miner)) {
          set.labels(i -> alone ? i : 0, samples);
          LossValue value = set.value();
          assertThat(value).isEqualTo(new LossValue(0, samples));
          for (Tensor gradient : set.gradients.named().values()) {
            assertThat(gradient.toDoubles()).containsOnly(0);
          }
        }
      }
    }
  }
}
