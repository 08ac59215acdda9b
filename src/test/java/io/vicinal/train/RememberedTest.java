package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.config.MemoryConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miners;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A batch is compared with itself and with a queue of earlier ones. */
class RememberedTest {
  private static final int SAMPLES = 6;
  private static final int FEATURES = 4;
  private static final int WIDTH = 2;
  private static final int CLASSES = 3;

  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();

  /** First in, first out, also where a batch is larger than the memory or crosses its end. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 7, 20})
  void theOldestAreForgottenFirst(int size) {
    Remembered queue = new Remembered(new MemoryConfig(size, 1, null), 5, DType.F32, 1, arena);
    Deque<Float> expected = new ArrayDeque<>();
    float next = 0;
    for (int step = 1; step <= 12; step++) {
      int samples = step % 4 == 0 ? 2 : 5;
      float[] batch = new float[samples];
      for (int i = 0; i < samples; i++) {
        batch[i] = next++;
      }
      queue.batch(samples).set(batch);
      long[] labels = new long[samples];
      Arrays.setAll(labels, i -> (long) batch[i]);
      Tensor all = queue.all(samples);
      float[] found = all.toFloats();
      assertThat(Arrays.copyOf(found, samples)).containsExactly(batch);
      assertThat(floats(found, samples)).containsExactlyInAnyOrderElementsOf(expected);
      long[] allLabels = queue.allLabels(arena.of(labels, samples)).toLongs();
      for (int i = 0; i < found.length; i++) {
        assertThat(allLabels[i]).isEqualTo((long) found[i]);
      }
      queue.stepped(step, samples);
      if (step > 1) {
        for (float value : batch) {
          expected.add(value);
        }
        while (expected.size() > size) {
          expected.remove();
        }
      }
    }
    assertThat(expected).hasSize(size);
  }

  private static List<Float> floats(float[] all, int from) {
    List<Float> rest = new ArrayList<>();
    for (int i = from; i < all.length; i++) {
      rest.add(all[i]);
    }
    return rest;
  }

  /** A criterion on random batches, one after the other. */
  private final class Run implements AutoCloseable {
    final Criterion criterion;
    final Parameters parameters;
    final Parameters gradients;
    final List<double[]> z = new ArrayList<>(); // all batches, the newest last
    final List<Long> labels = new ArrayList<>();
    Tensor x;
    Targets targets;
    private final Xoshiro random = new Xoshiro(7);

    Run(String... settings) {
      String[] all = Arrays.copyOf(settings, settings.length + 2);
      all[settings.length] = "head={\"embedding\":2,\"bias\":false}";
      all[settings.length + 1] = "compute.dtype=float64";
      RunConfig config = RunConfig.defaults(all);
      RunLoss loss = new RunLoss(config);
      Head head = loss.head(FEATURES, CLASSES, arena);
      criterion = loss.criterion(backend, head, CLASSES, SAMPLES, arena);
      parameters = head.parameters().and(criterion.learned());
      gradients = parameters.like(arena);
    }

    LossValue next(int step) {
      double[] values = new double[SAMPLES * FEATURES];
      Arrays.setAll(values, i -> random.nextGaussian());
      x = arena.of(values, SAMPLES, FEATURES);
      long[] y = new long[SAMPLES];
      Arrays.setAll(y, i -> (i + step) % CLASSES);
      targets = Targets.of(arena.of(y, SAMPLES));
      embed(values, y);
      return criterion.gradient(step, x, targets, parameters, gradients);
    }

    private void embed(double[] values, long[] y) {
      double[] w = parameters.get("weight").toDoubles();
      for (int i = 0; i < SAMPLES; i++) {
        double[] row = new double[WIDTH];
        for (int j = 0; j < WIDTH; j++) {
          for (int k = 0; k < FEATURES; k++) {
            row[j] += w[j * FEATURES + k] * values[i * FEATURES + k];
          }
        }
        double length = Math.hypot(row[0], row[1]);
        z.add(new double[] {row[0] / length, row[1] / length});
        labels.add(y[i]);
      }
    }

