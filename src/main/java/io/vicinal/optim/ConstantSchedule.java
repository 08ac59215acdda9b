package io.vicinal.optim;

/** The learning rates never change. Stateless, safe for any thread. */
public final class ConstantSchedule implements Schedule {

  @Override
  public double factor() {
    return 1;
  }

  @Override
  public void epochEnded(double metric) {
    // nothing to follow
  }

  @Override
  public double[] state() {
    return new double[0];
  }

  @Override
  public void restore(double[] state) {
    Schedule.checked(state, 0);
  }
}
