package io.vicinal.influence.attribution;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.ConjugateGradient;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.Reconvergence;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.Solution;
import io.vicinal.influence.solve.SolveOutcome;
import io.vicinal.influence.solve.SolveReport;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * What estimators share: a problem, the test rows that queries speak of, a damping, and what was
 * computed with them, each once: the re-converged point, and one solve per query, curvature matrix
 * and point, from which scores, tables and splits are read.
 *
 * <p>An automatic damping is raised when a solve meets negative curvature; what rests on the old
 * one is forgotten then. Results carry the damping that they rest on.
 *
 * <p>Borrows the problem. For one thread at a time.
 */
public final class Explanation implements AutoCloseable {
  /** Directions that are scored at once, to bound memory. */
  private static final int BLOCK = 16;

  /** Products that re-convergence without EK-FAC gets under a damping that can be raised. */
  private static final long ATTEMPT = 600;

  /** Of the delivered parameters' gradient: what is left near a minimum. */
  private static final double NEAR = 0.05;

  /** Right-hand sides that are written out at once. */
  private static final int SOLVES = 64;

  private final HeadProblem problem;
  private final TestSet test;
  private final ExplanationOptions options;
  private final Arena arena;
  private final Map<ResponseKey, Response> responses = new HashMap<>();
  private Damping damping;
  private Arena damped; // the re-converged point and the responses
  private SolveOutcome convergence;
  private CurvaturePoint reconverged;

  private record ResponseKey(CurvatureKind kind, ReferencePoint reference, Query query) {}

  private Explanation(
      HeadProblem problem, TestSet test, Damping damping, ExplanationOptions options, Arena arena) {
    this.problem = problem;
    this.test = test;
    this.damping = damping;
    this.options = options;
    this.arena = arena;
    this.damped = new Arena(problem.backend().memory());
  }

