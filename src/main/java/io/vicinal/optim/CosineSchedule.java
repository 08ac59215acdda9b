package io.vicinal.optim;

/**
 * Half a cosine from 1 down to a floor, step by step, as torch's {@code CosineAnnealingLR} until
 * its T_max; then the floor (Loshchilov and Hutter, ICLR 2017, without restarts). Not thread-safe.
 */
public final class CosineSchedule implements Schedule {
  private final long begin;
  private final long end;
  private final double floor;
  private long step;

  /**
   * @param begin steps before it, in which the factor is 1
   * @param end steps until the floor
   * @param floor from 0 to below 1
   */
  public CosineSchedule(long begin, long end, double floor) {
    this.begin = begin;
    this.end = end;
    this.floor = floor;
  }

  @Override
  public double factor() {
    if (step >= end) {
      return floor;
    }
    double part = step <= begin ? 0 : (double) (step - begin) / (end - begin);
    return floor + (1 - floor) * (1 + Math.cos(Math.PI * part)) / 2;
  }

  @Override
  public void stepEnded() {
    step++;
  }

  @Override
  public void epochEnded(double metric) {
    // steps count
  }

  @Override
  public double[] state() {
    return new double[] {step};
  }

  @Override
  public void restore(double[] state) {
    step = (long) Schedule.checked(state, 1)[0];
  }
}
