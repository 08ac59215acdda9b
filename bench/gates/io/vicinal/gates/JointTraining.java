package io.vicinal.gates;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.backend.Update;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.nn.ProxyStart;
import io.vicinal.optim.Adam;
import io.vicinal.optim.ParameterGroup;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.List;
import java.util.Set;

/** Trains weight and proxies together: Adam on the whole set, a fixed number of steps. */
final class JointTraining {
  private static final int STEPS = 300;
  private static final double RATE = 0.01;

  private JointTraining() {}

  static Head train(
      Backend backend, Loss loss, FeatureSet data, long embedding, long seed, Arena arena) {
    long classes = data.classes();
    Head head =
        Head.initialise(
            arena, DType.F64, data.width(), embedding, classes, false, ProxyStart.NORMAL, seed);
    try (Arena scratch = new Arena(backend.memory())) {
      Head gradient = head.like(scratch);
      Adam adam =
          new Adam(
              scratch,
              List.of(
                  group("weight", head.weight(), gradient.weight()),
                  group("proxies", head.proxies(), gradient.proxies())),
              0.9,
              0.999,
              false);
      HeadTensors out = gradient.tensors();
      for (int step = 0; step < STEPS; step++) {
        backend.headGradient(
            loss.spec(),
            classes,
            data.features(),
            Targets.of(data.labels()),
            head.tensors(),
            null,
            out);
        adam.step(backend, 1, Set.of());
      }
    }
    return head;
  }

  private static ParameterGroup group(String name, Tensor parameter, Tensor gradient) {
    return new ParameterGroup(name, parameter, gradient, RATE, 1e-8, 0, 0, Update.Clip.NONE);
  }
}
