package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.nn.Parameters;
import io.vicinal.optim.ParameterAverage;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Keeps a moving average of the parameters, which takes every step into it. */
final class Averaging implements Loop.Listener {
  private final Backend backend;
  private final ParameterAverage average;

  /**
   * What a configuration asks for.
   *
   * @param parameters as they begin
   * @param arena owner of the averages
   * @return null for none
   */
  static Averaging of(RunConfig config, Backend backend, Parameters parameters, Arena arena) {
    double decay = config.average().decay();
    return decay == 0 ? null : new Averaging(backend, parameters, decay, arena);
  }

  /**
   * @param parameters as they begin
   * @param decay what the average keeps of itself in a step; in the first steps less
   * @param arena owner of the averages
   */
  private Averaging(Backend backend, Parameters parameters, double decay, Arena arena) {
    this.backend = backend;
    this.average = new ParameterAverage(arena, parameters.named(), decay, true);
  }

  /** The averages by the parameters' names. */
  Parameters parameters() {
    return Parameters.of(average.averages());
  }

  /** The averages as a checkpoint holds them. */
  Map<String, Tensor> buffers() {
    Map<String, Tensor> buffers = new LinkedHashMap<>();
    average.averages().forEach((name, tensor) -> buffers.put("average." + name, tensor));
    return buffers;
  }

  /** How much of each of so many steps is in the averages after them. */
  double[] shares(long steps) {
    return average.shares(Math.toIntExact(steps));
  }

  /** Goes on after so many steps, the averages being restored. */
  void goOn(long steps) {
    average.restoreUpdates(steps);
  }

  @Override
  public void stepped(Loop.Step step) {
    average.update(backend);
  }
}
