package io.vicinal.cli.demo;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.influence.verify.Probe;
import io.vicinal.influence.verify.Retraining;
import io.vicinal.influence.verify.Stability;
import io.vicinal.influence.verify.Verdict;
import io.vicinal.nn.Head;
import io.vicinal.report.Blame;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The worst confusions of a head, what each training sample has to do with them, and what solving
 * again without the most important ones shows: a pair of each of the worst classes, and the worst
 * class as a group.
 */
final class Tracing {
  private static final int CLASSES = 3; // worst ones

  private final FeatureSet test;
  private final StorySettings settings;
  private final Progress progress;
  private final List<Query> queries = new ArrayList<>();
  private final List<List<Pair>> pairs = new ArrayList<>();

  private Tracing(FeatureSet test, StorySettings settings, Progress progress) {
    this.test = test;
    this.settings = settings;
    this.progress = progress;
  }

  /** null if no test sample is wrong. */
  static Blame of(
      Backend backend,
      HeadModel model,
      FeatureSet test,
      StorySettings settings,
      Progress progress) {
    return new Tracing(test, settings, progress).of(backend, model);
  }

  private Blame of(Backend backend, HeadModel model) {
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
      Damping damping = Damping.multiple(settings.damping(), problem).raisable();
      try (Explanation explanation =
          Explanation.open(problem, test, damping, ExplanationOptions.defaults())) {
        return of(explanation);
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

  private Blame of(Explanation explanation) {
    Estimator estimator = Estimators.of("if");
    Scores scores = estimator.scores(explanation, queries, progress);
    List<Stability> stability =
        Stability.near(scores.values(), factor -> at(explanation, factor, estimator));
    MiniatureOptions options =
        new MiniatureOptions(
            settings.removals(),
            settings.removals(),
            Long.MAX_VALUE,
            Double.POSITIVE_INFINITY,
            settings.seed());
    List<Probe> gauges = queries.stream().map(Probe::of).toList();
    try (Retraining retraining =
        Retraining.of(explanation, gauges, Retraining.options().with(progress))) {
      Miniature miniature =
          Miniature.run(
              queries.stream().map(Query::id).toList(),
              scores.values(),
              stability,
              IntStream.range(0, queries.size())
                  .mapToObj(q -> known(q, scores, explanation))
                  .toList(),
              options,
              retraining::run);
      List<Blame.Item> items = new ArrayList<>();
      for (int q = 0; q < queries.size(); q++) {
        items.add(item(q, scores, explanation));
      }
      return new Blame(
          items,
          miniature,
          explanation.damping(),
          Spectrum.of(explanation.point(ReferencePoint.RECONVERGED, Progress.NONE)),
          scores.facts().stream().mapToLong(Diagnostics::products).sum(),
          explanation.moved());
    }
  }

  private Set<Doubt> known(int q, Scores scores, Explanation explanation) {
    Measurement measurement = queries.get(q).measurement();
    Diagnostics facts = scores.facts().get(q);
    return Verdict.known(
        facts.failed(),
        explanation.damping().isWithinSpectrum(),
        explanation.test().value(measurement, explanation.problem().reference()),
        facts.value());
  }

  private Blame.Item item(int q, Scores scores, Explanation explanation) {
    Measurement measurement = queries.get(q).measurement();
    HeadTensors delivered = explanation.problem().reference();
    Pair first = pairs.get(q).get(0);
    boolean group = measurement instanceof GroupDistance;
    String label = StoryReport.name(test.labels().longAt(first.i()));
    return new Blame.Item(
        group ? label + ", " + pairs.get(q).size() + " confusions" : "query " + first.i(),
        group ? "the wrong queries of " + label : "query " + first.i(),
        false,
        measurement.unit(),
        pairs.get(q),
        distances(explanation, pairs.get(q)),
        explanation.test().value(measurement, delivered),
        scores.facts().get(q).value(),
        scores.values()[q],
        scores.facts().get(q).residual());
  }

  private static double[] distances(Explanation explanation, List<Pair> pairs) {
    HeadTensors head = explanation.problem().reference();
    List<PairDistance> measured =
        pairs.stream().map(pair -> new PairDistance(pair.i(), pair.j())).toList();
    Embedded embedded = explanation.test().embed(head, explanation.test().rowsOf(measured));
    return measured.stream().mapToDouble(pair -> pair.value(embedded)).toArray();
  }

  private double[][] at(Explanation explanation, double factor, Estimator estimator) {
    Damping other = explanation.damping().times(factor).fixed();
    try (Explanation there =
        Explanation.open(explanation.problem(), test, other, explanation.options())) {
      return estimator.scores(there, queries, progress).values();
    } catch (NegativeCurvatureException e) {
      return null;
    }
  }
}
