package io.vicinal.optim;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Update;
import io.vicinal.backend.UpdateResult;
import io.vicinal.backend.UpdateRule;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Changes parameters along their gradients, all of them in one native call. Each group counts its
 * own steps, so a group that was frozen starts its moments and their bias correction when it thaws.
 *
 * <p>The moments are tensors of the arena that was given; {@link #moments()} and {@link #steps()}
 * are the whole state. Not thread-safe.
 */
public abstract class Optimizer {
  /** A group with its moments, named once for every call. */
  private record Slot(ParameterGroup group, List<String> names, List<Tensor> tensors) {}

  private final UpdateRule rule;
  private final double beta1;
  private final double beta2;
  private final List<ParameterGroup> groups;
  private final List<Slot> slots = new ArrayList<>();
  private final Map<String, Tensor> moments = new LinkedHashMap<>();
  private final Map<String, Long> steps = new LinkedHashMap<>();

  /**
   * @param arena owner of the moments
   * @param suffixes of the moments' names, for the rule's states in their order
   */
  Optimizer(
      Arena arena,
      List<ParameterGroup> groups,
      UpdateRule rule,
      List<String> suffixes,
      double beta1,
      double beta2) {
    this.rule = rule;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.groups = List.copyOf(groups);
    for (ParameterGroup group : groups) {
      if (steps.put(group.name(), 0L) != null) {
        throw new IllegalArgumentException("two groups are named " + group.name());
      }
      slots.add(slot(arena, group, suffixes));
    }
  }

  private Slot slot(Arena arena, ParameterGroup group, List<String> suffixes) {
    Tensor p = group.parameter();
    List<String> names = new ArrayList<>(List.of(group.name(), "gradient of " + group.name()));
    List<Tensor> tensors = new ArrayList<>(List.of(p, group.gradient()));
    for (int i = 0; i < suffixes.size(); i++) {
      boolean needed = group.momentum() > 0 || !rule.states().get(i).equals("velocity");
      Tensor moment = needed ? arena.allocate(p.dtype(), p.shape()) : null;
      if (needed) {
        moments.put(group.name() + suffixes.get(i), moment);
      }
      names.add(rule.states().get(i) + " of " + group.name());
      tensors.add(moment);
    }
    return new Slot(group, names, tensors);
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
   * parameter, moments and step count keep their bytes; so do all where a gradient is not finite.
   *
   * @param factor what a schedule multiplies every learning rate by
   * @param frozen names of the groups to leave alone
   */
  public final UpdateResult step(Backend backend, double factor, Set<String> frozen) {
    List<Update> updates = new ArrayList<>(slots.size());
    for (Slot slot : slots) {
      ParameterGroup group = slot.group();
      if (!frozen.contains(group.name())) {
        updates.add(
            new Update(
                slot.names(),
                slot.tensors(),
                steps.get(group.name()) + 1,
                group.lr() * factor,
                group.weightDecay(),
                group.eps(),
                group.momentum(),
                beta1,
                beta2,
                group.clip()));
      }
    }
    UpdateResult result = backend.update(rule, updates);
    if (result.taken()) {
      steps.replaceAll((name, taken) -> frozen.contains(name) ? taken : taken + 1);
    }
    return result;
  }

  /** The state tensors by name, for example {@code proxies.m}: views, not copies. */
  public final Map<String, Tensor> moments() {
    return Map.copyOf(moments);
  }

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
