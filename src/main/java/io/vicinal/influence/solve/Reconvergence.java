package io.vicinal.influence.solve;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.Objective;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;

/**
 * Minimises F(theta) = L(theta) + (lambda/2) |theta - theta_ref|^2 from a starting point by
 * Newton's method with the full Hessian, truncated conjugate gradients and backtracking (Nocedal
 * and Wright, Numerical Optimization, algorithm 7.1):
 *
 * <pre>
 *   (H + lambda) s = -grad F, to a relative residual of min(0.5, sqrt(|grad F| / first))
 *   theta += t s,  t = 1, 1/2, ... until F falls by 1e-4 t s'grad F
 * </pre>
 *
 * A Newton system with negative curvature is cut there; its solution so far is still a direction of
 * descent. At the minimum H + lambda is positive semidefinite, which is what makes the full Hessian
 * a legitimate matrix to solve with.
 *
 * <p>Losses without EK-FAC go by plain conjugate gradients. For one thread; stopped by {@link
 * Thread#interrupt}.
 */
public final class Reconvergence {
  private static final double FORCING = 0.5;
  private static final double ARMIJO = 1e-4;
  private static final int HALVINGS = 30;

  private final HeadProblem problem;
  private final ParameterSpace space;
  private final Objective objective;
  private final ReconvergenceOptions options;
  private final Preconditioner preconditioner;
  private final double scale;
  private long products;
  private long evaluations;
  private boolean negative;

  private Reconvergence(
      HeadProblem problem, Objective objective, ReconvergenceOptions options, Arena scratch) {
    this.problem = problem;
    this.space = problem.space();
    this.objective = objective;
    this.options = options;
    this.scale = problem.referenceGradient();
    this.preconditioner =
        options.preconditioned() && problem.isRotated()
            ? Preconditioner.diagonal(
                space,
                problem
                    .delivered()
                    .ekfac(CurvatureKind.GAUSS_NEWTON)
                    .inverse(objective.lambda(), scratch))
            : null;
  }

  /**
   * Re-converges.
   *
   * @param lambda above 0
   * @param targets labels and weights, of the problem's type; null for the problem's own
   * @param start where to begin, in the Kronecker basis; null for the delivered parameters
   * @param arena owner of the result
   */
  public static SolveOutcome run(
      HeadProblem problem,
      double lambda,
      Targets targets,
      HeadTensors start,
      ReconvergenceOptions options,
      Arena arena) {
    if (!(lambda > 0) || Double.isInfinite(lambda)) {
      throw new InputException("damping: lambda is " + lambda + "; give a number above 0");
    }
    Objective objective = problem.objective(lambda, targets);
    try (Arena scratch = new Arena(problem.backend().memory())) {
      return new Reconvergence(problem, objective, options, scratch)
          .run(start == null ? problem.reference() : start, arena);
    }
  }

  private SolveOutcome run(HeadTensors start, Arena target) {
    // Two arenas take turns: the next point is made in one while this one is read from the other.
    Arena here = new Arena(space.backend().memory());
    Arena there = new Arena(space.backend().memory());
    try {
      Point point = evaluate(space.moved(start, space.zeros(here, 1), 0, here), here);
      double first = point.norm;
      int steps = 0;
      SolveOutcome.Status status = null;
      while (status == null) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancelledException("re-convergence");
        }
        if (point.norm <= options.tolerance() * scale) {
          status = SolveOutcome.Status.CONVERGED;
        } else if (steps >= options.maxSteps()
            || products >= options.maxProducts()
            || options.enough().getAsBoolean()) {
          status = SolveOutcome.Status.OUT_OF_BUDGET;
        } else {
          there.reset();
          Point next = step(point, first, there);
          if (next == null) {
            status = SolveOutcome.Status.ROUNDING;
          } else {
            point = next;
            Arena free = here;
            here = there;
            there = free;
            steps++;
            options.progress().at("re-converge", steps, 0, products, point.norm / scale);
          }
        }
      }
      return new SolveOutcome(
          copy(point.at, target),
          objective.lambda(),
          steps,
          products,
          evaluations,
          point.value.objective(),
          point.value.loss(),
          point.norm,
          point.norm / scale,
          status,
          negative);
    } finally {
      here.close();
      there.close();
    }
  }

  /** A point with the objective's value and gradient there. */
  private record Point(HeadTensors at, Objective.Value value, Directions gradient, double norm) {}

  private Point evaluate(HeadTensors at, Arena arena) {
    Directions gradient = space.zeros(arena, 1);
    Objective.Value value = objective.evaluate(at, gradient);
    evaluations++;
    double norm = space.norms(gradient)[0];
    if (!Double.isFinite(value.objective()) || !Double.isFinite(norm)) {
      throw new InputException(
          "re-convergence: the loss or its gradient is NaN or infinite; check features and head"
              + " for extreme values");
    }
    return new Point(at, value, gradient, norm);
  }

  /** One Newton step, or null if no length of it descends beyond rounding. */
  private Point step(Point from, double first, Arena arena) {
    try (Arena scratch = new Arena(space.backend().memory())) {
      Directions direction = direction(from, first, scratch);
      double slope = space.dots(from.gradient, direction)[0];
      double t = 1;
      for (int halving = 0; halving < HALVINGS; halving++, t /= 2) {
        arena.reset();
        Point to = evaluate(space.moved(from.at, direction, t, arena), arena);
        if (accepted(from, to, t * slope)) {
          return to;
        }
      }
      return null;
    }
  }

  private boolean accepted(Point from, Point to, double expected) {
    double change = to.value.objective() - from.value.objective();
    if (change <= ARMIJO * expected) {
      return true;
    }
    // Where the objective's digits are used up, a smaller gradient is progress.
    double digits = space.dtype() == DType.F32 ? 1e-6 : 1e-14;
    double rounding = digits * Math.max(1e-3, Math.abs(from.value.objective()));
    return Math.abs(change) <= rounding && -expected <= rounding && to.norm < 0.9 * from.norm;
  }

  /** A direction of descent: Newton's, or the preconditioned gradient's where that is none. */
  private Directions direction(Point from, double first, Arena scratch) {
    Directions rhs = space.zeros(scratch, 1);
    space.axpy(-1, from.gradient, rhs);
    double forcing = Math.min(FORCING, Math.sqrt(from.norm / first));
    double enough = 0.5 * options.tolerance() * scale / from.norm;
    long left = Math.max(1, options.maxProducts() - products);
    SolveOptions inner =
        SolveOptions.defaults()
            .withTolerance(Math.min(FORCING, Math.max(forcing, enough)))
            .withMaxProducts((int) Math.min(left, SolveOptions.defaults().maxProducts()))
            .until(options.enough());
    try (CurvaturePoint point = problem.at(from.at, objective.loss().targets())) {
      LinearSystem system =
          new LinearSystem(point, CurvatureKind.HESSIAN, objective.lambda(), null);
      Solution solution =
          ConjugateGradient.solve(system, preconditioner, rhs, inner, false, scratch);
      products += solution.products();
      negative = solution.reports().get(0).status() == SolveReport.Status.NEGATIVE_CURVATURE;
      if (!(space.dots(from.gradient, solution.x())[0] < 0)) {
        if (preconditioner == null) {
          return rhs;
        }
        preconditioner.apply(rhs, solution.x());
      }
      return solution.x();
    }
  }

  private HeadTensors copy(HeadTensors head, Arena arena) {
    return Head.tensors(Parameters.of(head.named()).copy(arena));
  }
}
