package io.vicinal.influence.verify;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is done to the training set before the head is solved again. Immutable.
 *
 * @param name such as "remove 17", for tables
 * @param changes one per sample that is touched, at least one
 */
public record Edit(String name, List<Change> changes) {
  /** The label of a {@link Change} that keeps it. */
  public static final long OWN_LABEL = -1;

  /**
   * One sample's change.
   *
   * @param id row of the training set
   * @param factor of its weight, finite and at least 0; 0 removes it
   * @param label its new label, or {@link #OWN_LABEL}
   */
  public record Change(long id, double factor, long label) {}

  /**
   * @throws InputException if nothing is changed, a sample is named twice or a factor is negative
   */
  public Edit {
    changes = List.copyOf(changes);
    if (changes.isEmpty()) {
      throw new InputException(name + ": no sample is named; name at least one");
    }
    Set<Long> seen = new HashSet<>();
    for (Change change : changes) {
      if (!seen.add(change.id())) {
        throw new InputException(
            name + ": sample " + change.id() + " is named twice; name it once");
      }
      if (!(change.factor() >= 0) || Double.isInfinite(change.factor())) {
        throw new InputException(
            name
                + ": the weight of sample "
                + change.id()
                + " is multiplied by "
                + change.factor()
                + "; give a finite factor of at least 0");
      }
    }
  }

  /** Leaves one sample out. */
  public static Edit remove(long id) {
    return remove("remove " + id, id);
  }

  /** Leaves a group of samples out. */
  public static Edit remove(String name, long... ids) {
    return reweight(name, 0, ids);
  }

  /**
   * Multiplies the weights of samples.
   *
   * @param factor 1.01 for one per cent more, 0 for removal
   */
  public static Edit reweight(String name, double factor, long... ids) {
    return new Edit(
        name, Arrays.stream(ids).mapToObj(id -> new Change(id, factor, OWN_LABEL)).toList());
  }

  /**
   * Changes labels.
   *
   * @param labels new label by sample
   */
  public static Edit relabel(String name, Map<Long, Long> labels) {
    return new Edit(
        name,
        labels.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(entry -> new Change(entry.getKey(), 1, entry.getValue()))
            .toList());
  }

  /** Whether weights change only. */
  public boolean keepsLabels() {
    return changes.stream().allMatch(change -> change.label() == OWN_LABEL);
  }

  /**
   * What scores predict, to first order: sum over the changed samples of (1 - factor) score. Scores
   * of single removals add up; what removals do to each other is not in them.
   *
   * @param removal predicted change of a measurement if sample i is removed, [N]
   * @throws InputException if a label changes, which removal scores say nothing about, or an id is
   *     no row
   */
  public double predicted(double[] removal) {
    if (!keepsLabels()) {
      throw new InputException(
          name + ": scores of removals do not predict new labels; use the relabel table");
    }
    double sum = 0;
    for (Change change : changes) {
      sum += (1 - change.factor()) * removal[checked(change.id(), removal.length)];
    }
    return sum;
  }

  /** The row, if there is one. */
  int checked(long id, long samples) {
    if (id < 0 || id >= samples) {
      throw new InputException(
          name + ": sample " + id + " is outside 0.." + (samples - 1) + "; give training rows");
    }
    return (int) id;
  }
}
