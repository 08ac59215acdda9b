package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.study.DirectionStability;
import io.vicinal.curate.study.Extremes;
import io.vicinal.curate.study.NeighbourPurity;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.attribution.Eif;
import io.vicinal.influence.attribution.EifOptions;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The two published analyses of noisy samples that are most harmful or most helpful by the
 * empirical influence on the worst test class: are their neighbours pure, and do they keep their
 * sign when the weight moves less far?
 */
record NoiseStudy(
    String query,
    String named,
    NeighbourPurity harmful,
    NeighbourPurity helpful,
    DirectionStability stability) {

  /** Nothing if no test sample is wrong. */
  static Optional<NoiseStudy> of(
      ModelInputs model, Evidence evidence, LabelNoise noise, Progress progress) {
    List<Group> groups = model.subject().confusions(model.backend(), Neighbouring.RAW).groups(1);
    if (groups.isEmpty()) {
      return Optional.empty();
    }
    Query query = new Query("group " + groups.get(0).label(), GroupDistance.of(groups.get(0)));
    ProblemOptions options =
        ProblemOptions.defaults().with(model.subject().model().head().weight().dtype());
    try (HeadProblem problem = HeadProblem.open(model.backend(), model.subject().model(), options);
        Explanation explanation =
            Explanation.open(
                problem,
                model.subject().test(),
                Damping.parse("auto", problem),
                ExplanationOptions.defaults())) {
      double[] scores = eif(explanation, query, EifOptions.defaults(), progress);
      EifOptions.Ways middle = EifOptions.Ways.MIDDLE;
      double[] there = eif(explanation, query, EifOptions.defaults().with(middle), progress);
      Extremes extremes = Extremes.of(scores, noise.ids(), Extremes.PUBLISHED);
      long[] clean = noise.revert(evidence.labels());
      return Optional.of(
          new NoiseStudy(
              query.id(),
              model.subject().classText(groups.get(0).label()),
              purity(model, evidence, clean, extremes.harmful()),
              purity(model, evidence, clean, extremes.helpful()),
              DirectionStability.of(extremes, there)));
    }
  }

  private static double[] eif(
      Explanation explanation, Query query, EifOptions options, Progress progress) {
    return new Eif(options).scores(explanation, List.of(query), progress).values()[0];
  }

  private static NeighbourPurity purity(
      ModelInputs model, Evidence evidence, long[] clean, long[] ids) {
    return NeighbourPurity.of(
        evidence.embeddings(), clean, ids, NeighbourPurity.NEIGHBOURS, model.backend());
  }

  /** What was found, in words. */
  String sentence() {
    return String.format(
        Locale.ROOT,
        "Of the samples known to be wrong, by empirical influence on the confusions of %s: %s.",
        named,
        Stream.of(
                part(harmful, "most harmful", stability.harmfulNegative(), "turn helpful"),
                part(helpful, "most helpful", stability.helpfulNegative(), "stay helpful"))
            .collect(Collectors.joining("; ")));
  }

  private static String part(NeighbourPurity some, String which, int count, String then) {
    int n = some.perSample().length;
    return n == 0
        ? "none is " + which
        : String.format(
            Locale.ROOT,
            "the %d %s have %.0f %% neighbours of their right class, and %d %s, where the weight"
                + " moves less far",
            n,
            which,
            100 * some.mean(),
            count,
            then);
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("query", query);
    json.addProperty("harmful", harmful.perSample().length);
    json.addProperty("helpful", helpful.perSample().length);
    json.add("purity_of_harmful", Summary.number(harmful.mean()));
    json.add("purity_of_helpful", Summary.number(helpful.mean()));
    json.addProperty("helpful_still_helpful", stability.helpfulNegative());
    json.addProperty("harmful_turned", stability.harmfulNegative());
    return json;
  }
}
