package io.vicinal.influence.solve;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.solve.ActiveSet.Recurrence;
import io.vicinal.influence.solve.SolveReport.Status;
import io.vicinal.tensor.Arena;
import java.util.function.ToDoubleFunction;

/**
 * Preconditioned conjugate gradients (Hestenes and Stiefel 1952) for the right-hand sides of one
 * block: a recurrence of its own for each, one product call per step for all.
 *
 * <pre>
 *   z = P r     p = z + (r'z / old r'z) p     q = (M + lambda) p
 *   a = r'z / p'q     x += a p     r -= a q
 * </pre>
 *
 * A row leaves when its residual, computed anew from x, is within the tolerance; when p'q is not
 * above 0; when rounding keeps the true residual from following the recurrence's; or when its
 * products are spent. Whether p'q is below 0 because the matrix has such a direction, or because
 * its large eigenvalues were rounded, is asked in double precision. For one thread.
 */
final class BlockSolve {
  /** Steps after which the true residual replaces the recurrence's. */
  static final int RECOMPUTE = 20;

  /** The recurrence's residual below this share of the true one is rounding, not progress. */
  private static final double ROUNDING = 0.5;

  /** A row whose true residual was just above the tolerance goes on to this share of it. */
  private static final double LOWER_TARGET = 0.7;

  private final LinearSystem system;
  private final ParameterSpace space;
  private final Preconditioner preconditioner;
  private final SolveOptions options;
  private final Directions rhs;
  private final Directions out;
  private final Tally tally;
  private final Directions spare;
  private final boolean verify;
  private ActiveSet set;

  /**
   * @param preconditioner or null for none
   * @param rhs all right-hand sides, of the system's type
   * @param out where solutions go, by right-hand side
   * @param spare one vector, which keeps the direction of the most negative curvature
   * @param verify whether curvature that is not positive is looked at in double precision
   */
  BlockSolve(
      LinearSystem system,
      Preconditioner preconditioner,
      SolveOptions options,
      Directions rhs,
      Directions out,
      Tally tally,
      Directions spare,
      boolean verify) {
    this.system = system;
    this.space = system.space();
    this.preconditioner = preconditioner;
    this.options = options;
    this.rhs = rhs;
    this.out = out;
    this.tally = tally;
    this.spare = spare;
    this.verify = verify;
  }

  /** Solves these rows; they know afterwards how it ended. */
  void run(Recurrence[] rows) {
    try (Arena arena = new Arena(space.backend().memory())) {
      set = new ActiveSet(space, rows, arena);
      copyRhs(0);
      for (int step = 1; set.size() > 0; step++) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancelledException("solve");
        }
        advance();
        int due = step % RECOMPUTE == 0 ? 0 : set.last(this::isDue);
        if (due < set.size()) {
          recompute(due);
        }
        retire();
      }
    }
  }

  private void advance() {
    direct();
    system.apply(set.rhs(0), set.p(0), set.work(0));
    double[] pq = space.dots(set.p(0), set.work(0));
    for (int i = 0; i < pq.length; i++) {
      Recurrence row = set.at(i);
      row.products++;
      row.pq = pq[i];
      if (!Double.isFinite(pq[i])) {
        throw new InputException(
            "solve: a curvature product of right-hand side "
                + row.rhs
                + " is NaN or infinite; check features and head for extreme values");
      }
    }
    dropNegative();
    if (set.size() == 0) {
      return;
    }
    space.axpy(each(row -> row.rho / row.pq), set.p(0), set.x(0));
    space.axpy(each(row -> -row.rho / row.pq), set.work(0), set.r(0));
    double[] norms = space.norms(set.r(0));
    double worst = 0;
    for (int i = 0; i < norms.length; i++) {
      Recurrence row = set.at(i);
      row.iterations++;
      row.residual = norms[i] / row.norm;
      worst = Math.max(worst, row.residual);
    }
    tally.step(system, worst);
  }

  /** The next search directions. */
  private void direct() {
    Directions z = set.r(0);
    if (preconditioner != null) {
      z = set.work(0);
      preconditioner.apply(set.r(0), z);
    }
    double[] rho = space.dots(set.r(0), z);
    double[] beta = new double[rho.length];
    for (int i = 0; i < rho.length; i++) {
      Recurrence row = set.at(i);
      beta[i] = row.restart ? 0 : rho[i] / row.rho;
      row.restart = false;
      row.rho = rho[i];
    }
    space.xpby(z, beta, set.p(0));
  }

  /** Rows whose direction has no positive curvature end with the solution that they had. */
  private void dropNegative() {
    int from = set.last(row -> !(row.pq > 0));
    if (from == set.size()) {
      return;
    }
    double[] pp = space.dots(set.p(from), set.p(from));
    for (int i = from; i < set.size(); i++) {
      Recurrence row = set.at(i);
      Directions p = ParameterSpace.rows(set.p(from), i - from, i - from + 1);
      LinearSystem.Along along =
          verify ? system.along(row.rhs, p) : new LinearSystem.Along(row.pq / pp[i - from], 0);
      if (along.isNegative()) {
        row.curvature = along.curvature();
        row.status = Status.NEGATIVE_CURVATURE;
        tally.negative(space, row.rhs, p, row.curvature, spare);
      } else {
        row.doubtful = true;
        row.status = Status.STALLED;
      }
    }
    recompute(from);
    retire();
  }

  private boolean isDue(Recurrence row) {
    return row.residual <= row.target || isSpent(row);
  }

  private boolean isSpent(Recurrence row) {
    return row.products + 1 >= options.maxProducts() || options.enough().getAsBoolean();
  }

  /** Replaces the residuals of rows {@code from} on by b - (M + lambda) x, and judges them. */
  private void recompute(int from) {
    system.apply(set.rhs(from), set.x(from), set.work(from));
    copyRhs(from);
    space.axpy(-1, set.work(from), set.r(from));
    double[] norms = space.norms(set.r(from));
    for (int i = from; i < set.size(); i++) {
      Recurrence row = set.at(i);
      row.products++;
      row.trueResidual = norms[i - from] / row.norm;
      if (row.status == null) {
        judge(row);
      }
    }
  }

  private void judge(Recurrence row) {
    double found = row.trueResidual;
    if (found <= options.tolerance()) {
      row.status = Status.CONVERGED;
    } else if (isSpent(row)) {
      row.status = Status.OUT_OF_PRODUCTS;
    } else if (row.residual < ROUNDING * found) {
      row.status = found > ROUNDING * row.floor ? Status.STALLED : null;
      row.floor = found;
      row.restart = true;
    } else if (row.residual <= row.target) {
      row.target = LOWER_TARGET * options.tolerance();
    }
    row.residual = found;
  }

  /** Rows that have ended give their solution and leave. */
  private void retire() {
    int from = set.last(row -> row.status != null);
    for (int i = from; i < set.size(); i++) {
      int to = set.at(i).rhs;
      space.copy(
          ParameterSpace.rows(set.x(from), i - from, i - from + 1),
          ParameterSpace.rows(out, to, to + 1));
    }
    tally.finished(set.size() - from);
    set.keep(from);
  }

  private void copyRhs(int from) {
    int[] ids = set.rhs(from);
    Directions r = set.r(from);
    for (int i = 0; i < ids.length; i++) {
      space.copy(ParameterSpace.rows(rhs, ids[i], ids[i] + 1L), ParameterSpace.rows(r, i, i + 1L));
    }
  }

  private double[] each(ToDoubleFunction<Recurrence> value) {
    double[] values = new double[set.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value.applyAsDouble(set.at(i));
    }
    return values;
  }
}
