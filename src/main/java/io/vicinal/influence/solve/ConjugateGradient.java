package io.vicinal.influence.solve;

import io.vicinal.InputException;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.WeightChanges;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.Diagonal;
import io.vicinal.influence.problem.MemoryBudget;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.solve.ActiveSet.Recurrence;
import io.vicinal.influence.solve.SolveReport.Status;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import java.util.List;

/**
 * Solves (M + lambda) x = b for many right-hand sides, where M is a curvature matrix over the whole
 * training set. Right-hand sides have recurrences of their own and share the passes over the
 * features; the preconditioner is EK-FAC, (Lambda + lambda)^-1, where the problem has it. The
 * residual that is reported is computed anew at the end. If a direction p with p'(M + lambda)p
 * &lt;= 0 is met and double precision confirms it, M + lambda is indefinite and that right-hand
 * side stops; the report then carries a damping that works, from an estimate of M's lowest
 * eigenvalue that starts at p. If double precision does not confirm it, single precision's rounding
 * of M's large eigenvalues hides the small ones: that right-hand side is solved again in double
 * precision.
 *
 * <p>Stateless, safe for any thread; a call is stopped by {@link Thread#interrupt}.
 */
public final class ConjugateGradient {
  private static final int DEFAULT_BLOCK = 16;

  private ConjugateGradient() {}

  /**
   * Solves.
   *
   * @param point where the curvature is taken
   * @param kind M
   * @param lambda above 0
   * @param rhs b [m, ...] in the problem's basis, of any floating-point type
   * @param changes of the sample weights per right-hand side, or null
   * @param arena owner of the solutions, which have the problem's type, or F64 if the precision is
   *     not {@link Precision#PROBLEM}
   * @throws InputException if lambda is not positive, something is NaN, or memory does not suffice
   */
  public static Solution solve(
      CurvaturePoint point,
      CurvatureKind kind,
      double lambda,
      Directions rhs,
      WeightChanges changes,
      SolveOptions options,
      Arena arena) {
    if (!(lambda > 0) || Double.isInfinite(lambda)) {
      throw new InputException("damping: lambda is " + lambda + "; give a number above 0");
    }
    LinearSystem system = new LinearSystem(point, kind, lambda, changes);
    return switch (options.precision()) {
      case PROBLEM, SURE -> solve(system, rhs, options, arena);
      case DOUBLE -> solve(system.twin(), rhs, options, arena);
    };
  }

  /** Solves in the system's own type. */
  static Solution solve(LinearSystem system, Directions rhs, SolveOptions options, Arena arena) {
    try (Arena scratch = new Arena(system.space().backend().memory())) {
      Preconditioner preconditioner = preconditioner(system, options, scratch);
      return solve(system, preconditioner, rhs, options, true, arena);
    }
  }

  /**
   * Solves in the system's own type.
   *
   * @param preconditioner or null for none
   * @param explain whether products are spent, if need be, on what negative curvature rests on and
   *     on the damping that works; else curvature is taken as it was found
   */
  static Solution solve(
      LinearSystem system,
      Preconditioner preconditioner,
      Directions rhs,
      SolveOptions options,
      boolean explain,
      Arena arena) {
    ParameterSpace space = system.space();
    int m = (int) ParameterSpace.count(rhs);
    Directions x = space.zeros(arena, m);
    Tally tally = new Tally(options.progress(), "solve", m);
    try (Arena scratch = new Arena(space.backend().memory())) {
      Directions b = typed(space, rhs, scratch);
      Recurrence[] rows = rows(space.norms(b), options);
      Recurrence[] nonZero =
          Arrays.stream(rows).filter(row -> row.norm > 0).toArray(Recurrence[]::new);
      tally.finished(m - nonZero.length);
      Directions spare = space.zeros(scratch, 1);
      int size = blockSize(system, options);
      for (int from = 0; from < nonZero.length; from += size) {
        Recurrence[] block =
            Arrays.copyOfRange(nonZero, from, Math.min(nonZero.length, from + size));
        run(system, preconditioner, options, b, x, tally, spare, explain, block);
      }
      long products = 0;
      double works = Double.NaN;
      if (explain && tally.worst() != null) {
        LinearSystem exact = system.twin();
        Preconditioner inverse = preconditioner(exact, options, scratch);
        works =
            new LowestCurvature(exact, tally.worstRhs(), inverse).dampingThatWorks(tally.worst());
        products += exact == system ? 0 : exact.products();
      }
      SolveReport[] reports = new SolveReport[m];
      for (Recurrence row : rows) {
        reports[row.rhs] = report(row, works);
      }
      boolean sure = explain && options.precision() == Precision.SURE;
      int[] doubtful =
          Arrays.stream(rows)
              .filter(r -> r.doubtful || (sure && r.status == Status.STALLED))
              .mapToInt(r -> r.rhs)
              .toArray();
      if (doubtful.length > 0 && space.dtype() == DType.F32) {
        products += again(system.of(doubtful).twin(), doubtful, options, b, x, reports, scratch);
      }
      return new Solution(x, system.lambda(), List.of(reports), system.products() + products);
    }
  }

