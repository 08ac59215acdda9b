package io.vicinal.influence.solve;

import io.vicinal.InputException;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * How systems are solved. A value.
 *
 * @param tolerance of the true residual: |b - (M + lambda) x| at most this times |b|
 * @param maxProducts per right-hand side
 * @param preconditioned whether EK-FAC is used where the problem has it
 * @param precision the arithmetic
 * @param block right-hand sides that share passes over the features; 0 for 16, fewer where memory
 *     asks for it
 * @param recompute steps after which the true residual replaces the recurrence's
 * @param progress hears every step
 * @param enough asked at every step; once it says yes, what is not solved ends as out of products
 */
public record SolveOptions(
    double tolerance,
    int maxProducts,
    boolean preconditioned,
    Precision precision,
    int block,
    int recompute,
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
    if (maxProducts < 1 || block < 0 || recompute < 1) {
      throw new InputException(
          "solve: max products "
              + maxProducts
              + ", block "
              + block
              + " or recompute "
              + recompute
              + " is too small; give 1 or more");
    }
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(progress, "progress");
    Objects.requireNonNull(enough, "enough");
  }

  /** 1e-3, at most 1000 products, EK-FAC, the problem's type, blocks of 16, checks every 20. */
  public static SolveOptions defaults() {
    return new SolveOptions(1e-3, 1000, true, Precision.PROBLEM, 0, 20, Progress.NONE, NEVER);
  }

  /** The same to another true residual. */
  public SolveOptions withTolerance(double to) {
    return but(parts -> parts.tolerance = to);
  }

  /** The same with another limit per right-hand side. */
  public SolveOptions withMaxProducts(int limit) {
    return but(parts -> parts.maxProducts = limit);
  }

  /** The same by plain conjugate gradients. */
  public SolveOptions plain() {
    return but(parts -> parts.preconditioned = false);
  }

  /** The same in another arithmetic. */
  public SolveOptions with(Precision arithmetic) {
    return but(parts -> parts.precision = arithmetic);
  }

  /** The same with another number of right-hand sides at once. */
  public SolveOptions withBlock(int size) {
    return but(parts -> parts.block = size);
  }

  /** The same, heard by another listener. */
  public SolveOptions with(Progress listener) {
    return but(parts -> parts.progress = listener);
  }

  /** The same, ended early. */
  public SolveOptions until(BooleanSupplier condition) {
    return but(parts -> parts.enough = condition);
  }

  private SolveOptions but(Consumer<Parts> change) {
    Parts parts = new Parts(this);
    change.accept(parts);
    return parts.whole();
  }

  /** A copy on its way to becoming another value. */
  private static final class Parts {
    private double tolerance;
    private int maxProducts;
    private boolean preconditioned;
    private Precision precision;
    private int block;
    private final int recompute;
    private Progress progress;
    private BooleanSupplier enough;

    private Parts(SolveOptions from) {
      tolerance = from.tolerance;
      maxProducts = from.maxProducts;
      preconditioned = from.preconditioned;
      precision = from.precision;
      block = from.block;
      recompute = from.recompute;
      progress = from.progress;
      enough = from.enough;
    }

    private SolveOptions whole() {
      return new SolveOptions(
          tolerance, maxProducts, preconditioned, precision, block, recompute, progress, enough);
    }
  }
}
