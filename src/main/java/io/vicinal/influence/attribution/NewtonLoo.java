package io.vicinal.influence.attribution;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.InputException;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.WeightChanges;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.ConjugateGradient;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.Solution;
import io.vicinal.influence.solve.SolveReport;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Leave-one-out by one Newton step of the objective without the sample, from the re-converged
 * point: with H_{-j} the Hessian whose sum leaves sample j out (the divisor N stays),
 *
 * <pre>
 *   (H_{-j} + lambda) s_j = (w_j / N) dL_j/dtheta,      score_qj = m_q(theta* + s_j) - m_q(theta*)
 * </pre>
 *
 * the difference evaluated exactly for every query, so that one solve serves them all. It corrects
 * what a linear formula gets wrong in size. Samples are candidates if there are no more than a
 * limit; else those with the largest |if| score of each query, the others being NaN. A candidate
 * whose own system is indefinite or could not be solved is NaN and counted. Immutable, safe for any
 * thread.
 *
 * @param everyone largest N for which every sample is a candidate
 * @param shortlist candidates per query beyond that
 */
public record NewtonLoo(int everyone, int shortlist) implements Estimator {
  /** Candidates whose systems are solved at once. */
  private static final int BLOCK = 16;

  /** Embedding changes held at once, in numbers. */
  private static final long CHANGES = 16L << 20;

  /**
   * @throws InputException if a limit is negative or the shortlist is empty
   */
  public NewtonLoo {
    if (everyone < 0 || shortlist < 1) {
      throw new InputException(
          "newton-loo: needs a shortlist of 1 or more, got " + everyone + ", " + shortlist);
    }
  }

  @Override
  public CurvatureKind curvature() {
    return CurvatureKind.HESSIAN;
  }

  /** One per candidate, and one per query to find them. */
  @Override
  public long systems(int queries, long samples) {
    return queries + solves(queries, samples);
  }

  /** How many systems it solves at most, one per candidate. */
  public long solves(int queries, long samples) {
    return samples <= everyone ? samples : Math.min(samples, (long) queries * shortlist);
  }

  /** Everyone up to 500 samples, else 32 a query. */
  public static NewtonLoo defaults() {
    return new NewtonLoo(500, 32);
  }

  @Override
  public String name() {
    return "newton-loo";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    return scores(explanation, queries, candidates(explanation, queries, progress), progress);
  }

  /**
   * Scores of chosen samples; the others are NaN.
   *
   * @param candidates ids, each once
   */
  public Scores scores(
      Explanation explanation, List<Query> queries, int[] candidates, Progress progress) {
    HeadProblem problem = explanation.problem();
    if (!problem.spec().decomposes()) {
      throw new InputException(
          "newton-loo: loss "
              + problem.model().loss().name()
              + " is no sum over samples, so none can be left out of it; use if");
    }
    CurvaturePoint point = explanation.point(ReferencePoint.RECONVERGED, progress);
    Embedded base = explanation.embeddings(queries, point.exact());
    double[] before = queries.stream().mapToDouble(q -> q.measurement().value(base)).toArray();
    double[][] values = new double[queries.size()][Math.toIntExact(problem.samples())];
    for (double[] row : values) {
      Arrays.fill(row, Double.NaN);
    }
    long moved = (long) base.rows().length * base.width();
    int block = (int) Math.max(1, Math.min(BLOCK, CHANGES / moved));
    List<SolveReport> reports = new ArrayList<>();
    try (Arena arena = new Arena(problem.backend().memory());
        Arena scratch = new Arena(problem.backend().memory())) {
      Tensor features = explanation.test().gather(base.rows(), arena);
      for (int from = 0; from < candidates.length; from += block) {
        int[] some =
            Arrays.copyOfRange(candidates, from, Math.min(candidates.length, from + block));
        scratch.reset();
        Solution solution = steps(explanation, point, some, scratch);
        reports.addAll(solution.reports());
        double[][][] changes = changes(problem, features, solution.x().weight(), scratch);
        for (int j = 0; j < some.length; j++) {
          boolean solved = isSolved(solution.reports().get(j));
          for (int q = 0; q < values.length && solved; q++) {
            double after = queries.get(q).measurement().value(plus(base, changes[j]));
            values[q][some[j]] = after - before[q];
          }
        }
        progress.at(
            "samples left out",
            reports.size(),
            candidates.length,
            reports.stream().mapToLong(SolveReport::products).sum(),
            solution.worstResidual());
      }
    }
    return new Scores(name(), values, diagnostics(explanation, queries, base, reports));
  }

