package io.vicinal.cli.demo;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.HeadModel;
import io.vicinal.influence.Query;
import io.vicinal.influence.confusion.Confusions;
import io.vicinal.influence.confusion.Group;
import io.vicinal.influence.confusion.Neighbouring;
import io.vicinal.influence.confusion.Pair;
import io.vicinal.influence.estimate.Estimator;
import io.vicinal.influence.estimate.Estimators;
import io.vicinal.influence.estimate.Explanation;
import io.vicinal.influence.estimate.ExplanationOptions;
import io.vicinal.influence.estimate.Facts;
import io.vicinal.influence.estimate.ReferencePoint;
import io.vicinal.influence.estimate.Scores;
import io.vicinal.influence.measure.Embedded;
import io.vicinal.influence.measure.GroupDistance;
import io.vicinal.influence.measure.PairDistance;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.HeadProblem;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.solve.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Gauge;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.influence.verify.Retraining;
import io.vicinal.influence.verify.Stability;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The worst confusions of a head, what each training sample has to do with them, and what solving
 * again without the most important ones shows.
 *
 * @param queries a pair of each of the worst classes, and the worst class as a group
 * @param pairs of test images of each query
 * @param distances of those pairs
 * @param scores predicted changes by removal
 * @param miniature the removals that were made
 * @param spectrum the EK-FAC eigenvalues of the Hessian, descending
 * @param damping in use
 */
record Blame(
    List<Query> queries,
    List<List<Pair>> pairs,
    List<double[]> distances,
    Scores scores,
    Miniature miniature,
    double[] spectrum,
    Damping damping) {
  private static final int CLASSES = 3; // worst ones

  /** null if no test sample is wrong. */
  static Blame of(
      Backend backend,
      HeadModel model,
      FeatureSet test,
      StorySettings settings,
      Progress progress) {
    List<Query> queries = new ArrayList<>();
    List<List<Pair>> pairs = new ArrayList<>();
    for (Group group : groups(backend, model, test)) {
      if (queries.isEmpty()) {
        queries.add(new Query("group " + group.label(), GroupDistance.of(group)));
        pairs.add(group.pairs());
      }
      // The first pair of each class: not a choice made by looking.
      Pair pair = group.pairs().get(0);
      queries.add(
          new Query("pair " + pair.i() + "-" + pair.j(), new PairDistance(pair.i(), pair.j())));
      pairs.add(List.of(pair));
    }
    if (queries.isEmpty()) {
      return null;
    }
    ProblemOptions exact = ProblemOptions.defaults().with(DType.F64);
    try (HeadProblem problem = HeadProblem.open(backend, model, exact)) {
      Damping damping = Damping.multiple(settings.damping(), problem);
      damping = new Damping(damping.lambda(), damping.multiple(), true);
      try (Explanation explanation =
          Explanation.open(problem, test, damping, ExplanationOptions.defaults())) {
        return of(explanation, test, queries, pairs, settings, progress);
      }
    }
  }

  private static List<Group> groups(Backend backend, HeadModel model, FeatureSet test) {
    try (Arena arena = new Arena(backend.memory())) {
      Head head = new Head(model.head().weight(), model.head().bias(), model.head().proxies());
      Tensor z = head.embed(backend, test.features(), arena);
      return Confusions.find(backend, z, test.labels(), Neighbouring.COSINE).groups(CLASSES);
    }
  }

  private static Blame of(
      Explanation explanation,
      FeatureSet test,
      List<Query> queries,
      List<List<Pair>> pairs,
      StorySettings settings,
      Progress progress) {
    Estimator estimator = Estimators.of("if");
    Scores scores = estimator.scores(explanation, queries, progress);
    List<Stability> stability =
        Stability.of(
            scores.values(), factor -> at(explanation, test, factor, estimator, queries, progress));
    MiniatureOptions options =
        new MiniatureOptions(
            settings.removals(),
            settings.removals(),
            MiniatureOptions.defaults().sizeError(),
            Long.MAX_VALUE,
            Double.POSITIVE_INFINITY,
            settings.seed());
    List<Gauge> gauges = queries.stream().map(Gauge::of).toList();
    try (Retraining retraining =
        Retraining.of(explanation, gauges, Retraining.options().with(progress))) {
      Miniature miniature =
          Miniature.run(
              queries.stream().map(Query::id).toList(),
              scores.values(),
              stability,
              options,
              retraining::run);
      return new Blame(
          queries,
          pairs,
          pairs.stream().map(some -> distances(explanation, some)).toList(),
          scores,
          miniature,
          spectrum(explanation),
          explanation.damping());
    }
  }

  private static double[] distances(Explanation explanation, List<Pair> pairs) {
    HeadTensors head = explanation.problem().reference();
    List<PairDistance> measured =
        pairs.stream().map(pair -> new PairDistance(pair.i(), pair.j())).toList();
    Embedded embedded = explanation.test().embed(head, explanation.test().rowsOf(measured));
    return measured.stream().mapToDouble(pair -> pair.value(embedded)).toArray();
  }

  private static double[][] at(
      Explanation explanation,
      FeatureSet test,
      double factor,
      Estimator estimator,
      List<Query> queries,
      Progress progress) {
    if (factor < 0.3 || factor > 3) {
      return null; // the badges ask for the nearest two only
    }
    Damping now = explanation.damping();
    Damping other = new Damping(now.lambda() * factor, now.multiple() * factor, false);
    try (Explanation there =
        Explanation.open(explanation.problem(), test, other, explanation.options())) {
      return estimator.scores(there, queries, progress).values();
    } catch (NegativeCurvatureException e) {
      return null;
    }
  }

  private static double[] spectrum(Explanation explanation) {
    double[] ascending =
        explanation
            .point(ReferencePoint.RECONVERGED, Progress.NONE)
            .ekfac(CurvatureKind.HESSIAN)
            .diagonal()
            .weight()
            .toDoubles();
    Arrays.sort(ascending);
    double[] descending = new double[ascending.length];
    Arrays.setAll(descending, i -> ascending[ascending.length - 1 - i]);
    return descending;
  }

  /** Hessian-vector products of the solves. */
  long products() {
    return scores.facts().stream().mapToLong(Facts::products).sum();
  }

  /** The largest relative residual. */
  double residual() {
    return scores.facts().stream().mapToDouble(Facts::residual).max().orElse(Double.NaN);
  }
}
