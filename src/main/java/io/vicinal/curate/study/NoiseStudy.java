package io.vicinal.curate.study;

import io.vicinal.curate.noise.Evidence;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.attribution.Eif;
import io.vicinal.influence.attribution.EifOptions;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.List;

/**
 * The two published analyses of noisy samples that are most harmful or most helpful by the
 * empirical influence on the worst test class: are their neighbours pure, and do they keep their
 * sign when the weight moves less far? Immutable.
 *
 * @param label the worst test class
 * @param harmful the neighbours of the most harmful
 * @param helpful the neighbours of the most helpful
 * @param stability of their signs
 */
public record NoiseStudy(
    long label, NeighbourPurity harmful, NeighbourPurity helpful, DirectionStability stability) {

  /**
   * Scores the samples and looks at those that are known to be wrong.
   *
   * @param evidence of a delivered head, with test samples
   * @param noise in the numbers of the evidence
   * @return null if no test sample is wrong
   */
  public static NoiseStudy of(Evidence evidence, LabelNoise noise, Progress progress) {
    List<Group> groups = evidence.confusions().groups(1);
    if (groups.isEmpty()) {
      return null;
    }
    long label = groups.get(0).label();
    Query query = new Query("group " + label, GroupDistance.of(groups.get(0)));
    ProblemOptions options =
        ProblemOptions.defaults().with(evidence.model().head().weight().dtype());
    try (HeadProblem problem = HeadProblem.open(evidence.backend(), evidence.model(), options);
        Explanation explanation = Explanation.open(problem, evidence.test())) {
      EifOptions whole = EifOptions.defaults();
      double[] scores = eif(explanation, query, whole, progress);
      double[] middle = eif(explanation, query, whole.with(EifOptions.Ways.MIDDLE), progress);
      Extremes extremes = Extremes.of(scores, noise.ids(), Extremes.PUBLISHED);
      long[] clean = noise.revert(evidence.labels());
      return new NoiseStudy(
          label,
          purity(evidence, clean, extremes.harmful()),
          purity(evidence, clean, extremes.helpful()),
          DirectionStability.of(extremes, middle));
    }
  }

  private static double[] eif(
      Explanation explanation, Query query, EifOptions options, Progress progress) {
    return new Eif(options).scores(explanation, List.of(query), progress).values()[0];
  }

  private static NeighbourPurity purity(Evidence evidence, long[] clean, long[] ids) {
    return NeighbourPurity.of(
        evidence.neighbours().embeddings(),
        clean,
        ids,
        NeighbourPurity.NEIGHBOURS,
        evidence.backend());
  }
}
