package io.vicinal.optim;

import java.util.Arrays;

/**
 * A schedule whose factor rises to its own on a straight line in the first steps, as torch's {@code
 * LinearLR} (Goyal et al., arXiv 1706.02677). The schedule behind it counts its epochs from the
 * run's beginning. Not thread-safe.
 */
public final class WarmupSchedule implements Schedule {
  private final Schedule behind;
  private final long steps;
  private final double from;
  private long step;

  /**
   * @param behind what is warmed up
   * @param steps until its factor is the whole one
   * @param from what the first step multiplies its factor by, from 0 to 1
   */
  public WarmupSchedule(Schedule behind, long steps, double from) {
    this.behind = behind;
    this.steps = steps;
    this.from = from;
  }

  @Override
  public double factor() {
    double part = step >= steps ? 1 : from + (1 - from) * step / steps;
    return part * behind.factor();
  }

  @Override
  public void stepEnded() {
    step++;
    behind.stepEnded();
  }

  @Override
  public void epochEnded(double metric) {
    behind.epochEnded(metric);
  }

  @Override
  public double[] state() {
    double[] inner = behind.state();
    double[] all = Arrays.copyOf(inner, inner.length + 1);
    all[inner.length] = step;
    return all;
  }

  @Override
  public void restore(double[] state) {
    int inner = behind.state().length;
    Schedule.checked(state, inner + 1);
    behind.restore(Arrays.copyOf(state, inner));
    step = (long) state[inner];
  }
}