  private static boolean isSolved(SolveReport report) {
    return report.status() != SolveReport.Status.NEGATIVE_CURVATURE
        && report.trueResidual() <= Diagnostics.FAILED;
  }

  private int[] candidates(Explanation explanation, List<Query> queries, Progress progress) {
    int n = Math.toIntExact(explanation.problem().samples());
    if (n <= everyone) {
      return IntStream.range(0, n).toArray();
    }
    TreeSet<Integer> chosen = new TreeSet<>();
    for (double[] scores : Curved.IF.scores(explanation, queries, progress).values()) {
      IntStream.range(0, n)
          .boxed()
          .sorted(Comparator.comparing((Integer i) -> -Math.abs(scores[i]))) // stable: lower id
          .limit(shortlist)
          .forEach(chosen::add);
    }
    return chosen.stream().mapToInt(i -> i).toArray();
  }

  private static Solution steps(
      Explanation explanation, CurvaturePoint point, int[] samples, Arena arena) {
    HeadProblem problem = explanation.problem();
    double[] shares = explanation.shares();
    Directions rhs = point.space().zeros(arena, samples.length);
    long[] offsets = new long[samples.length + 1];
    long[] ids = new long[samples.length];
    double[] deltas = new double[samples.length];
    for (int j = 0; j < samples.length; j++) {
      SampleGradient.write(
          point, samples[j], shares[samples[j]], ParameterSpace.rows(rhs, j, j + 1));
      offsets[j + 1] = j + 1L;
      ids[j] = samples[j];
      deltas[j] = -shares[samples[j]] * problem.samples();
    }
    return ConjugateGradient.solve(
        point,
        CurvatureKind.HESSIAN,
        explanation.damping().lambda(),
        rhs,
        new WeightChanges(offsets, ids, deltas),
        explanation.options().solve(),
        arena);
  }

  /** Changes of the test rows' embeddings, [candidate][row][d]. */
  private static double[][][] changes(
      HeadProblem problem, Tensor features, Tensor steps, Arena arena) {
    int m = Math.toIntExact(steps.dim(0));
    int d = Math.toIntExact(steps.dim(1));
    int rows = Math.toIntExact(features.dim(0));
    Tensor typed = steps;
    if (steps.dtype() != features.dtype()) {
      typed = arena.allocate(features.dtype(), steps.shape());
      typed.copyFrom(steps);
    }
    Tensor product = arena.allocate(features.dtype(), rows, (long) m * d);
    problem.backend().gemm(N, T, features, typed.reshape((long) m * d, steps.dim(2)), product);
    double[] flat = product.toDoubles();
    double[][][] changes = new double[m][rows][];
    for (int j = 0; j < m; j++) {
      for (int r = 0; r < rows; r++) {
        int at = (r * m + j) * d;
        changes[j][r] = Arrays.copyOfRange(flat, at, at + d);
      }
    }
    return changes;
  }

  private static Embedded plus(Embedded base, double[][] change) {
    double[][] values = new double[change.length][base.width()];
    for (int r = 0; r < change.length; r++) {
      for (int k = 0; k < base.width(); k++) {
        values[r][k] = base.values()[r][k] + change[r][k];
      }
    }
    return new Embedded(base.width(), base.rows(), values);
  }

  private List<Diagnostics> diagnostics(
      Explanation explanation, List<Query> queries, Embedded base, List<SolveReport> reports) {
    long indefinite =
        reports.stream().filter(r -> r.status() == SolveReport.Status.NEGATIVE_CURVATURE).count();
    SolveReport worst =
        reports.stream()
            .filter(NewtonLoo::isSolved)
            .max(Comparator.comparingDouble(SolveReport::trueResidual))
            .orElse(null);
    long failed = reports.stream().filter(r -> !isSolved(r)).count() - indefinite;
    long products = reports.stream().mapToLong(SolveReport::products).sum();
    return explanation.diagnostics(queries, base, ReferencePoint.RECONVERGED, q -> worst).stream()
        .map(
            f ->
                f.with("candidates", reports.size())
                    .with("indefinite candidates", indefinite)
                    .with("failed candidates", failed)
                    .with("products of all candidates", products))
        .toList();
  }
}
