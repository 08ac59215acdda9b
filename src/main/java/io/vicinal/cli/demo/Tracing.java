package io.vicinal.cli.demo;

import io.vicinal.backend.Backend;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.ExplainerOptions;
import io.vicinal.explain.Queries;
import io.vicinal.explain.Subject;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.report.Blame;
import io.vicinal.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * The worst confusions of a head, what each training sample has to do with them, and what solving
 * again without the most important ones shows: a pair of each of the worst classes, and the worst
 * class as a group. Stateless.
 */
final class Tracing {
  private static final int CLASSES = 3; // worst ones

  private Tracing() {}

  /** null if no test sample is wrong. */
  static Blame of(Backend backend, Subject subject, StorySettings settings, Progress progress) {
    try (Explainer explainer = Explainer.of(backend, subject)) {
      explainer
          .with(ExplainerOptions.defaults().with(DType.F64).withDamping(settings.damping() + "x"))
          .with(progress);
      List<Query> queries = queries(explainer);
      if (queries.isEmpty()) {
        return null;
      }
      Attributions found = explainer.explain(queries);
      MiniatureOptions budget =
          new MiniatureOptions(
              settings.removals(),
              settings.removals(),
              Long.MAX_VALUE,
              Double.POSITIVE_INFINITY,
              settings.seed());
      Miniature miniature = explainer.check(found, found.main(), queries.size(), budget);
      Spectrum spectrum = explainer.spectrum(found);
      return Blame.of(found, found.main(), explainer.distances(queries), miniature, spectrum);
    }
  }

  private static List<Query> queries(Explainer explainer) {
    Queries queries = explainer.queries("distance");
    List<Query> all = new ArrayList<>();
    for (Group group : explainer.confusions().groups(CLASSES)) {
      if (all.isEmpty()) {
        all.addAll(queries.ofGroups(List.of(group)));
      }
      // The first pair of each class: not a choice made by looking.
      all.addAll(queries.ofPairs(group.pairs().subList(0, 1)));
    }
    return all;
  }
}
