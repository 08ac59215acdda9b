package io.vicinal.gates;

import io.vicinal.backend.Backend;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.SolveOptions;
import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Probe;
import io.vicinal.influence.verify.Retraining;
import io.vicinal.loss.Loss;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.nn.Head;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A scene with a trained head (tau = 18), one damping, its wrong pairs as queries, and retraining.
 * Everything in double precision.
 */
final class Laboratory implements AutoCloseable {
  /** Wrong pairs that are asked about. */
  static final int PAIRS = 20;

  /** The loss whose squared distances make a softmax of scale 18. */
  static final Loss LOSS = new ProxyNcaPlusPlus(3, false);

  private final Scene scene;
  private final Head head;
  private final HeadProblem problem;
  private final Damping damping;
  private final List<Query> queries = new ArrayList<>();
  private final Explanation explanation;
  private final Retraining retraining;
  private final Map<String, double[][]> scores = new HashMap<>();

  Laboratory(Backend backend, Scene scene, Head head, double multiple, Arena arena) {
    this.scene = scene;
    this.head = head;
    HeadModel model = new HeadModel(LOSS, scene.training(), head.tensors());
    problem = HeadProblem.open(backend, model, ProblemOptions.defaults().with(DType.F64));
    damping = Damping.multiple(multiple, problem);
    Tensor embeddings = head.embed(backend, scene.test().features(), arena);
    List<Pair> pairs =
        Confusions.find(backend, embeddings, scene.test().labels(), Neighbouring.COSINE).pairs();
    pairs = pairs.subList(0, Math.min(PAIRS, pairs.size()));
    for (Pair pair : pairs) {
      queries.add(
          new Query("pair " + pair.i() + "-" + pair.j(), new PairDistance(pair.i(), pair.j())));
    }
    queries.add(new Query("all pairs", new GroupDistance("all pairs", pairs)));
    explanation = explain(damping);
    List<Probe> gauges = new ArrayList<>(queries.stream().map(Probe::of).toList());
    gauges.add(Probe.recall(explanation.test()));
    retraining = Retraining.of(explanation, gauges, Retraining.options());
  }

  private Explanation explain(Damping at) {
    ExplanationOptions options =
        new ExplanationOptions(SolveOptions.defaults().withTolerance(1e-6), Retraining.options());
    return Explanation.open(problem, scene.test(), at, options);
  }

  Scene scene() {
    return scene;
  }

  Head head() {
    return head;
  }

  HeadProblem problem() {
    return problem;
  }

  /** lambda in mean eigenvalues. */
  double multiple() {
    return damping.multiple();
  }

  /** Single pairs, without the group. */
  int pairs() {
    return queries.size() - 1;
  }

  /** Number of the query that is the mean distance of all pairs. */
  int group() {
    return queries.size() - 1;
  }

  /** Number of the gauge that is recall at 1. */
  int recall() {
    return queries.size();
  }

  Retraining retraining() {
    return retraining;
  }

  /** Training samples drawn at random. */
  long[] someSamples(int count) {
    long[] rows = LongStream.range(0, problem.samples()).toArray();
    Xoshiro.of(0, "samples").shuffle(rows, 0, rows.length);
    return Arrays.copyOf(rows, count);
  }

  /** Re-solves each edit. */
  List<Outcome> resolve(List<Edit> edits) {
    return retraining.run(edits);
  }

  /** Outcomes of the single pairs, without the group and recall. */
  List<Outcome> pairsOnly(List<Outcome> outcomes) {
    return outcomes.stream()
        .map(
            outcome ->
                new Outcome(
                    outcome.edit(),
                    Arrays.copyOf(outcome.before(), pairs()),
                    Arrays.copyOf(outcome.after(), pairs()),
                    Arrays.copyOf(outcome.error(), pairs()),
                    outcome.steps(),
                    outcome.products(),
                    outcome.gradientNorm(),
                    outcome.converged(),
                    outcome.seconds()))
        .toList();
  }

  /** Scores of the single pairs, without the group. */
  double[][] pairsOnly(double[][] all) {
    return Arrays.copyOf(all, pairs());
  }

  /** Test rows of the pairs. */
  long[] queryRows() {
    return queries.get(group()).measurement().rows();
  }

  /** Scores [Q][N] by an estimator's name. */
  double[][] scores(String method) {
    return scores.computeIfAbsent(
        method, name -> Estimators.of(name).scores(explanation, queries, Progress.NONE).values());
  }

  /** Scores [Q][N] of newton-loo for some samples; NaN for the others. */
  double[][] newton(long[] samples) {
    int[] ids = Arrays.stream(samples).mapToInt(Math::toIntExact).toArray();
    return NewtonLoo.defaults().scores(explanation, queries, ids, Progress.NONE).values();
  }

  /** Scores [Q][N] of an estimator at another damping; null if that does not suffice. */
  double[][] scoresAt(String method, double factor) {
    try (Explanation other = explain(damping.times(factor))) {
      return Estimators.of(method).scores(other, queries, Progress.NONE).values();
    } catch (NegativeCurvatureException e) {
      return null;
    }
  }

  @Override
  public void close() {
    retraining.close();
    explanation.close();
    problem.close();
  }
}
