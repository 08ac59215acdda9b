package io.vicinal.bench;

import static io.vicinal.backend.Update.Clip.NONE;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
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

/**
 * A single-precision head without bias that steps by Adam, proxies ten times as fast as the weight,
 * on whatever rows it is given: batches, or a whole file. Not thread-safe.
 */
final class AdamHead {
  private final Backend backend;
  private final Loss loss;
  private final int classes;
  private final HeadTensors head;
  private final HeadTensors gradient;
  private final Adam adam;

  AdamHead(
      Backend backend, Arena arena, Loss loss, long features, int width, int classes, double lr) {
    this.backend = backend;
    this.loss = loss;
    this.classes = classes;
    head =
        Head.initialise(arena, DType.F32, features, width, classes, false, ProxyStart.NORMAL, 5)
            .tensors();
    gradient =
        new HeadTensors(
            arena.allocate(DType.F32, head.weight().shape()),
            null,
            arena.allocate(DType.F32, head.proxies().shape()));
    adam =
        new Adam(
            arena,
            List.of(
                new ParameterGroup("weight", head.weight(), gradient.weight(), lr, 1e-8, 0, 0, NONE),
                new ParameterGroup(
                    "proxies", head.proxies(), gradient.proxies(), 10 * lr, 1e-8, 0, 0, NONE)),
            0.9,
            0.999,
            false);
  }

  /** One step on the mean loss of these rows. */
  void step(Tensor features, Tensor labels) {
    backend.headGradient(
        loss.spec(), classes, features, Targets.of(labels), head, null, gradient);
    adam.step(backend, 1, Set.of());
  }

  /** The head as it is now. */
  HeadTensors tensors() {
    return head;
  }
}
