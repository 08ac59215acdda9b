package io.vicinal.cli.explain;

import static io.vicinal.influence.attribution.ReferencePoint.RECONVERGED;
import static java.lang.Double.NaN;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.cli.common.ElementType;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.solve.HeadProblem;
import io.vicinal.influence.solve.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.Spectrum;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Scores of queries in blocks: a block that is finished is kept in the work folder, and a later
 * call takes it from there. Blocks do not depend on each other, so that results are the same bytes
 * however often a call was interrupted: an automatic damping that one block raises is raised for
 * all.
 */
final class Scoring implements AutoCloseable {
  private static final int BLOCK = 16;
  private static final List<String> SOLVING = List.of("if", "newton-loo", "if-gn", "fisher");

  /**
   * The scores of one method.
   *
   * @param values [rows, N of the dataset], NaN for samples that were not trained on
   * @param facts one per row
   * @param seconds of computing, those of earlier calls included
   */
  record Result(String method, Tensor values, List<JsonObject> facts, double seconds) {
    /** One row. */
    double[] row(int row) {
      return values.rows(row, row + 1L).toDoubles();
    }

    /** Whether the solve of a row failed: its values are NaN. */
    boolean failed(int row) {
      return facts.get(row).get("failed").getAsBoolean();
    }

    /** How many failed. */
    long failed() {
      return IntStream.range(0, facts.size()).filter(this::failed).count();
    }

    /** The columns of the training samples, in their order. */
    double[][] trained(ModelInputs model) {
      return trained(model, facts.size());
    }

    /** The same of the first rows. */
    double[][] trained(ModelInputs model, int count) {
      double[][] rows = new double[count][];
      for (int q = 0; q < rows.length; q++) {
        double[] all = row(q);
        rows[q] = Arrays.stream(model.positions()).mapToDouble(p -> all[(int) p]).toArray();
      }
      return rows;
    }
  }

  private final ModelInputs model;
  private final MethodOptions options;
  private final WorkFolder work;
  private final Progress progress;
  private final HeadProblem problem;
  private Damping damping;
  private Explanation explanation;

  Scoring(ModelInputs model, MethodOptions options, WorkFolder work, Progress progress) {
    this(model, options, work, progress, options.problem(model.model().head().weight().dtype()));
    try {
      damping = Damping.parse(options.damping, problem);
      raiseAsBefore();
    } catch (RuntimeException | Error e) {
      problem.close();
      throw e;
    }
  }

  private Scoring(
      ModelInputs model,
      MethodOptions options,
      WorkFolder work,
      Progress progress,
      ProblemOptions how) {
    this.model = model;
    this.options = options;
    this.work = work;
    this.progress = progress;
    problem = HeadProblem.open(model.backend(), model.model(), how);
  }

  /**
   * The same in double precision, at the damping in use: differences of nearly equal numbers are
   * taken where a head is solved again without a sample.
   */
  Scoring exact() {
    ProblemOptions how = options.problem(problem.dtype()).with(DType.F64);
    Scoring exact = new Scoring(model, options, work, progress, how);
    exact.damping = damping;
    return exact;
  }

  private void raiseAsBefore() {
    while (work.holds(raised())) {
      try (Arena scratch = Arena.host()) {
        damping = raise(work.piece(raised(), scratch, a -> null));
      }
    }
  }

  /** The problem that is solved. */
  HeadProblem problem() {
    return problem;
  }

  /** The damping in use: the given one, or what an automatic one was raised to. */
  Damping damping() {
    return damping;
  }

  /** In a line, for a terminal. */
  static String said(Object damping) {
    return "damping: " + damping;
  }

  /** The same of one of several. */
  static String said(Object damping, String name) {
    return "damping of " + name + ": " + damping;
  }

  /** The ends of the curvature's spectrum where some results were taken, or null without EK-FAC. */
  Spectrum spectrum(List<Result> results) {
    boolean moved =
        results.stream()
            .flatMap(result -> result.facts().stream())
            .anyMatch(f -> f.get("reference").getAsString().equals(RECONVERGED.toString()));
    ReferencePoint point = moved ? RECONVERGED : ReferencePoint.DELIVERED;
    String name = "spectrum-" + (moved ? Double.toHexString(damping.lambda()) : "delivered");
    try (Arena scratch = Arena.host()) {
      WorkFolder.Piece piece =
          work.piece(
              name,
              scratch,
              arena -> {
                Spectrum found = Spectrum.of(explanation().point(point, progress));
                JsonObject json = new JsonObject();
                if (found == null) {
                  return new WorkFolder.Piece(null, json);
                }
                json.add("smallest", Summary.number(found.smallest()));
                return new WorkFolder.Piece(arena.of(found.top(), found.top().length), json);
              });
      return piece.numbers() == null
          ? null
          : new Spectrum(piece.numbers().toDoubles(), piece.facts().get("smallest").getAsDouble());
    }
  }

