package io.vicinal.example;

import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.List;

/** Says which training samples hold the first wrong neighbours of a test set together. */
public final class InfluenceUse {
  public static Scores blame(
      Backend backend, Loss loss, FeatureSet training, Head head, FeatureSet test) {
    HeadModel model = new HeadModel(loss, training, head.tensors());
    try (Arena arena = Arena.host();
        HeadProblem problem = HeadProblem.open(backend, model, ProblemOptions.defaults());
        Explanation explanation =
            Explanation.open(
                problem, test, Damping.parse("10x", problem), ExplanationOptions.defaults())) {
      Tensor embeddings = head.embed(backend, test.features(), arena);
      Confusions confusions =
          Confusions.find(backend, embeddings, test.labels(), Neighbouring.COSINE);
      Pair wrong = confusions.pairs().get(0);
      Query query = new Query("first", new PairDistance(wrong.i(), wrong.j()));
      return Estimators.of("if").scores(explanation, List.of(query), Progress.NONE);
    }
  }
}
