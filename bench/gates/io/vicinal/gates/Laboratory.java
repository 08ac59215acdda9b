package io.vicinal.gates;

import io.vicinal.explain.Subject;
import io.vicinal.explain.ExplainerOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.backend.Backend;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.solve.Progress;
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
  private final Explainer explainer;
  private final List<Query> queries = new ArrayList<>();
  private final Retraining retraining;
  private final Map<String, double[][]> scores = new HashMap<>();

  Laboratory(Backend backend, Scene scene, Head head, double multiple, Arena arena) {
    this.scene = scene;
    this.head = head;
    explainer =
        Explainer.of(backend, Subject.of(LOSS, head, scene.training(), scene.test(), arena))
            .with(
                ExplainerOptions.defaults()
                    .with(DType.F64)
                    .withDamping(multiple + "x")
                    .withTolerance(1e-6));
    List<Pair> pairs = explainer.confusions().pairs().stream().limit(PAIRS).toList();
    queries.addAll(explainer.queries("distance").ofPairs(pairs));
    queries.add(new Query("all pairs", new GroupDistance("all pairs", pairs)));
    List<Probe> probes = new ArrayList<>(queries.stream().map(Probe::of).toList());
    probes.add(Probe.recall(explainer.explanation().test()));
    retraining = Retraining.of(explainer.explanation(), probes, Retraining.options());
  }

  Scene scene() {
    return scene;
  }

  Head head() {
    return head;
  }

  HeadProblem problem() {
    return explainer.problem();
  }

  /** lambda in mean eigenvalues. */
  double multiple() {
    return explainer.damping().multiple();
  }

  /** Single pairs, without the group. */
  int pairs() {
    return queries.size() - 1;
  }

  /** Number of the query that is the mean distance of all pairs. */
  int group() {
    return queries.size() - 1;
  }

  /** Number of the probe that is recall at 1. */
  int recall() {
    return queries.size();
  }

  Retraining retraining() {
    return retraining;
  }

  /** Training samples drawn at random. */
  long[] someSamples(int count) {
    long[] rows = LongStream.range(0, explainer.problem().samples()).toArray();
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
        method,
        name ->
            Estimators.of(name)
                .scores(explainer.explanation(), queries, Progress.NONE)
                .values());
  }

  /** Scores [Q][N] of newton-loo for some samples; NaN for the others. */
  double[][] newton(long[] samples) {
    int[] ids = Arrays.stream(samples).mapToInt(Math::toIntExact).toArray();
    return NewtonLoo.defaults().scores(explainer.explanation(), queries, ids, Progress.NONE).values();
  }

  /** Scores [Q][N] of an estimator at another damping; null if that does not suffice. */
  double[][] scoresAt(String method, double factor) {
    return explainer.scoresAt(factor, method, queries);
  }

  @Override
  public void close() {
    retraining.close();
    explainer.close();
  }
}