    /** Schroff et al., CVPR 2015, in loops: anchors of the batch, the rest of all that is known. */
    double triplets(int remembered, double margin) {
      int end = z.size();
      int first = end - SAMPLES;
      int from = Math.max(0, first - remembered);
      double sum = 0;
      long count = 0;
      for (int a = first; a < end; a++) {
        for (int p = from; p < end; p++) {
          for (int n = from; n < end; n++) {
            if (p != a && same(a, p) && !same(a, n)) {
              sum += Math.max(0, squared(a, p) - squared(a, n) + margin);
              count++;
            }
          }
        }
      }
      return count == 0 ? 0 : sum / count;
    }

    /** Of each anchor the farthest positive and the nearest negative of all that is known. */
    double hardest(int remembered, double margin) {
      int end = z.size();
      int from = Math.max(0, end - SAMPLES - remembered);
      double sum = 0;
      for (int a = end - SAMPLES; a < end; a++) {
        double near = 0;
        double far = 4;
        for (int j = from; j < end; j++) {
          near = same(a, j) ? Math.max(near, squared(a, j)) : near;
          far = same(a, j) ? far : Math.min(far, squared(a, j));
        }
        sum += Math.max(0, near - far + margin);
      }
      return sum / SAMPLES;
    }

    private boolean same(int i, int j) {
      return labels.get(i).equals(labels.get(j));
    }

    private double squared(int i, int j) {
      double dx = z.get(i)[0] - z.get(j)[0];
      double dy = z.get(i)[1] - z.get(j)[1];
      return dx * dx + dy * dy;
    }

    @Override
    public void close() {
      criterion.close();
    }
  }

  @Test
  void theLossIsOfTheBatchAndWhatIsRemembered() {
    try (Run run = new Run("loss.name=triplet", "memory={\"size\":9,\"start\":0}")) {
      for (int step = 1; step <= 5; step++) {
        double loss = run.next(step).loss();
        int remembered = Math.min(9, (step - 1) * SAMPLES);
        assertThat(loss).isCloseTo(run.triplets(remembered, 0.2), within(1e-12));
        run.criterion.stepped();
      }
    }
  }

  @Test
  void aMinerLooksAtWhatIsRememberedToo() {
    String hard = "miner.name=batch-hard";
    try (Run run = new Run("loss.name=triplet", hard, "memory={\"size\":9,\"start\":0}")) {
      double alone = 0;
      double all = 0;
      for (int step = 1; step <= 5; step++) {
        double loss = run.next(step).loss();
        int remembered = Math.min(9, (step - 1) * SAMPLES);
        assertThat(loss).isCloseTo(run.hardest(remembered, 0.2), within(1e-12));
        alone += run.hardest(0, 0.2);
        all += loss;
        run.criterion.stepped();
      }
      assertThat(all).isGreaterThan(alone + 0.1);
    }
  }

  /** All positives and all negatives of each anchor, listed, are what there is without a miner. */
  @ParameterizedTest
  @ValueSource(strings = {"n-pair", "nt-xent", "lifted", "contrastive"})
  void ofAMinerThatTakesAllNothingChanges(String name) {
    String loss = "loss.name=" + name;
    String memory = "memory={\"size\":9,\"start\":0}";
    // Of each sample all pairs: sets for losses of sets, a list for those of pairs.
    try (Run plain = new Run(loss, memory);
        Run mined = new Run(loss, "miner.name=lifted", memory)) {
      for (int step = 1; step <= 4; step++) {
        double expected = plain.next(step).loss();
        assertThat(mined.next(step).loss()).isCloseTo(expected, within(1e-12));
        double[] gradient = plain.gradients.get("weight").toDoubles();
        assertThat(mined.gradients.get("weight").toDoubles())
            .containsExactly(gradient, within(1e-12));
        plain.criterion.stepped();
        mined.criterion.stepped();
      }
    }
  }

