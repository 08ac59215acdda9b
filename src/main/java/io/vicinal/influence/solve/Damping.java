package io.vicinal.influence.solve;

import io.vicinal.InputException;
import io.vicinal.influence.problem.DampingUnit;
import io.vicinal.influence.problem.HeadProblem;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.function.Function;

/**
 * How strongly parameters are held at the delivered ones: lambda of the term (lambda/2) |theta -
 * theta_ref|^2. Stated absolutely or in multiples of {@link HeadProblem#meanEigenvalue}. A value,
 * safe for any thread.
 *
 * @param lambda above 0
 * @param multiple lambda over the unit; NaN where the loss has no curvature
 * @param unit what the multiple counts
 * @param automatic whether it may be raised when negative curvature is met
 */
public record Damping(double lambda, double multiple, DampingUnit unit, boolean automatic) {
  /** The largest multiple that is still within the spectrum. */
  public static final double SPECTRUM = 100;

  /** The largest multiple that an automatic damping is raised to. */
  public static final double CAP = 27;

  private static final double RAISE = 3;

  /**
   * @throws InputException if lambda is not positive and finite
   */
  public Damping {
    if (!(lambda > 0) || Double.isInfinite(lambda)) {
      throw new InputException(
          "damping: lambda is " + lambda + "; give a number above 0, such as 10x or 0.01");
    }
  }

  /**
   * Reads a damping.
   *
   * @param text "auto", "0.01" (absolute) or "10x" (multiples of the unit)
   * @throws InputException for anything else, or where the problem has no such unit
   */
  public static Damping parse(String text, HeadProblem problem) {
    String given = text.strip().toLowerCase(Locale.ROOT);
    if (given.equals("auto")) {
      return new Damping(unit(problem, text), 1, problem.dampingUnit(), true);
    }
    double number = number(text);
    if (!given.endsWith("x")) {
      return absolute(number, problem);
    }
    double lambda = number * unit(problem, text);
    if (lambda == Double.POSITIVE_INFINITY) {
      throw tooLarge(text);
    }
    return new Damping(lambda, number, problem.dampingUnit(), false);
  }

  /**
   * Checks what does not depend on a problem.
   *
   * @throws InputException if no problem has such a damping
   */
  public static void check(String text) {
    if (!text.strip().equalsIgnoreCase("auto")) {
      number(text);
    }
  }

  private static double number(String text) {
    String given = text.strip().toLowerCase(Locale.ROOT);
    boolean relative = given.endsWith("x");
    double number;
    try {
      number = Double.parseDouble(relative ? given.substring(0, given.length() - 1) : given);
    } catch (NumberFormatException e) {
      throw new InputException(
          "damping: '" + text + "' is not auto, a number or a number with x; write 10x or 0.01", e);
    }
    if (number == Double.POSITIVE_INFINITY) {
      throw tooLarge(text);
    }
    if (!(number > 0)) {
      throw new InputException("damping: '" + text + "' is not above 0; write 10x or 0.01");
    }
    return number;
  }

  private static InputException tooLarge(String text) {
    return new InputException("damping: '" + text + "' is too large; write 10x or 0.01");
  }

  /** That lambda. */
  public static Damping absolute(double lambda, HeadProblem problem) {
    double unit = problem.meanEigenvalue();
    double multiple = unit > 0 ? lambda / unit : Double.NaN;
    return new Damping(lambda, multiple, problem.dampingUnit(), false);
  }

  /** That many units. */
  public static Damping multiple(double multiple, HeadProblem problem) {
    return parse(multiple + "x", problem);
  }

  private static double unit(HeadProblem problem, String text) {
    double unit = problem.meanEigenvalue();
    if (!(unit > 0)) {
      throw new InputException(
          "damping: the "
              + problem.dampingUnit()
              + " is "
              + unit
              + " (are all features 0?), so that '"
              + text
              + "' means nothing; give a number such as 0.01");
    }
    return unit;
  }

  /**
   * Whether lambda is of the size of the curvature, at most {@link #SPECTRUM} units. Beyond, (M +
   * lambda)^-1 is close to 1/lambda in nearly every direction: scores are those of the plain
   * gradient, made small, and that a head which is held so firmly moves as predicted says nothing
   * of the head that was delivered. False where the multiple is not known.
   */
  public boolean isWithinSpectrum() {
    return multiple <= SPECTRUM;
  }

  /** This damping, {@code factor} times as strong. */
  public Damping times(double factor) {
    return new Damping(lambda * factor, multiple * factor, unit, automatic);
  }

  /** The same, which is not raised. */
  public Damping fixed() {
    return new Damping(lambda, multiple, unit, false);
  }

  /**
   * Does something under this damping; an automatic one is raised threefold, to {@link #CAP} units
   * at most, until no negative curvature is met.
   *
   * @param attempt throws {@link NegativeCurvatureException} when the damping does not suffice
   * @return what the attempt returned; it knows the damping that it was given
   * @throws NegativeCurvatureException if a damping that was given does not suffice, or none up to
   *     the cap does
   */
  public <T> T settle(Function<Damping, T> attempt) {
    Damping current = this;
    while (true) {
      try {
        return attempt.apply(current);
      } catch (NegativeCurvatureException e) {
        if (!automatic) {
          throw e;
        }
        if (!current.canRise()) {
          throw e.atTheCap(current.lambda, current.inUnits());
        }
        do {
          current = current.times(RAISE);
        } while (current.canRise() && current.lambda < e.dampingThatWorks());
      }
    }
  }

  /** Whether {@link #settle} would raise it. */
  public boolean canRise() {
    return automatic && multiple * RAISE <= CAP;
  }

  /** The multiple in three digits: "27x the mean eigenvalue"; null where it is not known. */
  public String inUnits() {
    if (!Double.isFinite(multiple)) {
      return null;
    }
    BigDecimal digits = new BigDecimal(multiple).round(new MathContext(3));
    return digits.stripTrailingZeros().toPlainString() + "x the " + unit;
  }

  /** As it is written beside numbers: "lambda 3.100e-05 (1x the mean eigenvalue, automatic)". */
  @Override
  public String toString() {
    String text = String.format(Locale.ROOT, "lambda %.4g", lambda);
    String units = inUnits();
    return units == null ? text : text + " (" + units + (automatic ? ", automatic)" : ")");
  }
}
