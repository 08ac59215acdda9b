package io.vicinal.influence.attribution;

import io.vicinal.InputException;
import java.util.Objects;

/**
 * How {@link Eif} moves and what it makes of it. A value.
 *
 * @param steps at most, per direction
 * @param rate eta, the length of a step in gradients
 * @param threshold a walk stops before a step where |D - D_0| has reached it
 * @param ways which walks along the gradient are made
 * @param further walks beyond those, each orthogonal to all displacements before
 * @param form the score's form
 */
public record EifOptions(
    int steps, double rate, double threshold, Ways ways, int further, Form form) {

  /** Walks along the measurement's gradient. */
  public enum Ways {
    /** Uphill: the measurement grows. */
    ASCENT,
    /** Downhill. */
    DESCENT,
    /** One walk each way. */
    BOTH,
    /** Straight to the mean of the ends of both, where a direction that is real still shows. */
    MIDDLE
  }

  /** What a walk that changed losses by dL_i and the measurement by dD says of sample i. */
  public enum Form {
    /** dL_i dD, as the original's last version. */
    PRODUCT,
    /** dL_i / (dD + 1e-8), as its older versions. */
    RATIO,
    /** dL_i dD / |displacement|, as its paper. */
    NORMALIZED
  }

  /**
   * @throws InputException if a value is outside its range
   */
  public EifOptions {
    Objects.requireNonNull(ways, "ways");
    Objects.requireNonNull(form, "form");
    if (steps < 1 || !(rate > 0) || !(threshold > 0) || further < 0) {
      throw new InputException(
          "eif: steps, rate and threshold must be above 0 and further walks 0 or more, got "
              + steps
              + ", "
              + rate
              + ", "
              + threshold
              + ", "
              + further);
    }
    if (further > 0 && ways != Ways.BOTH) {
      throw new InputException("eif: further walks follow ascent and descent; ask for both");
    }
  }

  /** The original's: 50 steps of 1e-3, threshold 1, ascent, product. */
  public static EifOptions defaults() {
    return new EifOptions(50, 1e-3, 1, Ways.ASCENT, 0, Form.PRODUCT);
  }

  /** The original's number of directions M: 1 is ascent, 2 both, more adds orthogonal walks. */
  public EifOptions withDirections(int m) {
    if (m < 1) {
      throw new InputException("eif: directions must be 1 or more, got " + m);
    }
    return new EifOptions(
        steps, rate, threshold, m == 1 ? Ways.ASCENT : Ways.BOTH, Math.max(0, m - 2), form);
  }

  /** The same along other walks. */
  public EifOptions with(Ways other) {
    return new EifOptions(steps, rate, threshold, other, further, form);
  }

  /** The same with scores of another form. */
  public EifOptions with(Form other) {
    return new EifOptions(steps, rate, threshold, ways, further, other);
  }
}
