package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Npy;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.EifOptions;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a query of one confused pair costs once the problem is open. The original's methods are
 * compared by the original's scores, found again from ours by the factor that is written beside
 * them: the recursion in double precision, the walk of 50 steps without a stop in single. The exact method, in single precision at 100 mean eigenvalues and a true
 * residual of 1e-3, answers another question than its peer, the original's recursion: only the
 * pair's distance is compared, and every repeat takes other pairs. Both are timed in blocks of
 * eight queries and reported for one. Not thread-safe.
 */
final class InfluenceWork implements Work {
  private final Arena arena = Arena.host();
  private final String method;
  private final HeadModel model;
  private final FeatureSet test;
  private final List<Pair> pairs;
  private final boolean exact;
  private final HeadProblem problem;
  private final Explanation explanation;
  private final Estimator estimator;
  private final double flops;
  private int repeats;
  private Scores scores;

  InfluenceWork(Backend backend, String method, int samples, int features, int width, int classes) {
    this.method = method;
    TrainedHead trained = TrainedHead.of(backend, arena, samples, features, width, classes);
    model = trained.model();
    test = trained.test();
    Tensor embeddings = arena.allocate(DType.F32, test.samples(), width);
    backend.embed(test.features(), model.head(), embeddings);
    pairs = Confusions.find(backend, embeddings, test.labels(), Neighbouring.RAW).pairs();
    exact = method.equals("if");
    problem =
        HeadProblem.open(
            backend, model, ProblemOptions.defaults().with(method.equals("if-seed") ? DType.F64 : DType.F32));
    explanation =
        Explanation.open(
            problem,
            test,
            Damping.parse(exact ? "100x" : "1x", problem),
            ExplanationOptions.defaults());
    EifOptions walk =
        new EifOptions(50, 1e-3, 4, EifOptions.Ways.ASCENT, 0, EifOptions.Form.PRODUCT);
    estimator =
        method.equals("eif") ? Estimators.of(method, withWalk(walk)) : Estimators.of(method);
    if (exact) {
      explanation.point(ReferencePoint.RECONVERGED, Progress.NONE); // set-up, paid once
    }
    double rows = (double) samples * width;
    // The walk: losses only. The recursion: products with h and updates of h, and one for the scores. The exact
    // method: one product's worth, for the number of products is the solver's.
    flops =
        switch (method) {
          case "eif" -> 2 * rows * (classes + 2);
            // Scores over all samples; two products and the logits over those that are still felt.
          case "if-seed" -> 2 * rows * (features + felt(samples) * (2.0 * features + 2 * classes));
          default -> 4 * rows * (features + classes);
        };
  }

  /** The share of a pass after which 0.99^k, the recursion's decay, is still above rounding. */
  private static double felt(int samples) {
    return Math.min(1, Math.log(1e-15) / Math.log(0.99) / samples);
  }

  private static Estimators.EstimatorOptions withWalk(EifOptions walk) {
    Estimators.EstimatorOptions defaults = Estimators.EstimatorOptions.defaults();
    return new Estimators.EstimatorOptions(
        walk, defaults.lissa(), defaults.newton(), defaults.checkpoints());
  }

  @Override
  public List<String> beside() {
    return method.equals("eif") ? List.of("beside") : List.of();
  }

  @Override
  public String problem() {
    return "N="
        + model.samples()
        + " D="
        + model.training().width()
        + " d="
        + model.head().weight().dim(0)
        + " C="
        + model.classes()
        + (exact ? " 100x" : method.equals("eif") ? " 50 steps" : " float64");
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("X.npy"), model.training().features());
    Npy.write(folder.resolve("y.npy"), model.training().labels());
    Npy.write(folder.resolve("W.npy"), model.head().weight());
    Npy.write(folder.resolve("P.npy"), model.head().proxies());
    Npy.write(
        folder.resolve("T.npy"), test.subset(arena, "pair", pairs.get(0).i(), pairs.get(0).j()).features());
  }

  @Override
  public List<String> peerArguments() {
    return List.of("influence", method);
  }

  @Override
  public void repeat() {
    List<Query> queries = new ArrayList<>();
    for (int i = 0; i < jobs(); i++) {
      queries.add(query(exact ? repeats++ : i));
    }
    scores = estimator.scores(explanation, queries, Progress.NONE);
  }

  /** Queries share passes over the features, so that a user's fifty cost less than fifty alone. */
  @Override
  public int jobs() {
    return method.equals("eif") ? 1 : 8;
  }

  private Query query(int i) {
    Pair pair = pairs.get(i % pairs.size());
    return new Query("pair " + i, new PairDistance(pair.i(), pair.j()));
  }

  @Override
  public Map<String, Double> values() {
    double distance = explanation.test().value(query(0).measurement(), problem.reference());
    return Map.of("distance", distance);
  }

  @Override
  public Map<String, Tensor> arrays() {
    if (exact) {
      return Map.of();
    }
    double factor = ((Number) scores.diagnostics().get(0).more().get(Diagnostics.ORIGINAL_FACTOR)).doubleValue();
    double[] original = scores.values()[0].clone();
    for (int i = 0; i < original.length; i++) {
      original[i] *= factor;
    }
    return Map.of("scores", arena.of(original, original.length));
  }

  @Override
  public double flops() {
    return flops;
  }

  @Override
  public double bytes() {
    long weight = model.head().weight().size();
    return Double.BYTES * (double) (model.training().features().size() + 3 * weight);
  }

  @Override
  public void close() {
    explanation.close();
    problem.close();
    arena.close();
  }
}
