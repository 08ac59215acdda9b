package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.tensor.Arena;
import java.util.Arrays;
import java.util.function.Predicate;

/**
 * The right-hand sides of a block that are still being solved, packed into its leading rows, so
 * that every pass works on them alone. Leaving rows are moved to the end and cut off. For one
 * thread.
 */
final class ActiveSet {
  /** One right-hand side's recurrence; scalars of row {@code at(i)} of the vectors. */
  static final class Recurrence {
    final int rhs;
    final double norm; // of the right-hand side
    double target; // of the recurrence's relative residual, when the true one is looked at
    double residual = 1;
    double trueResidual = 1;
    double floor = Double.POSITIVE_INFINITY; // true residual when rounding was last seen
    double rho;
    double pq;
    boolean restart = true;
    boolean doubtful; // whether rounding, not the matrix, ended it
    int iterations;
    long products;
    double curvature = Double.NaN;
    SolveReport.Status status;

    Recurrence(int rhs, double norm, double target) {
      this.rhs = rhs;
      this.norm = norm;
      this.target = target;
    }
  }

  private final ParameterSpace space;
  private final Directions x;
  private final Directions r;
  private final Directions p;
  private final Directions work;
  private final Directions spare;
  private Recurrence[] rows;

  ActiveSet(ParameterSpace space, Recurrence[] rows, Arena arena) {
    this.space = space;
    this.rows = rows.clone();
    x = space.zeros(arena, rows.length);
    r = space.zeros(arena, rows.length);
    p = space.zeros(arena, rows.length);
    work = space.zeros(arena, rows.length);
    spare = space.zeros(arena, 1);
  }

  /** Vectors that one right-hand side of a block takes. */
  static final int VECTORS = 4;

  int size() {
    return rows.length;
  }

  Recurrence at(int i) {
    return rows[i];
  }

  /** Right-hand sides of rows {@code from} on. */
  int[] rhs(int from) {
    return Arrays.stream(rows, from, rows.length).mapToInt(row -> row.rhs).toArray();
  }

  /** Solutions so far, of rows {@code from} on. */
  Directions x(int from) {
    return ParameterSpace.rows(x, from, rows.length);
  }

  /** Residuals. */
  Directions r(int from) {
    return ParameterSpace.rows(r, from, rows.length);
  }

  /** Search directions. */
  Directions p(int from) {
    return ParameterSpace.rows(p, from, rows.length);
  }

  /** The product, then the preconditioned residual. */
  Directions work(int from) {
    return ParameterSpace.rows(work, from, rows.length);
  }

  /** Moves the rows that match behind the others. Returns the first of them. */
  int last(Predicate<Recurrence> matches) {
    int from = rows.length;
    for (int i = rows.length - 1; i >= 0; i--) {
      if (matches.test(rows[i])) {
        swap(i, --from);
      }
    }
    return from;
  }

  /** Cuts off the rows from {@code from} on, leaving {@code size} of them. */
  void keep(int size) {
    rows = Arrays.copyOf(rows, size);
  }

  private void swap(int i, int j) {
    if (i != j) {
      swap(x, i, j);
      swap(r, i, j);
      swap(p, i, j);
      swap(work, i, j);
      Recurrence row = rows[i];
      rows[i] = rows[j];
      rows[j] = row;
    }
  }

  private void swap(Directions block, int i, int j) {
    Directions a = ParameterSpace.rows(block, i, i + 1);
    Directions b = ParameterSpace.rows(block, j, j + 1);
    space.copy(a, spare);
    space.copy(b, a);
    space.copy(spare, b);
  }
}