  /**
   * What all methods rest on.
   *
   * @param spectrum or null if it is not known
   */
  JsonObject facts(Spectrum spectrum) {
    JsonObject json = new JsonObject();
    json.addProperty("theta", problem.theta().toString());
    json.addProperty("dtype", ElementType.name(problem.dtype()));
    json.addProperty("damping", options.damping);
    json.addProperty("lambda", damping.lambda());
    json.add("multiple", Summary.number(damping.multiple()));
    json.addProperty("unit", damping.unit().toString());
    json.add("unit_value", Summary.number(problem.meanEigenvalue()));
    json.add("unit_error", Summary.number(problem.meanEigenvalueError()));
    json.add("largest_eigenvalue", Summary.number(spectrum == null ? NaN : spectrum.largest()));
    json.add("smallest_eigenvalue", Summary.number(spectrum == null ? NaN : spectrum.smallest()));
    json.add("eigenvalues_of", spectrum == null ? JsonNull.INSTANCE : new JsonPrimitive("EK-FAC"));
    json.addProperty("tolerance", options.tolerance);
    json.addProperty("preconditioner", problem.isRotated() ? "EK-FAC" : "none");
    return json;
  }

  /** Whether EK-FAC and all else that takes time is left out. */
  boolean isPlain() {
    return options.plain;
  }

  /** What the methods share, at the damping in use. */
  Explanation explanation() {
    if (explanation == null) {
      explanation = open(damping);
    }
    return explanation;
  }

  /** The same problem at another damping; the caller closes it. */
  Explanation open(Damping other) {
    return Explanation.open(problem, model.test(), other, options.solve());
  }

  /**
   * What the methods that solve will take, or null if none does.
   *
   * @throws io.vicinal.InputException if the memory will not do
   */
  Forecast forecast(List<String> methods, List<Query> queries) {
    CurvatureKind kind =
        methods.contains("if") || methods.contains("newton-loo")
            ? CurvatureKind.HESSIAN
            : methods.contains("if-gn")
                ? CurvatureKind.GAUSS_NEWTON
                : methods.contains("fisher") ? CurvatureKind.FISHER : null;
    if (kind == null) {
      return null;
    }
    try (Arena scratch = new Arena(model.backend().memory())) {
      Directions rhs = problem.space().zeros(scratch, 1);
      Tensor weight = rhs.weight().reshape(rhs.weight().dim(1), rhs.weight().dim(2));
      List<Query> first = queries.subList(0, 1);
      Embedded embedded = explanation().embeddings(first, problem.reference());
      explanation().test().expand(TestSet.gradient(first.get(0).measurement(), embedded), weight);
      return Forecast.of(
              problem.delivered(),
              kind,
              damping.lambda(),
              rhs,
              Math.toIntExact(systems(methods, queries.size())),
              options.solve().solve())
          .requireMemory();
    }
  }

  private long systems(List<String> methods, int queries) {
    long loo =
        methods.contains("newton-loo")
            ? NewtonLoo.defaults().solves(queries, model.model().samples())
            : 0;
    long solving = methods.stream().filter(SOLVING::contains).count();
    return Math.min(Integer.MAX_VALUE, loo + solving * queries);
  }

  /** Computes, or finds, the scores of some methods. */
  List<Result> run(List<Estimator> estimators, List<Query> queries, Arena arena) {
    while (true) {
      List<Result> results = new ArrayList<>();
      for (Estimator estimator : estimators) {
        Result result = method(estimator, queries, arena);
        if (result == null) {
          break;
        }
        results.add(result);
      }
      if (results.size() == estimators.size()) {
        return results;
      }
    }
  }

