package io.vicinal.optim;

/**
 * Multiplies the factor when a metric has stopped improving, as torch's {@code ReduceLROnPlateau}
 * in mode max: an evaluation improves when it exceeds the best by a relative {@link #THRESHOLD};
 * after more than {@code patience} evaluations in a row that do not, the factor is reduced and the
 * count starts again. Epochs without an evaluation change nothing. (torch also ignores reductions
 * of a learning rate by less than 1e-8; this does not.) Not thread-safe.
 */
public final class PlateauSchedule implements Schedule {

  /** torch's default: a gain of one part in ten thousand is no gain. */
  public static final double THRESHOLD = 1e-4;

  private final double reduction;
  private final int patience;
  private double factor = 1;
  private double best = Double.NEGATIVE_INFINITY;
  private int bad;

  /**
   * @param reduction in (0, 1), usually 0.1
   * @param patience evaluations without improvement that are tolerated
   */
  public PlateauSchedule(double reduction, int patience) {
    this.reduction = reduction;
    this.patience = patience;
  }

  @Override
  public double factor() {
    return factor;
  }

  @Override
  public void epochEnded(double metric) {
    if (Double.isNaN(metric)) {
      return;
    }
    if (metric > best * (1 + THRESHOLD)) { // -inf * positive stays -inf
      best = metric;
      bad = 0;
    } else if (++bad > patience) {
      factor *= reduction;
      bad = 0;
    }
  }

  @Override
  public double[] state() {
    return new double[] {factor, best, bad};
  }

  @Override
  public void restore(double[] state) {
    Schedule.checked(state, 3);
    factor = state[0];
    best = state[1];
    bad = (int) state[2];
  }
}
