package io.vicinal.optim;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An exponential moving average of parameters, which starts as a copy of them (Polyak averaging; a
 * momentum network of He et al., CVPR 2020):
 *
 * <pre>  average += (1 - decay) (parameter - average)</pre>
 *
 * With a warm-up the decay of update t, from 0, is min(decay, (1 + t) / (10 + t)), so that the
 * start is soon forgotten. {@link #averages()} and {@link #updates()} are the whole state. Not
 * thread-safe.
 */
public final class ParameterAverage {
  private final double decay;
  private final boolean warmUp;
  private final List<Tensor> parameters;
  private final Map<String, Tensor> averages = new LinkedHashMap<>();
  private long updates;

  /**
   * @param arena owner of the averages
   * @param parameters by name, read at every update
   * @param decay in [0, 1]
   */
  public ParameterAverage(
      Arena arena, Map<String, Tensor> parameters, double decay, boolean warmUp) {
    if (!(decay >= 0 && decay <= 1)) {
      throw new IllegalArgumentException("decay must be from 0 to 1, found " + decay);
    }
    this.decay = decay;
    this.warmUp = warmUp;
    this.parameters = new ArrayList<>(parameters.values());
    parameters.forEach(
        (name, p) -> {
          Tensor average = arena.allocate(p.dtype(), p.shape());
          average.copyFrom(p);
          averages.put(name, average);
        });
  }

  /** Takes the parameters as they are now into the averages, in one native call. */
  public void update(Backend backend) {
    backend.average(1 - decay(updates), new ArrayList<>(averages.values()), parameters);
    updates++;
  }

  /** What the averages keep of themselves in an update, counted from 0. */
  private double decay(long update) {
    return warmUp ? Math.min(decay, (1.0 + update) / (10.0 + update)) : decay;
  }

  /**
   * How much of a change of the parameters before each of so many updates is in the averages after
   * the last: all but the product of the decays from there on.
   */
  public double[] shares(int count) {
    double[] shares = new double[count];
    double kept = 1;
    for (int update = count - 1; update >= 0; update--) {
      kept *= decay(update);
      shares[update] = 1 - kept;
    }
    return shares;
  }

  /** By the parameters' names: views, not copies. */
  public Map<String, Tensor> averages() {
    return new LinkedHashMap<>(averages);
  }

  /** How often it was updated. */
  public long updates() {
    return updates;
  }

  /**
   * Sets the count that {@link #updates()} gave; the averages are restored through their tensors.
   */
  public void restoreUpdates(long count) {
    updates = count;
  }
}
