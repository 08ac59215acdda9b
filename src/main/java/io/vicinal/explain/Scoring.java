package io.vicinal.explain;

import static io.vicinal.influence.attribution.ReferencePoint.RECONVERGED;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * Scores of queries in blocks: a block that is finished is kept, and a later call takes it from
 * there. Blocks do not depend on each other, so that results are the same bytes however often a
 * call was interrupted: an automatic damping that one block raises is raised for all.
 */
final class Scoring implements AutoCloseable {
  private static final int BLOCK = 16;

  private final Setup setup;
  private final HeadProblem problem;
  private Damping damping;
  private Explanation explanation;

  private Scoring(Setup setup, ProblemOptions options) {
    this.setup = setup;
    problem = HeadProblem.open(setup.backend(), setup.subject().model(), options);
  }

  /** At the damping that the options say, or what an earlier call raised it to. */
  static Scoring open(Setup setup) {
    DType head = setup.subject().model().head().weight().dtype();
    Scoring scoring = new Scoring(setup, setup.options().problem(head));
    try {
      Damping earlier = Damping.parse(setup.options().damping(), scoring.problem);
      while (earlier != null) {
        scoring.damping = earlier;
        earlier = setup.pieces().piece(scoring.raised(), Damping.class, () -> null);
      }
      return scoring;
    } catch (RuntimeException | Error e) {
      scoring.close();
      throw e;
    }
  }

  /**
   * The same in double precision, at the damping in use: differences of nearly equal numbers are
   * taken where a head is solved again without a sample.
   */
  Scoring exact() {
    Scoring exact = new Scoring(setup, setup.options().problem(DType.F64).with(DType.F64));
    exact.damping = damping;
    return exact;
  }

  /** With what it computes. */
  Setup setup() {
    return setup;
  }

  /** The problem that is solved. */
  HeadProblem problem() {
    return problem;
  }

  /** The damping in use: the given one, or what an automatic one was raised to. */
  Damping damping() {
    return damping;
  }

  /** What the methods share, at the damping in use. */
  Explanation explanation() {
    if (explanation == null) {
      explanation = open(damping);
    }
    return explanation;
  }

  private Explanation open(Damping other) {
    return Explanation.open(problem, setup.subject().testSamples(), other, setup.options().solve());
  }

  /**
   * The scores of a method at another damping.
   *
   * @param factor times the damping in use
   * @return [Q][N]; null if nothing can be solved there
   */
  double[][] scoresAt(double factor, Estimator estimator, List<Query> queries) {
    try (Explanation there = open(damping.times(factor).fixed())) {
      return estimator.scores(there, queries, setup.progress()).values();
    } catch (NegativeCurvatureException e) {
      return null;
    }
  }

  /**
   * @param spectrum or null where there is no EK-FAC
   */
  private record Ends(Spectrum spectrum) {}

  /** The ends of the curvature's spectrum where some results were taken, or null without EK-FAC. */
  Spectrum spectrum(boolean moved) {
    ReferencePoint point = moved ? RECONVERGED : ReferencePoint.DELIVERED;
    String name = "spectrum-" + (moved ? Double.toHexString(damping.lambda()) : "delivered");
    return setup
        .pieces()
        .piece(
            name,
            Ends.class,
            () -> new Ends(Spectrum.of(explanation().point(point, setup.progress()))))
        .spectrum();
  }

  /**
   * What the methods that solve will take, or null if none does.
   *
   * @throws io.vicinal.InputException if the memory will not do
   */
  Forecast forecast(List<Estimator> estimators, List<Query> queries) {
    CurvatureKind kind = // the first, which is the hardest
        estimators.stream()
            .map(Estimator::curvature)
            .filter(Objects::nonNull)
            .min(Comparator.naturalOrder())
            .orElse(null);
    if (kind == null) {
      return null;
    }
    long systems =
        estimators.stream().mapToLong(one -> one.systems(queries.size(), problem.samples())).sum();
    try (Arena scratch = new Arena(problem.backend().memory())) {
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
              (int) Math.min(Integer.MAX_VALUE, systems),
              setup.options().solve().solve())
          .requireMemory();
    }
  }

  /**
   * Computes, or finds, the scores of some methods.
   *
   * @param arena owner of the scores
   */
  List<Attribution> run(List<Estimator> estimators, List<Query> queries, Arena arena) {
    List<Tensor> values = estimators.stream().map(one -> rows(one, queries, arena)).toList();
    while (true) {
      List<Attribution> results = new ArrayList<>();
      for (Estimator estimator : estimators) {
        Attribution result = method(estimator, queries, values.get(results.size()));
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

  private Tensor rows(Estimator estimator, List<Query> queries, Arena arena) {
    int rows = Attributions.isSelf(estimator.name()) ? 1 : queries.size();
    return arena.allocate(DType.F64, rows, problem.samples());
  }

  /**
   * A piece of work.
   *
   * @param damping under which it was done
   */
  private record Block(
      double[][] values, List<Diagnostics> diagnostics, Damping damping, double seconds) {}

  /** null if the damping was raised: what was computed before is void. */
  private Attribution method(Estimator estimator, List<Query> queries, Tensor values) {
    int rows = Math.toIntExact(values.dim(0));
    List<Diagnostics> diagnostics = new ArrayList<>();
    double seconds = 0;
    for (int from = 0; from < rows; from += BLOCK) {
      List<Query> some = queries.subList(from, Math.min(rows, from + BLOCK));
      String name = estimator.name() + "-" + from + "-" + Double.toHexString(damping.lambda());
      Block block = setup.pieces().piece(name, Block.class, () -> compute(estimator, some));
      if (block.damping().lambda() != damping.lambda()) {
        damping = setup.pieces().piece(raised(), Damping.class, block::damping);
        if (explanation != null && explanation.damping().lambda() != damping.lambda()) {
          closeExplanation(); // another call raised it
        }
        return null;
      }
      for (int row = 0; row < block.values().length; row++) {
        values.rows(from + row, from + row + 1L).set(block.values()[row]);
      }
      diagnostics.addAll(block.diagnostics());
      seconds += block.seconds();
    }
    return new Attribution(
        estimator.name(), setup.subject().positions(), values, diagnostics, seconds);
  }

  private Block compute(Estimator estimator, List<Query> queries) {
    long start = System.nanoTime();
    Scores scores = estimator.scores(explanation(), queries, setup.progress());
    double seconds = (System.nanoTime() - start) * 1e-9;
    return new Block(scores.values(), scores.diagnostics(), explanation().damping(), seconds);
  }

  /** Name of the piece that says that the damping in use did not suffice. */
  private String raised() {
    return "raised-" + Double.toHexString(damping.lambda());
  }

  /**
   * Solves queries at the re-converged point in the blocks in which they were scored, for what asks
   * one by one later: an answer's last digits depend on what it was solved with.
   */
  void solve(List<Query> queries) {
    for (int from = 0; from < queries.size(); from += BLOCK) {
      List<Query> block = queries.subList(from, Math.min(queries.size(), from + BLOCK));
      explanation().responses(CurvatureKind.HESSIAN, RECONVERGED, block, setup.progress());
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
