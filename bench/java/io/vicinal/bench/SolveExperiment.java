package io.vicinal.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.HeadTensors;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.Response;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.SolveOptions;
import io.vicinal.influence.solve.SolveOutcome;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Exact influence of a whole dataset on 50 confused pairs and 10 groups: what the solves cost in
 * Hessian-vector products and seconds, how close the wall time is to the products alone, what
 * EK-FAC saves at two dampings and for both matrices, and self-influence of every sample.
 */
final class SolveExperiment implements Experiment {
  private static final int PAIRS = 50;
  private static final int GROUPS = 10;
  private static final int COMPARED = 4;
  private static final double RESIDUAL = 1e-3;
  private static final double OVERHEAD = 1.2;
  private static final double SELF_SECONDS = 2;

  private final List<String> table = new ArrayList<>();
  private final JsonObject json = new JsonObject();
  private final int samples;
  private final int classes;
  private final double limit;
  private double setUp;
  private boolean pass = true;

  /** A dataset of the size of CUB, in whatever time it takes. */
  SolveExperiment() {
    this(5_864, 100, Double.NaN);
  }

  /**
   * @param limit seconds from the features to the scores of all queries, at most; NaN for any
   */
  SolveExperiment(int samples, int classes, double limit) {
    this.samples = samples;
    this.classes = classes;
    this.limit = limit;
  }

  @Override
  public String name() {
    return "influence";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) {
    try (Arena arena = Arena.host()) {
      TrainedHead trained =
          quick
              ? TrainedHead.of(backend, arena, 600, 256, 64, 20)
              : TrainedHead.of(backend, arena, samples, 2_048, 512, classes);
      List<Query> queries = queries(backend, trained, arena);
      double start = seconds();
      try (HeadProblem problem =
          HeadProblem.open(backend, trained.model(), ProblemOptions.defaults())) {
        double opened = seconds() - start;
        CurvaturePoint delivered = problem.delivered();
        start = seconds();
        delivered.ekfac(CurvatureKind.HESSIAN);
        setUp = opened + seconds() - start;
        say("set-up: factors, eigenvectors, rotation, diagonal %.2f s", setUp);
        json.addProperty("set_up_s", setUp);
        json.addProperty("mean_eigenvalue", problem.meanEigenvalue());
        self(problem, trained, quick);
        ladder(problem, trained, queries);
        all(problem, trained, queries, quick);
      }
      return new Outcome(table, json, pass);
    }
  }

  private static List<Query> queries(Backend backend, TrainedHead trained, Arena arena) {
    long rows = trained.test().samples();
    Tensor embeddings =
        arena.allocate(DType.F32, rows, trained.model().head().weight().dim(0));
    backend.embed(trained.test().features(), trained.model().head(), embeddings);
    Confusions confusions =
        Confusions.find(backend, embeddings, trained.test().labels(), Neighbouring.COSINE);
    List<Query> queries = new ArrayList<>();
    confusions.pairs().stream()
        .limit(PAIRS)
        .forEach(p -> queries.add(new Query("pair " + p, new PairDistance(p.i(), p.j()))));
    for (Group group : confusions.groups(GROUPS)) {
      queries.add(new Query("group " + group.label(), GroupDistance.of(group)));
    }
    return queries;
  }

  private void self(HeadProblem problem, TrainedHead trained, boolean quick) {
    try (Explanation explanation = open(problem, trained, "1x", SolveOptions.defaults())) {
      Estimators.of("self").scores(explanation, List.of(), Progress.NONE);
      double start = seconds();
      Estimators.of("self").scores(explanation, List.of(), Progress.NONE);
      double spent = seconds() - start;
      judge(quick || spent <= SELF_SECONDS, "self-influence of %d samples: %.2f s (at most %.0f s)",
          problem.samples(), spent, SELF_SECONDS);
      json.addProperty("self_s", spent);
    }
  }

  /** Products per query with and without EK-FAC, for the first queries. */
  private void ladder(HeadProblem problem, TrainedHead trained, List<Query> queries) {
    JsonArray rows = new JsonArray();
    List<Query> some = queries.subList(0, Math.min(COMPARED, queries.size()));
    for (String damping : List.of("100x", "10x")) {
      for (CurvatureKind kind : List.of(CurvatureKind.HESSIAN, CurvatureKind.GAUSS_NEWTON)) {
        double with = products(problem, trained, damping, kind, some, SolveOptions.defaults());
        double plain =
            products(problem, trained, damping, kind, some, SolveOptions.defaults().plain());
        judge(
            2 * with <= plain,
            "%-5s %-12s products per query: EK-FAC %.1f, plain %.1f (%.2fx, at least 2x)",
            damping, kind, with, plain, plain / with);
        JsonObject row = new JsonObject();
        row.addProperty("damping", damping);
        row.addProperty("kind", kind.name());
        row.addProperty("ekfac_products", with);
        row.addProperty("plain_products", plain);
        rows.add(row);
      }
    }
    json.add("preconditioner", rows);
  }

