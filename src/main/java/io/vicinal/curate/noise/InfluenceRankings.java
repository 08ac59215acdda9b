package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import java.util.List;

/**
 * Detectors that are influence estimates: scores are predicted changes by removal, so that the
 * suspicious end is the upper one. None raises an automatic damping, so that it is 1x, but for
 * if-seed. Stateless.
 */
final class InfluenceRankings {
  private InfluenceRankings() {}

  /** By how much each sample's own loss would grow without it, by EK-FAC. */
  static Detector.Found self(Evidence evidence) {
    return scores(evidence, evidence.data(), "self", List.of());
  }

  /**
   * The original's ranking: samples that hold together what confuses the worst test class, most
   * harmful first. Of the test rows' raw-distance confusions, the group of the class with most
   * wrong rows.
   *
   * @param method {@code eif}, or {@code if-seed} for the original's IF
   */
  static Detector.Found worstGroup(Evidence evidence, String method) {
    FeatureSet test = evidence.test();
    if (test == null) {
      throw new InputException(
          "detectors eif-group and if-group need test samples to be confused about; give test"
              + " features and labels");
    }
    List<Group> groups = evidence.confusions().groups(1);
    if (groups.isEmpty()) {
      throw new InputException(
          test.name() + ": no test sample is confused, so there is no group to rank by");
    }
    Query query = new Query("worst group", GroupDistance.of(groups.get(0)));
    return scores(evidence, test, method, List.of(query));
  }

  private static Detector.Found scores(
      Evidence evidence, FeatureSet test, String method, List<Query> queries) {
    try (HeadProblem problem =
            HeadProblem.open(evidence.backend(), evidence.model(), ProblemOptions.defaults());
        Explanation explanation = Explanation.open(problem, test)) {
      Scores found = Estimators.of(method).scores(explanation, queries, Progress.NONE);
      double lambda = found.diagnostics().get(0).lambda(); // if-seed has one of its own
      // EIF solves nothing: the damping is a factor of all its scores.
      Damping used = method.equals("eif") ? null : Damping.absolute(lambda, problem);
      return new Detector.Found(found.values()[0], used);
    }
  }
}
