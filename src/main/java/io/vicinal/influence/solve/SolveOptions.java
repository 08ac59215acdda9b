package io.vicinal.influence.solve;

import io.vicinal.InputException;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * How systems are solved. A value.
 *
 * @param tolerance of the true residual: |b - (M + lambda) x| at most this times |b|
 * @param maxProducts per right-hand side
 * @param preconditioned whether EK-FAC is used where the problem has it
 * @param precision the arithmetic
 * @param block right-hand sides that share passes over the features; 0 for 16, fewer where memory
 *     asks for it
 * @param progress hears every step
 * @param enough asked at every step; once it says yes, what is not solved ends as out of products
 */
public record SolveOptions(
    double tolerance,
    int maxProducts,
    boolean preconditioned,
    Precision precision,
    int block,
    Progress progress,
    BooleanSupplier enough) {
  private static final BooleanSupplier NEVER = () -> false;

  /**
   * @throws InputException if a value is outside its range
   */
  public SolveOptions {
    if (!(tolerance > 0 && tolerance < 1)) {
      throw new InputException("tolerance: " + tolerance + " is outside (0, 1)");
    }
    if (maxProducts < 1 || block < 0) {
      throw new InputException(
          "solve: max products "
              + maxProducts
              + " or block "
              + block
              + " is too small; give 1 or more");
    }
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(progress, "progress");
    Objects.requireNonNull(enough, "enough");
  }

  /** 1e-3, at most 1000 products, EK-FAC, the problem's type, blocks of 16. */
  public static SolveOptions defaults() {
    return new SolveOptions(1e-3, 1000, true, Precision.PROBLEM, 0, Progress.NONE, NEVER);
  }

  /** The same to another true residual. */
  public SolveOptions withTolerance(double to) {
    return new SolveOptions(to, maxProducts, preconditioned, precision, block, progress, enough);
  }

  /** The same with another limit per right-hand side. */
  public SolveOptions withMaxProducts(int limit) {
    return new SolveOptions(tolerance, limit, preconditioned, precision, block, progress, enough);
  }

  /** The same by plain conjugate gradients. */
  public SolveOptions plain() {
    return new SolveOptions(tolerance, maxProducts, false, precision, block, progress, enough);
  }

  /** The same in another arithmetic. */
  public SolveOptions with(Precision arithmetic) {
    return new SolveOptions(
        tolerance, maxProducts, preconditioned, arithmetic, block, progress, enough);
  }

  /** The same with another number of right-hand sides at once. */
  public SolveOptions withBlock(int size) {
    return new SolveOptions(
        tolerance, maxProducts, preconditioned, precision, size, progress, enough);
  }

  /** The same, heard by another listener. */
  public SolveOptions with(Progress listener) {
    return new SolveOptions(
        tolerance, maxProducts, preconditioned, precision, block, listener, enough);
  }

  /** The same, ended early. */
  public SolveOptions until(BooleanSupplier condition) {
    return new SolveOptions(
        tolerance, maxProducts, preconditioned, precision, block, progress, condition);
  }
}