  private double products(
      HeadProblem problem,
      TrainedHead trained,
      String damping,
      CurvatureKind kind,
      List<Query> queries,
      SolveOptions options) {
    try (Explanation explanation =
        open(problem, trained, damping, options.withTolerance(RESIDUAL))) {
      List<Response> responses =
          explanation.responses(kind, ReferencePoint.RECONVERGED, queries, Progress.NONE);
      for (Response response : responses) {
        if (!response.report().converged()) {
          judge(false, "%s %s: a solve ended %s", damping, kind, response.report().status());
        }
      }
      return responses.stream().mapToLong(r -> r.report().products()).average().getAsDouble();
    }
  }

  private void all(
      HeadProblem problem, TrainedHead trained, List<Query> queries, boolean quick) {
    try (Explanation explanation =
        open(problem, trained, "100x", SolveOptions.defaults().withTolerance(RESIDUAL))) {
      double start = seconds();
      SolveOutcome converged = explanation.convergence(Progress.NONE);
      CurvaturePoint point = explanation.point(ReferencePoint.RECONVERGED, Progress.NONE);
      point.ekfac(CurvatureKind.HESSIAN);
      double converging = seconds() - start;
      double product = productSeconds(point);
      start = seconds();
      explanation.responses(
          CurvatureKind.HESSIAN, ReferencePoint.RECONVERGED, queries, Progress.NONE);
      double solving = seconds() - start;
      double productAfter = productSeconds(point);
      double each = (product + productAfter) / 2;
      start = seconds();
      Scores scores = Estimators.of("if").scores(explanation, queries, Progress.NONE);
      double scoring = seconds() - start;
      long products = scores.diagnostics().stream().mapToLong(Diagnostics::products).sum();
      double residual = scores.diagnostics().stream().mapToDouble(Diagnostics::residual).max().getAsDouble();
      say(
          "re-converged at 100x: %d Newton steps, %d products, %.1f s",
          converged.steps(), converged.products(), converging);
      judge(residual <= RESIDUAL, "largest true residual %.1e (at most %.0e)", residual, RESIDUAL);
      double overhead = solving / (products * each);
      judge(
          overhead <= OVERHEAD,
          "%d queries at 100x: %d products (%.1f a query), %.1f s of solving = %.3f x products x"
              + " %.0f ms (at most %.1f); %.2f s a query, scores %.1f s",
          queries.size(), products, (double) products / queries.size(), solving, overhead,
          1e3 * each, OVERHEAD, solving / queries.size(), scoring);
      double total = setUp + converging + solving + scoring;
      String parts = "from features to scores %.1f s: set-up, re-convergence, solving, scores";
      if (Double.isNaN(limit)) {
        say(parts, total);
      } else {
        judge(quick || total <= limit, parts + " (at most %.0f s)", total, limit);
      }
      json.addProperty("total_s", total);
      json.addProperty("queries", queries.size());
      json.addProperty("products", products);
      json.addProperty("solve_s", solving);
      json.addProperty("product_s", each);
      json.addProperty("product_before_s", product);
      json.addProperty("product_after_s", productAfter);
      json.addProperty("overhead", overhead);
      json.addProperty("scores_s", scoring);
      json.addProperty("true_residual", residual);
      json.addProperty("reconvergence_products", converged.products());
      json.addProperty("reconvergence_s", converging);
      JsonArray each60 = new JsonArray();
      scores.diagnostics().forEach(f -> each60.add(f.products()));
      json.add("products_per_query", each60);
    }
  }

  /** Median time of single products. */
  private static double productSeconds(CurvaturePoint point) {
    HeadTensors at = point.at();
    Samples samples = new Samples();
    try (Arena arena = new Arena(point.space().backend().memory())) {
      HeadTensors out =
          new HeadTensors(arena.allocate(at.weight().dtype(), at.weight().shape()), null, null);
      HeadTensors direction = new HeadTensors(at.weight(), null, null);
      for (int i = 0; i < 8; i++) {
        double start = seconds();
        point.curvature().hvp(direction, out);
        if (i > 0) {
          samples.add(seconds() - start);
        }
      }
    }
    return samples.median();
  }

  private static Explanation open(
      HeadProblem problem, TrainedHead trained, String damping, SolveOptions options) {
    return Explanation.open(
        problem,
        trained.test(),
        Damping.parse(damping, problem),
        ExplanationOptions.defaults().with(options));
  }

  private void say(String format, Object... values) {
    table.add("  " + String.format(Locale.ROOT, format, values));
  }

  private void judge(boolean met, String format, Object... values) {
    say((met ? "met     " : "MISSED  ") + format, values);
    pass &= met;
  }

  private static double seconds() {
    return System.nanoTime() / 1e9;
  }
}