  /** Every miner takes a memory. */
  @Test
  void everyMinerTakesAMemory() {
    Map<Tuples, String> losses =
        Map.of(Tuples.TRIPLETS, "triplet", Tuples.PAIRS, "contrastive", Tuples.SETS, "n-pair");
    for (String name : Miners.names()) {
      Tuples yields = Miners.facts(Miners.create(name, Map.of())).yields();
      String[] settings = {
        "loss.name=" + losses.get(yields), "miner.name=" + name, "memory={\"size\":9,\"start\":0}"
      };
      try (Run run = new Run(settings)) {
        for (int step = 1; step <= 4; step++) {
          assertThat(run.next(step).loss()).as(name).isFinite();
          run.criterion.stepped();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "miner.name=pair-margin"})
  void theGradientTakesTheMemoryAsConstant(String miner) {
    String[] settings =
        Stream.of("loss.name=contrastive", "memory.size=9", miner)
            .filter(setting -> !setting.isEmpty())
            .toArray(String[]::new);
    try (Run run = new Run(settings)) {
      run.next(1);
      run.criterion.stepped();
      run.next(2);
      Tensor w = run.parameters.get("weight");
      double[] gradient = run.gradients.get("weight").toDoubles();
      double[] values = w.toDoubles();
      for (int i = 0; i < gradient.length; i++) {
        double[] sides = new double[2];
        for (int side = 0; side < 2; side++) {
          double[] moved = values.clone();
          moved[i] += side == 0 ? -1e-6 : 1e-6;
          w.set(moved);
          sides[side] =
              run.criterion.gradient(2, run.x, run.targets, run.parameters, run.gradients).loss();
        }
        w.set(values);
        assertThat(gradient[i]).isCloseTo((sides[1] - sides[0]) / 2e-6, within(1e-7));
      }
    }
  }

  /** Until it fills, a run with a memory is one without; every loss that takes one takes it. */
  @Test
  void anEmptyMemoryChangesNothing() {
    Set<String> without = new HashSet<>(TupleLosses.names());
    without.remove("moco"); // whose memory is another
    for (String name : Set.copyOf(without)) {
      String loss = "loss={\"name\":\"" + name + "\"}";
      try {
        RunConfig.defaults(loss, "memory.size=9");
      } catch (InputException e) {
        continue;
      }
      without.remove(name);
      try (Run plain = new Run(loss);
          Run run = new Run(loss, "memory={\"size\":9,\"start\":1}")) {
        assertThat(run.next(1).loss()).as(name).isCloseTo(plain.next(1).loss(), within(1e-12));
        double[] expected = plain.gradients.get("weight").toDoubles();
        double[] found = run.gradients.get("weight").toDoubles();
        for (int i = 0; i < expected.length; i++) {
          assertThat(found[i]).as(name).isCloseTo(expected[i], within(1e-12));
        }
        run.criterion.stepped();
        run.next(2);
        run.criterion.stepped();
        assertThat(run.next(3).loss()).as(name).isFinite();
      }
    }
    assertThat(without)
        .containsExactlyInAnyOrder(
            // which are given more than labels
            "multi-label-supcon",
            "adversarial-separation",
            // which compare samples with what they learn
            "softmax",
            "sphereface",
            "sub-center-arcface",
            "arcface-v2",
            "soft-triple-v2",
            "proxy-nca-v2",
            "proxy-anchor-v2");
  }

  @Test
  void whoTakesNoneSaysSo() {
    refused(
        () -> RunConfig.defaults("loss.name=cosface", "memory.size=8"),
        "memory.size: cosface compares samples with proxies and takes no memory; set it to 0");
    refused(
        () -> RunConfig.defaults("loss.name=softmax", "memory.size=8"),
        "memory.size: softmax does not compare samples with each other and takes no memory");
    refused(
        () -> RunConfig.defaults("loss.name=triplet", "memory.size=-1"),
        "memory.size: expected an integer of at least 0");
  }
}