  /** Solves some right-hand sides in double precision; returns the products. */
  private static long again(
      LinearSystem exact,
      int[] which,
      SolveOptions options,
      Directions b,
      Directions x,
      SolveReport[] reports,
      Arena scratch) {
    ParameterSpace wide = exact.space();
    Directions rhs = wide.zeros(scratch, which.length);
    for (int i = 0; i < which.length; i++) {
      wide.copy(
          ParameterSpace.rows(b, which[i], which[i] + 1L), ParameterSpace.rows(rhs, i, i + 1L));
    }
    Solution solution = solve(exact, rhs, options, scratch);
    for (int i = 0; i < which.length; i++) {
      wide.copy(
          ParameterSpace.rows(solution.x(), i, i + 1L),
          ParameterSpace.rows(x, which[i], which[i] + 1L));
      reports[which[i]] = solution.reports().get(i).after(reports[which[i]]);
    }
    return solution.products();
  }

  private static void run(
      LinearSystem system,
      Preconditioner preconditioner,
      SolveOptions options,
      Directions b,
      Directions x,
      Tally tally,
      Directions spare,
      boolean verify,
      Recurrence[] block) {
    new BlockSolve(system, preconditioner, options, b, x, tally, spare, verify).run(block);
  }

  private static Preconditioner preconditioner(
      LinearSystem system, SolveOptions options, Arena scratch) {
    CurvaturePoint point = system.point();
    if (!options.preconditioned() || !point.hasEkfac()) {
      return null;
    }
    Diagonal inverse = point.ekfac(system.kind()).inverse(system.lambda(), scratch);
    return Preconditioner.diagonal(system.space(), inverse);
  }

  private static Directions typed(ParameterSpace space, Directions rhs, Arena scratch) {
    if (space.holds(rhs)) {
      return rhs;
    }
    Directions b = space.zeros(scratch, ParameterSpace.count(rhs));
    space.copy(rhs, b);
    return b;
  }

  private static Recurrence[] rows(double[] norms, SolveOptions options) {
    Recurrence[] rows = new Recurrence[norms.length];
    for (int q = 0; q < norms.length; q++) {
      if (!Double.isFinite(norms[q])) {
        throw new InputException(
            "solve: right-hand side " + q + " is NaN or infinite; check what it was made from");
      }
      rows[q] = new Recurrence(q, norms[q], options.tolerance());
    }
    return rows;
  }

  /** Right-hand sides at once where memory allows it. */
  static int wantedBlock(SolveOptions options) {
    return options.block() > 0 ? options.block() : DEFAULT_BLOCK;
  }

  private static int blockSize(LinearSystem system, SolveOptions options) {
    int wanted = wantedBlock(options);
    MemoryBudget memory = system.point().memory();
    long vector = system.space().bytes();
    long fits = memory.left() / (ActiveSet.VECTORS * vector) - 1;
    if (fits < 1) {
      memory.check("one right-hand side of a solve", 2 * ActiveSet.VECTORS * vector, "allow more");
    }
    return (int) Math.min(wanted, Math.max(1, fits));
  }

  private static SolveReport report(Recurrence row, double dampingThatWorks) {
    if (row.status == null) {
      return new SolveReport(Status.ZERO, 0, 0, 0, Double.NaN, Double.NaN);
    }
    boolean negative = row.status == Status.NEGATIVE_CURVATURE;
    return new SolveReport(
        row.status,
        row.iterations,
        row.products,
        row.trueResidual,
        row.curvature,
        negative ? dampingThatWorks : Double.NaN);
  }
}
