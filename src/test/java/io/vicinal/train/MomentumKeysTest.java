package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Targets;
import io.vicinal.config.RunConfig;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Momentum contrast on a head, against loops: He et al., CVPR 2020, algorithm 1. */
class MomentumKeysTest {
  private static final int SAMPLES = 3;
  private static final int FEATURES = 4;
  private static final int WIDTH = 2;
  private static final int QUEUE = 5;
  private static final double MOMENTUM = 0.75;
  private static final double TEMPERATURE = 0.3;

  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();
  private final Xoshiro random = new Xoshiro(3);

  private double[] normal(int count) {
    double[] values = new double[count];
    Arrays.setAll(values, i -> random.nextGaussian());
    return values;
  }

  private static double[] unit(double[] w, double[] x, int row) {
    double[] z = new double[WIDTH];
    for (int j = 0; j < WIDTH; j++) {
      for (int k = 0; k < FEATURES; k++) {
        z[j] += w[j * FEATURES + k] * x[row * FEATURES + k];
      }
    }
    double length = Math.hypot(z[0], z[1]);
    return new double[] {z[0] / length, z[1] / length};
  }

  private static double exp(double[] q, double[] k) {
    return Math.exp((q[0] * k[0] + q[1] * k[1]) / TEMPERATURE);
  }

  @Test
  void keysAreOfTheSlowCopyAndTheOldestLeaveTheQueue() {
    RunConfig config =
        RunConfig.defaults(
            "loss={\"name\":\"moco\",\"temperature\":" + TEMPERATURE + "}",
            "memory={\"size\":" + QUEUE + ",\"momentum\":" + MOMENTUM + "}",
            "head={\"embedding\":2,\"bias\":false}",
            "compute.dtype=float64");
    RunLoss loss = new RunLoss(config);
    Head head = loss.head(FEATURES, 2, arena);
    try (Criterion criterion = loss.criterion(backend, head, 2, SAMPLES, arena)) {
      Parameters parameters = head.parameters().and(criterion.learned());
      Parameters gradients = parameters.like(arena);
      double[] w = head.weight().toDoubles();
      double[] copy = w.clone();
      List<double[]> queue = new ArrayList<>(); // the oldest first
      double[] first = criterion.buffers().get("memory").toDoubles();
      for (int j = 0; j < QUEUE; j++) {
        queue.add(new double[] {first[2 * j], first[2 * j + 1]});
        assertThat(Math.hypot(first[2 * j], first[2 * j + 1])).isCloseTo(1, within(1e-12));
      }
      for (int step = 1; step <= 4; step++) {
        double[] x = normal(SAMPLES * FEATURES);
        double expected = 0;
        List<double[]> keys = new ArrayList<>();
        for (int i = 0; i < SAMPLES; i++) {
          double[] q = unit(w, x, i);
          keys.add(unit(copy, x, i));
          double own = exp(q, keys.get(i));
          double all = own + queue.stream().mapToDouble(k -> exp(q, k)).sum();
          expected -= Math.log(own / all) / SAMPLES;
        }
        Tensor features = arena.of(x, SAMPLES, FEATURES);
        Targets targets = Targets.of(arena.of(new long[] {0, 1, 1}, SAMPLES));
        assertThat(criterion.gradient(step, features, targets, parameters, gradients).loss())
            .isCloseTo(expected, within(1e-12));
        double[] move = normal(w.length);
        for (int k = 0; k < w.length; k++) {
          w[k] += 0.3 * move[k];
          copy[k] = MOMENTUM * copy[k] + (1 - MOMENTUM) * w[k];
        }
        head.weight().set(w);
        criterion.stepped();
        queue.addAll(keys);
        queue.subList(0, SAMPLES).clear();
      }
    }
  }

  @Test
  void onlyALossOfKeysHasAMomentum() {
    RunConfig config = RunConfig.defaults("loss.name=moco");
    assertThat(config.memory().size()).isEqualTo(1024);
    assertThat(config.memory().momentum()).isEqualTo(0.999);
    assertThat(RunConfig.defaults("loss.name=triplet", "memory.size=8").json().get("memory"))
        .hasToString("{\"size\":8,\"start\":0}");
    refused(() -> RunConfig.defaults("loss.name=moco", "memory.size=0"), "memory.size: expected");
    refused(
        () -> RunConfig.defaults("loss.name=triplet", "memory.momentum=0.9"),
        "memory.momentum: unknown key");
  }
}