  /** null if the damping was raised: what was computed before is void. */
  private Result method(Estimator estimator, List<Query> queries, Arena arena) {
    boolean asked = !estimator.name().equals("self"); // which has one row, whatever is asked
    int rows = asked ? queries.size() : 1;
    Tensor values = arena.allocate(DType.F64, rows, model.dataset());
    List<JsonObject> facts = new ArrayList<>();
    double seconds = 0;
    for (int from = 0; from < rows; from += BLOCK) {
      int to = Math.min(rows, from + BLOCK);
      List<Query> block = asked ? queries.subList(from, to) : queries;
      String name = estimator.name() + "-" + from + "-" + Double.toHexString(damping.lambda());
      try (Arena scratch = Arena.host()) {
        WorkFolder.Piece piece = work.piece(name, scratch, a -> compute(estimator, block, a));
        double lambda = piece.facts().get("damping").getAsDouble();
        if (lambda != damping.lambda()) {
          work.piece(raised(), scratch, a -> new WorkFolder.Piece(null, piece.facts()));
          damping = raise(piece);
          if (explanation != null && explanation.damping().lambda() != damping.lambda()) {
            closeExplanation(); // another call raised it
          }
          return null;
        }
        values.rows(from, to).copyFrom(piece.numbers());
        piece.facts().getAsJsonArray("queries").forEach(f -> facts.add(f.getAsJsonObject()));
        seconds += piece.facts().get("seconds").getAsDouble();
      }
    }
    return new Result(estimator.name(), values, facts, seconds);
  }

  private WorkFolder.Piece compute(Estimator estimator, List<Query> block, Arena arena) {
    long start = System.nanoTime();
    Scores scores = estimator.scores(explanation(), block, progress);
    Tensor values = arena.allocate(DType.F64, scores.values().length, model.dataset());
    double[] row = new double[Math.toIntExact(model.dataset())];
    long[] positions = model.positions();
    for (int q = 0; q < scores.values().length; q++) {
      Arrays.fill(row, Double.NaN);
      for (int i = 0; i < positions.length; i++) {
        row[(int) positions[i]] = scores.values()[q][i];
      }
      values.rows(q, q + 1L).set(row);
    }
    JsonObject json = new JsonObject();
    json.addProperty("damping", explanation.damping().lambda());
    json.add("multiple", Summary.number(explanation.damping().multiple()));
    json.addProperty("seconds", (System.nanoTime() - start) * 1e-9);
    JsonArray facts = new JsonArray();
    scores.facts().forEach(f -> facts.add(json(f)));
    json.add("queries", facts);
    return new WorkFolder.Piece(values, json);
  }

  private static JsonObject json(Diagnostics facts) {
    JsonObject json = new JsonObject();
    json.addProperty("query", facts.query());
    json.addProperty("measurement", facts.measurement());
    json.addProperty("unit", facts.unit());
    json.add("value", Summary.number(facts.value()));
    json.addProperty("reference", facts.reference().toString());
    json.add("lambda", Summary.number(facts.lambda()));
    json.add("multiple", Summary.number(facts.multiple()));
    json.addProperty("status", facts.status());
    json.addProperty("iterations", facts.iterations());
    json.addProperty("products", facts.products());
    json.add("residual", Summary.number(facts.residual()));
    json.addProperty("failed", facts.failed());
    facts.more().forEach((name, fact) -> json.add(name.replace(' ', '_'), Summary.fact(fact)));
    return json;
  }

  /** Name of the piece that says that the damping in use did not suffice. */
  private String raised() {
    return "raised-" + Double.toHexString(damping.lambda());
  }

  private Damping raise(WorkFolder.Piece piece) {
    JsonObject facts = piece.facts();
    return new Damping(
        facts.get("damping").getAsDouble(),
        Summary.number(facts.get("multiple")), // to the digit, as the explanation counts it
        damping.unit(),
        damping.automatic());
  }

  /**
   * Solves queries at the re-converged point in the blocks in which they were scored, for what asks
   * one by one later: an answer's last digits depend on what it was solved with.
   */
  void solve(List<Query> queries) {
    for (int from = 0; from < queries.size(); from += BLOCK) {
      List<Query> block = queries.subList(from, Math.min(queries.size(), from + BLOCK));
      explanation().responses(CurvatureKind.HESSIAN, RECONVERGED, block, progress);
    }
  }

  private void closeExplanation() {
    if (explanation != null) {
      explanation.close();
      explanation = null;
    }
  }

  @Override
  public void close() {
    closeExplanation();
    problem.close();
  }
}
