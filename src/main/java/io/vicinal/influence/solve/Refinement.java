package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.influence.solve.SolveReport.Status;
import io.vicinal.tensor.Arena;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Iterative refinement (Wilkinson 1963): corrections are solved in the problem's type, the solution
 * and its residual b - (M + lambda) x are kept in double precision on the double-precision twin of
 * the same data. For one thread.
 */
final class Refinement {
  private static final double INNER = 1e-4; // what single precision reaches without strain
  private static final double SLOW = 0.5;

  private final LinearSystem inner;
  private final LinearSystem outer;
  private final SolveOptions options;
  private final ParameterSpace space;
  private final Directions b;
  private final Directions r;
  private final Directions x;
  private final SolveReport[] reports;
  private long products;

  private Refinement(
      LinearSystem inner, Directions rhs, SolveOptions options, Arena arena, Arena scratch) {
    this.inner = inner;
    this.outer = inner.twin();
    this.options = options;
    this.space = outer.space();
    long m = ParameterSpace.count(rhs);
    this.x = space.zeros(arena, m);
    this.b = space.zeros(scratch, m);
    this.r = space.zeros(scratch, m);
    this.reports = new SolveReport[(int) m];
    space.copy(rhs, b);
    space.copy(rhs, r);
  }

  static Solution solve(LinearSystem inner, Directions rhs, SolveOptions options, Arena arena) {
    try (Arena scratch = new Arena(inner.space().backend().memory())) {
      Refinement refinement = new Refinement(inner, rhs, options, arena, scratch);
      int[] pending = IntStream.range(0, refinement.reports.length).toArray();
      while (pending.length > 0) {
        pending = refinement.round(pending);
      }
      return new Solution(
          refinement.x, inner.lambda(), Arrays.asList(refinement.reports), refinement.products);
    }
  }

  /** One correction and its double-precision residual; returns those that are not done. */
  private int[] round(int[] pending) {
    try (Arena scratch = new Arena(space.backend().memory())) {
      double worst = Arrays.stream(pending).mapToDouble(this::residual).max().orElse(1);
      double target = Math.max(INNER, Math.min(0.5, 0.5 * options.tolerance() / worst));
      Directions part = inner.space().zeros(scratch, pending.length);
      gather(r, pending, part);
      Solution step =
          ConjugateGradient.solve(
              inner.of(pending),
              part,
              options.withTolerance(target).with(Precision.PROBLEM),
              scratch);
      Directions correction = space.zeros(scratch, pending.length);
      space.copy(step.x(), correction);
      Directions solution = space.zeros(scratch, pending.length);
      gather(x, pending, solution);
      space.axpy(1, correction, solution);
      outer.apply(pending, solution, correction);
      Directions residual = space.zeros(scratch, pending.length);
      gather(b, pending, residual);
      double[] norms = space.norms(residual);
      space.axpy(-1, correction, residual);
      double[] found = space.norms(residual);
      products += step.products() + pending.length;
      for (int i = 0; i < pending.length; i++) {
        int q = pending[i];
        space.copy(row(solution, i), row(x, q));
        space.copy(row(residual, i), row(r, q));
        reports[q] = judged(reports[q], step.reports().get(i), found[i] / norms[i]);
      }
    }
    return Arrays.stream(pending).filter(q -> reports[q].status() == null).toArray();
  }

  private double residual(int q) {
    return reports[q] == null ? 1 : reports[q].trueResidual();
  }

  /** The report after a round; its status is null while there is more to do. */
  private SolveReport judged(SolveReport before, SolveReport step, double found) {
    int iterations = step.iterations() + (before == null ? 0 : before.iterations());
    long spent = step.products() + 1 + (before == null ? 0 : before.products());
    Status status = null;
    if (step.status() == Status.ZERO && before == null) {
      return step;
    } else if (found <= options.tolerance()) {
      status = Status.CONVERGED;
    } else if (step.status() == Status.NEGATIVE_CURVATURE) {
      status = Status.NEGATIVE_CURVATURE;
    } else if (spent >= options.maxProducts()) {
      status = Status.OUT_OF_PRODUCTS;
    } else if (before != null && found > SLOW * before.trueResidual()) {
      status = Status.STALLED;
    }
    return new SolveReport(
        status, iterations, spent, found, step.curvature(), step.dampingThatWorks());
  }

  private void gather(Directions from, int[] rows, Directions to) {
    for (int i = 0; i < rows.length; i++) {
      space.copy(row(from, rows[i]), row(to, i));
    }
  }

  private static Directions row(Directions block, int q) {
    return ParameterSpace.rows(block, q, q + 1L);
  }
}
