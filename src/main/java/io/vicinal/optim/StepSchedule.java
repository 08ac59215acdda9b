package io.vicinal.optim;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Multiplies the factor by gamma at given epochs, as torch's {@code MultiStepLR} and {@code
 * StepLR}. Not thread-safe.
 */
public final class StepSchedule implements Schedule {

  private final int every;
  private final Set<Long> milestones;
  private final double gamma;
  private long epochs;
  private double factor = 1;

  private StepSchedule(int every, Set<Long> milestones, double gamma) {
    this.every = every;
    this.milestones = milestones;
    this.gamma = gamma;
  }

  /** Reduces after each of these numbers of finished epochs. */
  public static StepSchedule at(List<Long> milestones, double gamma) {
    return new StepSchedule(0, new TreeSet<>(milestones), gamma);
  }

  /** Reduces after every {@code epochs} finished epochs, at least 1. */
  public static StepSchedule every(int epochs, double gamma) {
    if (epochs < 1) {
      throw new IllegalArgumentException("epochs must be at least 1");
    }
    return new StepSchedule(epochs, Set.of(), gamma);
  }

  @Override
  public double factor() {
    return factor;
  }

  @Override
  public void epochEnded(double metric) {
    epochs++;
    if (every > 0 ? epochs % every == 0 : milestones.contains(epochs)) {
      factor *= gamma;
    }
  }

  @Override
  public double[] state() {
    return new double[] {epochs, factor};
  }

  @Override
  public void restore(double[] state) {
    Schedule.checked(state, 2);
    epochs = (long) state[0];
    factor = state[1];
  }
}
