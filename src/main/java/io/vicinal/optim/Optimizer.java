package io.vicinal.optim;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Changes parameters along their gradients. Each group counts its own steps, so a group that was
 * frozen starts its moments and their bias correction when it thaws.
 *
 * <p>The moments are tensors of the arena that was given; {@link #moments()} and {@link #steps()}
 * are the whole state. Not thread-safe.
 */
public abstract class Optimizer {

  private final List<ParameterGroup> groups;
  private final Map<String, Long> steps = new LinkedHashMap<>();

  Optimizer(List<ParameterGroup> groups) {
    this.groups = List.copyOf(groups);
    for (ParameterGroup group : groups) {
      if (steps.put(group.name(), 0L) != null) {
        throw new IllegalArgumentException("two groups are named " + group.name());
      }
    }
  }

  /**
   * The learning rates of a step, by group.
   *
   * @param factor what a schedule multiplies every learning rate by
   * @param frozen names of the groups whose rate is 0
   */
  public final Map<String, Double> learningRates(double factor, Set<String> frozen) {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (ParameterGroup group : groups) {
      rates.put(group.name(), frozen.contains(group.name()) ? 0 : group.lr() * factor);
    }
    return rates;
  }

  /** The groups, in the order given. */
  public final List<ParameterGroup> groups() {
    return groups;
  }

  /**
   * Clips the gradients and takes one step in every group that is not frozen. A frozen group's
   * parameter, moments and step count keep their bytes.
   *
   * @param factor what a schedule multiplies every learning rate by
   * @param frozen names of the groups to leave alone
   */
  public final void step(Backend backend, double factor, Set<String> frozen) {
    for (ParameterGroup group : groups) {
      if (frozen.contains(group.name())) {
        continue;
      }
      if (group.clip() > 0) {
        backend.clip(group.gradient(), -group.clip(), group.clip());
      }
      long step = steps.merge(group.name(), 1L, Long::sum);
      stepGroup(backend, group, group.lr() * factor, step);
    }
  }

  /**
   * @param lr with the schedule's factor
   * @param step this group's steps, this one included
   */
  abstract void stepGroup(Backend backend, ParameterGroup group, double lr, long step);

  /** The state tensors by name, for example {@code proxies.m}: views, not copies. */
  public abstract Map<String, Tensor> moments();

  /** Steps taken by group: a copy. */
  public final Map<String, Long> steps() {
    return new LinkedHashMap<>(steps);
  }

  /** Sets the counts that {@link #steps()} gave; the moments are restored through their tensors. */
  public final void restoreSteps(Map<String, Long> saved) {
    if (!saved.keySet().equals(steps.keySet())) {
      throw new IllegalArgumentException(
          "optimiser state has groups " + saved.keySet() + ", expected " + steps.keySet());
    }
    steps.putAll(saved);
  }
}
