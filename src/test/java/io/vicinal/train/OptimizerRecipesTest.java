package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Update;
import io.vicinal.config.OptimizerConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.optim.Adam;
import io.vicinal.optim.ParameterGroup;
import io.vicinal.optim.Schedule;
import io.vicinal.optim.Sgd;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Groups, rates and clipping as published trainings have them. */
class OptimizerRecipesTest {
  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();

  /** The factor in each epoch of a run. */
  private static List<Double> factors(RunConfig config, int batches) {
    Schedule schedule = Parts.schedule(config.schedule(), config.epochs(), batches);
    List<Double> factors = new ArrayList<>();
    for (int epoch = 0; epoch < config.epochs(); epoch++) {
      factors.add(schedule.factor());
      for (int i = 0; i < batches; i++) {
        schedule.stepEnded();
      }
      schedule.epochEnded(Double.NaN);
    }
    return factors;
  }

  /** Introspective metric learning on CUB: proxies 100 times faster, the head waits 5 epochs. */
  @Test
  void introspective() {
    RunConfig config =
        RunConfig.defaults(
            "epochs=60",
            "optimizer={\"name\":\"adamw\",\"lr\":6e-4,\"weightDecay\":1e-4,\"groups\":"
                + "{\"weight\":{\"warmup\":5},\"proxies\":{\"lrScale\":100}}}",
            "schedule={\"name\":\"step\",\"every\":5,\"factor\":0.5}",
            "clip.value=10");
    OptimizerConfig optimizer = config.optimizer();
    List<Double> factors = factors(config, 48);
    assertThat(optimizer.lr("proxies") * factors.get(0)).isEqualTo(6e-2, within(1e-17));
    assertThat(optimizer.weightDecay("proxies")).isEqualTo(1e-4);
    assertThat(config.warmup("weight")).isEqualTo(5);
    assertThat(config.warmup("proxies")).isZero();
    assertThat(optimizer.lr("weight") * factors.get(5)).isEqualTo(3e-4, within(1e-19));
    assertThat(optimizer.lr("weight") * factors.get(59))
        .isEqualTo(6e-4 * Math.pow(2, -11), within(1e-20));
  }

  /** The first step of AdamW is the rate against the gradient's sign: proxies move 100 times. */
  @Test
  void aHundredfoldRateIsAHundredfoldFirstStep() {
    Tensor weight = arena.of(new double[] {1, -1}, 2);
    Tensor proxies = arena.of(new double[] {1, -1}, 2);
    Tensor slope = arena.of(new double[] {0.3, -7}, 2);
    Update.Clip none = Update.Clip.NONE;
    new Adam(
            arena,
            List.of(
                new ParameterGroup("weight", weight, slope, 6e-4, 1e-8, 0, 0, none),
                new ParameterGroup("proxies", proxies, slope, 6e-2, 1e-8, 0, 0, none)),
            0.9,
            0.999,
            true)
        .step(backend, 1, Set.of());
    for (int i = 0; i < 2; i++) {
      double head = weight.at(i) - (i == 0 ? 1 : -1);
      double proxy = proxies.at(i) - (i == 0 ? 1 : -1);
      assertThat(proxy / head).isEqualTo(100, within(1e-6));
    }
  }

  /** The probabilistic and out-of-distribution systems: coupled decay on the network alone. */
  @Test
  void probabilistic() {
    RunConfig config =
        RunConfig.defaults(
            "epochs=6",
            "optimizer={\"name\":\"adam\",\"lr\":1e-5,\"weightDecay\":4e-4,\"groups\":"
                + "{\"proxies\":{\"lrScale\":2000,\"weightDecay\":0}}}",
            "schedule={\"name\":\"step\",\"milestones\":[2,4],\"factor\":0.3}");
    OptimizerConfig optimizer = config.optimizer();
    assertThat(optimizer.weightDecay("weight")).isEqualTo(4e-4);
    assertThat(optimizer.weightDecay("proxies")).isZero();
    assertThat(optimizer.lr("proxies")).isEqualTo(0.02, within(1e-17));
    List<Double> factors = factors(config, 3);
    double[] expected = {1, 1, 0.3, 0.3, 0.09, 0.09};
    for (int epoch = 0; epoch < 6; epoch++) {
      assertThat(factors.get(epoch)).isEqualTo(expected[epoch], within(1e-15));
    }
    // Two steps down p² / 2 from 3, worked out: the decay is part of what the moments see.
    Tensor p = arena.of(new double[] {3}, 1);
    Tensor slope = arena.of(new double[1], 1);
    Adam adam =
        new Adam(
            arena,
            List.of(new ParameterGroup("weight", p, slope, 0.1, 1e-8, 0.5, 0, Update.Clip.NONE)),
            0.9,
            0.999,
            false);
    double first = 3 - 0.1 * 4.5 / (4.5 + 1e-8);
    double g = 1.5 * first;
    double m = (0.9 * 0.1 * 4.5 + 0.1 * g) / (1 - 0.81);
    double v = (0.999 * 0.001 * 4.5 * 4.5 + 0.001 * g * g) / (1 - 0.998001);
    double second = first - 0.1 * m / (Math.sqrt(v) + 1e-8);
    for (double after : new double[] {first, second}) {
      slope.set(new double[] {p.at(0)});
      adam.step(backend, 1, Set.of());
      assertThat(p.at(0)).isEqualTo(after, within(1e-13));
    }
  }

  /** Value clipping at 10 makes a gradient of a million 10. */
  @Test
  void aMillionBecomesTen() {
    Tensor p = arena.of(new float[] {0, 0, 0}, 3);
    Tensor slope = arena.of(new float[] {1e6f, -1e6f, 3}, 3);
    Update.Clip ten = new Update.Clip(10, 0, 0);
    new Sgd(arena, List.of(new ParameterGroup("weight", p, slope, 1, 0, 0, 0, ten)), false)
        .step(backend, 1, Set.of());
    assertThat(p.toDoubles()).containsExactly(-10, 10, -3);
  }
}
