package io.vicinal.influence.solve;

import io.vicinal.InputException;
import java.util.Locale;

/**
 * A damped curvature matrix is not positive definite, so that (M + lambda) x = b has no meaning as
 * the response of a minimum. Immutable, safe for any thread.
 */
public final class NegativeCurvatureException extends InputException {
  private static final long serialVersionUID = 1L;

  private final double curvature;
  private final double dampingThatWorks;

  /**
   * @param lambda the damping
   * @param curvature p'(M + lambda)p / p'p of a direction that was met, 0 or less
   * @param dampingThatWorks a lambda that lifts it above 0, with a margin
   */
  public NegativeCurvatureException(double lambda, double curvature, double dampingThatWorks) {
    super(
        String.format(
            Locale.ROOT,
            "damping: lambda %.4g leaves the system indefinite (curvature %.3g was met); give %.3g"
                + " or more, or auto",
            lambda,
            curvature,
            dampingThatWorks));
    this.curvature = curvature;
    this.dampingThatWorks = dampingThatWorks;
  }

  private NegativeCurvatureException(NegativeCurvatureException cause, String message) {
    super(message, cause);
    this.curvature = cause.curvature;
    this.dampingThatWorks = cause.dampingThatWorks;
  }

  /** Where re-convergence under a damping did not come near the minimum that solves speak of. */
  public static NegativeCurvatureException farFromMinimum(double lambda, double gradient) {
    NegativeCurvatureException base = new NegativeCurvatureException(lambda, Double.NaN, lambda);
    return new NegativeCurvatureException(
        base,
        String.format(
            Locale.ROOT,
            "damping: under lambda %.4g re-convergence ended at %.2g of the first gradient, which is"
                + " no minimum; give a larger lambda, or auto",
            lambda,
            gradient));
  }

  /**
   * Where re-convergence went to negative curvature: what is needed there says nothing of what was
   * asked, what is needed at the delivered head does.
   *
   * @param lambda the damping
   * @param moved how far it went, over the norm of the delivered weights
   * @param delivered how a solve at the delivered head ended
   */
  public static NegativeCurvatureException ranAway(
      double lambda, double moved, SolveReport delivered) {
    boolean indefinite = delivered.status() == SolveReport.Status.NEGATIVE_CURVATURE;
    double works = indefinite ? delivered.dampingThatWorks() : 2 * lambda;
    double curvature = indefinite ? delivered.curvature() : Double.NaN;
    String moves = String.format(Locale.ROOT, "%.2g %%", 100 * moved);
    return new NegativeCurvatureException(
        new NegativeCurvatureException(lambda, curvature, works),
        String.format(
                Locale.ROOT,
                "damping: under lambda %.4g re-convergence ran away (it moved the weights by %s) and"
                    + " ended where the system is indefinite; ",
                lambda,
                moves)
            + (indefinite
                ? String.format(
                    Locale.ROOT,
                    "it is so at the delivered head, too, which needs %.3g or more; give that, or"
                        + " auto",
                    works)
                : "at the delivered head it is not; give a larger lambda, or auto"));
  }

  /** The same, where an automatic damping is not raised further. */
  NegativeCurvatureException atTheCap(double lambda, String inUnits) {
    return new NegativeCurvatureException(
        this,
        String.format(
            Locale.ROOT,
            "damping: auto stops at %s, where curvature of %.3g remains; give"
                + " %.3g, which makes effects small, or use a method whose curvature is never"
                + " negative (if-gn, fisher)",
            inUnits,
            curvature,
            Math.max(dampingThatWorks, 2 * lambda)));
  }

  /** A lambda that lifts what was met above 0. */
  public double dampingThatWorks() {
    return dampingThatWorks;
  }
}
