package io.vicinal.influence.solve;

import io.vicinal.InputException;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * When re-convergence ends. A value.
 *
 * @param tolerance of the gradient's norm, relative to that of the delivered parameters' loss with
 *     the problem's own targets
 * @param maxSteps Newton steps
 * @param maxProducts Hessian-vector products in all
 * @param preconditioned whether EK-FAC is used where the problem has it
 * @param progress hears every Newton step
 * @param enough asked at every product; once it says yes, re-convergence ends as out of budget
 */
public record ReconvergenceOptions(
    double tolerance,
    int maxSteps,
    long maxProducts,
    boolean preconditioned,
    Progress progress,
    BooleanSupplier enough) {
  /**
   * @throws InputException if a value is outside its range
   */
  public ReconvergenceOptions {
    if (!(tolerance > 0) || maxSteps < 0 || maxProducts < 0) {
      throw new InputException(
          "re-convergence: tolerance "
              + tolerance
              + ", steps "
              + maxSteps
              + " or products "
              + maxProducts
              + " is outside its range; give a tolerance above 0");
    }
    Objects.requireNonNull(progress, "progress");
    Objects.requireNonNull(enough, "enough");
  }

  /** 1e-4, which single precision reaches; 60 steps, 20,000 products, EK-FAC. */
  public static ReconvergenceOptions defaults() {
    return new ReconvergenceOptions(1e-4, 60, 20_000, true, Progress.NONE, () -> false);
  }

  /** The same to another gradient. */
  public ReconvergenceOptions withTolerance(double to) {
    return new ReconvergenceOptions(to, maxSteps, maxProducts, preconditioned, progress, enough);
  }

  /** The same by plain conjugate gradients. */
  public ReconvergenceOptions plain() {
    return new ReconvergenceOptions(tolerance, maxSteps, maxProducts, false, progress, enough);
  }

  /** The same with a limit of products. */
  public ReconvergenceOptions withMaxProducts(long limit) {
    return new ReconvergenceOptions(tolerance, maxSteps, limit, preconditioned, progress, enough);
  }

  /** The same, heard by another listener. */
  public ReconvergenceOptions with(Progress listener) {
    return new ReconvergenceOptions(
        tolerance, maxSteps, maxProducts, preconditioned, listener, enough);
  }

  /** The same, ended early. */
  public ReconvergenceOptions until(BooleanSupplier condition) {
    return new ReconvergenceOptions(
        tolerance, maxSteps, maxProducts, preconditioned, progress, condition);
  }
}
