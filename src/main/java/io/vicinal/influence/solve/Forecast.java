package io.vicinal.influence.solve;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.Diagonal;
import io.vicinal.influence.problem.MemoryBudget;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.tensor.Arena;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * What a solve will take, before it starts: a product is timed, steps are predicted by conjugate
 * gradients on the EK-FAC diagonal with a right-hand side's energies (a sum over eigenvalue bins,
 * no products), and bytes are counted. Without that diagonal the first steps are made, and the
 * residual is taken to fall on as it did. A value.
 *
 * @param rightHandSides how many
 * @param productsEach expected products per right-hand side
 * @param atMost whether that is only the limit, because the first steps did not say more
 * @param secondsPerProduct measured
 * @param bytes that will be held at the peak, the problem's own included
 * @param limitBytes that may be held
 */
public record Forecast(
    int rightHandSides,
    long productsEach,
    boolean atMost,
    double secondsPerProduct,
    long bytes,
    long limitBytes) {
  /** EK-FAC saves a third to two thirds of plain conjugate gradients' steps at dampings from 1x. */
  private static final double PRECONDITIONED = 0.6;

  /** The matrix is not diagonal: its own steps over the model's, measured at 1x to 100x. */
  private static final double COUPLING = 1.25;

  private static final int PILOT = 24; // products of the first steps where there is no diagonal

  private static final double SHORT = 0.2; // seconds; below it a first call is mostly set-up

  /** Seconds of timing after which the shortest product is believed: others run beside it. */
  private static final double LOOKED = 0.05;

  private static final int REPEATS = 100; // at most

  /**
   * Forecasts.
   *
   * @param sample one or more of the right-hand sides, the first is used
   * @param rightHandSides how many there will be
   */
  public static Forecast of(
      CurvaturePoint point,
      CurvatureKind kind,
      double lambda,
      Directions sample,
      int rightHandSides,
      SolveOptions options) {
    return of(point, kind, lambda, sample, rightHandSides, options, System::nanoTime);
  }

  /**
   * The same by another clock.
   *
   * @param clock in nanoseconds, read before and after a product
   */
  static Forecast of(
      CurvaturePoint point,
      CurvatureKind kind,
      double lambda,
      Directions sample,
      int rightHandSides,
      SolveOptions options,
      LongSupplier clock) {
    ParameterSpace space =
        options.precision() == Precision.DOUBLE ? point.twin().space() : point.space();
    try (Arena scratch = new Arena(space.backend().memory())) {
      Directions b = space.zeros(scratch, 1);
      space.copy(ParameterSpace.rows(sample, 0, 1), b);
      long products;
      boolean atMost = false;
      if (point.hasEkfac()) {
        Diagonal diagonal = point.ekfac(kind).diagonal();
        int steps =
            SpectralModel.steps(diagonal, lambda, b, options.tolerance(), options.maxProducts());
        double needed = COUPLING * (options.preconditioned() ? PRECONDITIONED : 1) * steps;
        double checks = 1 + Math.floor(needed / BlockSolve.RECOMPUTE);
        products = Math.min(options.maxProducts(), (long) Math.ceil(needed + checks));
      } else {
        products = pilot(point, kind, lambda, b, options, scratch);
        atMost = products >= options.maxProducts();
      }
      CurvaturePoint used = options.precision() == Precision.DOUBLE ? point.twin() : point;
      return new Forecast(
          rightHandSides,
          products,
          atMost,
          secondsPerProduct(used, kind, b, scratch, clock),
          bytes(point, space, rightHandSides, options),
          point.memory().bytes());
    }
  }

  /** Products that the first steps let expect, at most the limit. */
  private static long pilot(
      CurvaturePoint point,
      CurvatureKind kind,
      double lambda,
      Directions b,
      SolveOptions options,
      Arena scratch) {
    int limit = options.maxProducts();
    CurvaturePoint used = options.precision() == Precision.DOUBLE ? point.twin() : point;
    SolveOptions few = options.withMaxProducts(Math.min(PILOT, limit)).with(Progress.NONE);
    LinearSystem system = new LinearSystem(used, kind, lambda, null);
    SolveReport report =
        ConjugateGradient.solve(system, null, b, few, false, scratch).reports().get(0);
    double found = report.trueResidual();
    if (report.converged()) {
      return report.products();
    }
    if (report.status() != SolveReport.Status.OUT_OF_PRODUCTS || !(found < 1)) {
      return limit;
    }
    double products = report.products() * Math.log(options.tolerance()) / Math.log(found);
    return (long) Math.min(limit, Math.ceil(products));
  }

  private static double secondsPerProduct(
      CurvaturePoint point, CurvatureKind kind, Directions b, Arena scratch, LongSupplier clock) {
    Directions out = point.space().zeros(scratch, 1);
    double shortest = Double.POSITIVE_INFINITY;
    double all = 0;
    for (int n = 0; n < REPEATS && (all < LOOKED || n < 2 && all <= SHORT); n++) {
      double seconds = time(point, kind, b, out, clock);
      shortest = Math.min(shortest, seconds);
      all += seconds;
    }
    return shortest;
  }

  private static double time(
      CurvaturePoint point, CurvatureKind kind, Directions b, Directions out, LongSupplier clock) {
    long start = clock.getAsLong();
    point.curvature().products(kind, b, null, out);
    return (clock.getAsLong() - start) * 1e-9;
  }

  private static long bytes(
      CurvaturePoint point, ParameterSpace space, int rightHandSides, SolveOptions options) {
    long block = Math.min(rightHandSides, ConjugateGradient.wantedBlock(options));
    long vectors = 2L * rightHandSides + ActiveSet.VECTORS * block + 4;
    return point.memory().held() + vectors * space.bytes();
  }

  /** Expected seconds. */
  public double seconds() {
    return secondsPerProduct * productsEach * rightHandSides;
  }

  /**
   * This, if its memory fits.
   *
   * @throws io.vicinal.InputException in one line that says what to change
   */
  public Forecast requireMemory() {
    new MemoryBudget(limitBytes, 0)
        .check(
            "solving " + rightHandSides + " systems",
            bytes,
            "allow more, or ask fewer queries at once");
    return this;
  }

  /** In one line: "about 41 s: 60 right-hand sides x 22 products x 0.031 s, 1.2 GiB". */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s %.3g s: %d right-hand sides x %d products x %.3g s, %s",
        atMost ? "at most" : "about",
        seconds(),
        rightHandSides,
        productsEach,
        secondsPerProduct,
        MemoryBudget.text(bytes));
  }
}