  /**
   * Prepares explanations of one problem.
   *
   * @param test features [T, D] as delivered, and labels of any classes
   * @throws io.vicinal.InputException if the test features do not fit the head or are not finite
   */
  public static Explanation open(
      HeadProblem problem, FeatureSet test, Damping damping, ExplanationOptions options) {
    Arena arena = new Arena(problem.backend().memory());
    try {
      Tensor features = problem.toBasis(test.features(), arena);
      TestSet rows = new TestSet(problem.backend(), features, test.labels());
      return new Explanation(problem, rows, damping, options, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * The same where nobody says how: the damping is automatic.
   *
   * @throws io.vicinal.InputException if the test features do not fit the head or are not finite
   */
  public static Explanation open(HeadProblem problem, FeatureSet test) {
    return open(problem, test, Damping.parse("auto", problem), ExplanationOptions.defaults());
  }

  /** The problem that is explained. */
  public HeadProblem problem() {
    return problem;
  }

  /** The test rows, in the problem's basis. */
  public TestSet test() {
    return test;
  }

  /** How it solves. */
  public ExplanationOptions options() {
    return options;
  }

  /** The damping in use: the given one, or what an automatic one was raised to so far. */
  public Damping damping() {
    return damping;
  }

  /** The curvature at a point; re-converges when that is first asked for. */
  public CurvaturePoint point(ReferencePoint reference, Progress progress) {
    if (reference == ReferencePoint.DELIVERED) {
      return problem.delivered();
    }
    if (reconverged == null) {
      convergence =
          Reconvergence.run(
              problem, damping.lambda(), null, null, reconvergence().with(progress), damped);
      reconverged = problem.at(convergence.head(), null);
    }
    return reconverged;
  }

  /** How the re-converged point was found. */
  public SolveOutcome convergence(Progress progress) {
    point(ReferencePoint.RECONVERGED, progress);
    return convergence;
  }

  /**
   * How far re-convergence moved the parameters, over the norm of the delivered weight; NaN where
   * nothing has asked for it.
   */
  public double moved() {
    if (convergence == null) {
      return Double.NaN;
    }
    double term = Math.max(0, convergence.objective() - convergence.loss());
    double norm = 0;
    for (double w : problem.reference().weight().toDoubles()) {
      norm += w * w;
    }
    return Math.sqrt(2 * term / damping.lambda() / norm);
  }

  /** Without EK-FAC a damping that is too weak costs thousands of products before it shows. */
  private ReconvergenceOptions reconvergence() {
    ReconvergenceOptions given = options.reconvergence();
    return damping.canRise() && !problem.isRotated()
        ? given.withMaxProducts(Math.min(given.maxProducts(), ATTEMPT))
        : given;
  }

  private void use(Damping other) {
    if (!other.equals(damping)) {
      forget();
      damping = other;
    }
  }

  private void forget() {
    responses.clear();
    if (reconverged != null) {
      reconverged.close();
      reconverged = null;
    }
    convergence = null;
    damped.close();
    damped = new Arena(problem.backend().memory());
  }

  /** Raw embeddings of the rows that some queries read, at a point. */
  public Embedded embeddings(List<Query> queries, HeadTensors head) {
    return test.embed(head, test.rowsOf(queries.stream().map(Query::measurement).toList()));
  }

  /**
   * (M + lambda)^-1 dm/dtheta of every query, solved unless it is known.
   *
   * @throws io.vicinal.influence.solve.NegativeCurvatureException if a damping that was given
   *     leaves M + lambda indefinite
   */
  public List<Response> responses(
      CurvatureKind kind, ReferencePoint reference, List<Query> queries, Progress progress) {
    return damping.settle(
        d -> {
          use(d);
          List<Query> missing =
              queries.stream()
                  .distinct()
                  .filter(q -> !responses.containsKey(new ResponseKey(kind, reference, q)))
                  .toList();
          for (int from = 0; from < missing.size(); from += SOLVES) {
            int to = Math.min(missing.size(), from + SOLVES);
            solve(kind, reference, missing.subList(from, to), progress);
          }
          return queries.stream()
              .map(q -> responses.get(new ResponseKey(kind, reference, q)))
              .toList();
        });
  }

  private void solve(
      CurvatureKind kind, ReferencePoint reference, List<Query> queries, Progress progress) {
    CurvaturePoint point = point(reference, progress);
    if (reference == ReferencePoint.RECONVERGED
        && damping.canRise()
        && !(convergence.relativeGradient() < NEAR)) {
      throw NegativeCurvatureException.farFromMinimum(
          damping.lambda(), convergence.relativeGradient());
    }
    try (Arena scratch = new Arena(problem.backend().memory())) {
      Directions rhs = problem.space().zeros(scratch, queries.size());
      Embedded embedded = embeddings(queries, point.exact());
      for (int q = 0; q < queries.size(); q++) {
        gradient(queries.get(q), embedded, ParameterSpace.rows(rhs, q, q + 1));
      }
      Forecast forecast =
          Forecast.of(point, kind, damping.lambda(), rhs, queries.size(), options.solve());
      progress.at("solve, " + forecast.requireMemory(), 0, queries.size(), 0, Double.NaN);
      Solution solution =
          ConjugateGradient.solve(
              point, kind, damping.lambda(), rhs, null, options.solve().with(progress), damped);
      if (reference == ReferencePoint.RECONVERGED && !damping.canRise() && isIndefinite(solution)) {
        throw NegativeCurvatureException.ranAway(
            damping.lambda(), moved(), delivered(kind, ParameterSpace.rows(rhs, 0, 1), scratch));
      }
      solution.requireDefinite();
      for (int q = 0; q < queries.size(); q++) {
        Directions direction = ParameterSpace.rows(solution.x(), q, q + 1);
        responses.put(
            new ResponseKey(kind, reference, queries.get(q)),
            new Response(direction, solution.reports().get(q)));
      }
    }
  }

  private static boolean isIndefinite(Solution solution) {
    return solution.reports().stream()
        .anyMatch(r -> r.status() == SolveReport.Status.NEGATIVE_CURVATURE);
  }

  /** How a solve at the delivered head ends. */
  private SolveReport delivered(CurvatureKind kind, Directions rhs, Arena scratch) {
    return ConjugateGradient.solve(
            problem.delivered(), kind, damping.lambda(), rhs, null, options.solve(), scratch)
        .reports()
        .get(0);
  }

  /** Writes dm/dtheta of a query into one vector that is zero: the proxies' part stays zero. */
  void gradient(Query query, Embedded embedded, Directions out) {
    Tensor weight = out.weight().reshape(out.weight().dim(1), out.weight().dim(2));
    test.expand(TestSet.gradient(query.measurement(), embedded), weight);
  }

  /** Writes one direction, zero before. */
  interface DirectionOf {
    void write(int q, Directions out);
  }

  /**
   * (w_i / N) &lt;dL_i/dtheta, direction_q&gt; for all samples and directions, in blocks.
   *
   * @return [count][N]
   */
  double[][] effects(CurvaturePoint point, int count, DirectionOf directions) {
    double[][] effects = new double[count][];
    double[] shares = shares();
    try (Arena scratch = new Arena(problem.backend().memory())) {
      for (int from = 0; from < count; from += BLOCK) {
        int m = Math.min(BLOCK, count - from);
        scratch.reset();
        Directions block = point.space().zeros(scratch, m);
        for (int q = 0; q < m; q++) {
          directions.write(from + q, ParameterSpace.rows(block, q, q + 1));
        }
        Tensor scores = scratch.allocate(DType.F64, m, problem.samples());
        point.curvature().scores(block, scores);
        for (int q = 0; q < m; q++) {
          effects[from + q] = scores.rows(q, q + 1).toDoubles();
          for (int i = 0; i < shares.length; i++) {
            effects[from + q][i] *= shares[i];
          }
        }
      }
    }
    return effects;
  }

  /** w_i / N. */
  double[] shares() {
    double[] shares = new double[Math.toIntExact(problem.samples())];
    Arrays.fill(shares, 1);
    if (problem.sampleWeights() != null) {
      shares = problem.sampleWeights().toDoubles();
    }
    double n = shares.length;
    return Arrays.stream(shares).map(w -> w / n).toArray();
  }

  /** Diagnostics of scores that needed no solve. */
  List<Diagnostics> diagnostics(List<Query> queries, Embedded embedded, ReferencePoint reference) {
    return diagnostics(queries, embedded, reference, q -> null);
  }

  /** Diagnostics of scores, with the report of each query's solve or null. */
  List<Diagnostics> diagnostics(
      List<Query> queries,
      Embedded embedded,
      ReferencePoint reference,
      Function<Integer, SolveReport> reports) {
    List<Diagnostics> diagnostics = new ArrayList<>();
    for (int q = 0; q < queries.size(); q++) {
      Query query = queries.get(q);
      SolveReport report = reports.apply(q);
      diagnostics.add(
          new Diagnostics(
              query.id(),
              query.measurement().name(),
              query.measurement().unit(),
              query.measurement().value(embedded),
              reference,
              damping.lambda(),
              damping.multiple(),
              report == null ? "closed form" : words(report.status()),
              report == null ? 0 : report.iterations(),
              report == null ? 0 : report.products(),
              report == null ? Double.NaN : report.trueResidual(),
              ofPoint(reference)));
    }
    return diagnostics;
  }

  private Map<String, Object> ofPoint(ReferencePoint reference) {
    Map<String, Object> details = new LinkedHashMap<>();
    if (reference == ReferencePoint.RECONVERGED) {
      details.put("re-convergence", words(convergence.status()));
      details.put("relative gradient", convergence.relativeGradient());
      details.put(Diagnostics.MOVED, moved());
    }
    return details;
  }

  private static String words(Enum<?> status) {
    return status.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Frees everything but the problem. Idempotent. */
  @Override
  public void close() {
    responses.clear();
    if (reconverged != null) {
      reconverged.close();
      reconverged = null;
    }
    damped.close();
    arena.close();
  }
}
