package io.vicinal.optim;

/**
 * A factor on every group's learning rate, changed between steps or epochs. Not thread-safe.
 *
 * <p>The state is a short list of numbers; a schedule made with the same arguments and given that
 * list goes on where it was taken.
 */
public interface Schedule {

  /** The factor of the coming step. */
  double factor();

  /** A step is over; an epoch ends after its last one. */
  default void stepEnded() {
    // most change between epochs
  }

  /**
   * An epoch is over.
   *
   * @param metric its validation metric, larger is better; NaN when it was not evaluated
   */
  void epochEnded(double metric);

  /** The state, a copy. */
  double[] state();

  /**
   * Restores a state.
   *
   * @throws IllegalArgumentException when it has another length
   */
  void restore(double[] state);

  /** Checks a state's length. */
  static double[] checked(double[] state, int length) {
    if (state.length != length) {
      throw new IllegalArgumentException(
          "schedule state: expected " + length + " numbers, found " + state.length);
    }
    return state;
  }
}
