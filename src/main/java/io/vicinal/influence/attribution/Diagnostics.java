package io.vicinal.influence.attribution;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the scores of one query rest on. Immutable.
 *
 * @param query the query's id
 * @param measurement what is measured, in words
 * @param unit of the scores
 * @param value of the measurement at the reference point
 * @param reference where derivatives were taken
 * @param lambda damping in use; NaN if the estimator has none
 * @param multiple lambda over its unit, {@link io.vicinal.influence.solve.Damping#unit}; NaN if
 *     there is none
 * @param status how the solve ended, in lower case; "closed form" where nothing was solved
 * @param iterations steps of the solve
 * @param products Hessian-vector products of the solve
 * @param residual true residual of the solve, relative; NaN where nothing was solved
 * @param more what is particular to the estimator, by name, in order. "original factor" f: the
 *     original script's score of sample i is f times score_i / w_i, its sign included
 */
public record Diagnostics(
    String query,
    String measurement,
    String unit,
    double value,
    ReferencePoint reference,
    double lambda,
    double multiple,
    String status,
    int iterations,
    long products,
    double residual,
    Map<String, Object> more) {
  /** Key of {@link #more}: the factor between the original script's score and this one. */
  public static final String ORIGINAL_FACTOR = "original factor";

  static final String MOVED = "moved";

  /** A true residual above this share of the right-hand side: what was solved is no solution. */
  public static final double FAILED = 0.1;

  public Diagnostics {
    more = Collections.unmodifiableMap(new LinkedHashMap<>(more));
  }

  /** Whether the solve failed: scores are NaN then, for noise has no order. */
  public boolean failed() {
    return residual > FAILED;
  }

  /** The factor between the original script's score and this one; NaN where there is none. */
  public double originalFactor() {
    return number(ORIGINAL_FACTOR);
  }

  /**
   * How far re-convergence moved the parameters, over the norm of the delivered weight; NaN where
   * derivatives were taken at the delivered head.
   */
  public double moved() {
    return number(MOVED);
  }

  private double number(String name) {
    return more.get(name) instanceof Double value ? value : Double.NaN;
  }

  /** The same with one more fact. */
  public Diagnostics with(String name, Object fact) {
    Map<String, Object> extended = new LinkedHashMap<>(more);
    extended.put(name, fact);
    return with(lambda, multiple, extended);
  }

  /** The same under another damping than the explanation's; NaN for none. */
  Diagnostics damped(double otherLambda, double otherMultiple) {
    return with(otherLambda, otherMultiple, more);
  }

  private Diagnostics with(double otherLambda, double otherMultiple, Map<String, Object> details) {
    return new Diagnostics(
        query,
        measurement,
        unit,
        value,
        reference,
        otherLambda,
        otherMultiple,
        status,
        iterations,
        products,
        residual,
        details);
  }
}
