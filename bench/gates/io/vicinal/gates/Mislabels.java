package io.vicinal.gates;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.solve.Progress;
import io.vicinal.nn.Head;
import io.vicinal.tensor.DType;
import java.util.List;
import java.util.function.Consumer;

/** Gate 8: finding the wrong labels by EK-FAC self-influence, other detectors printed beside it. */
final class Mislabels {
  private static final List<String> BESIDE = List.of("aum", "oof-loss", "knn", "loss", "random");

  private Mislabels() {}

  /**
   * @param least AUC that self-influence needs, or NaN to print it only
   */
  static void check(
      Backend backend, Scene scene, Head head, double least, Consumer<GateResult> hear) {
    boolean[] wrong = scene.noise().mask((int) scene.training().samples());
    HeadModel model = new HeadModel(Laboratory.LOSS, scene.training(), head.tensors());
    double self = auc("self", self(backend, model, scene), wrong);
    hear.accept(new GateResult(scene.name(), 8, "AUC, self-influence", self, least, Double.NaN));
    RunConfig training =
        RunConfig.defaults(
            "head.embedding=" + scene.embedding(),
            "optimizer.lr=0.003",
            "optimizer.groups.proxies.lr=0.03",
            "sampler.batch=64",
            "epochs=12");
    try (Evidence evidence =
        Evidence.of(backend, model, EvidenceOptions.of(training, 0).withNeighbours(20))) {
      for (String name : BESIDE) {
        double auc = auc(name, Detectors.named(name).scores(evidence), wrong);
        hear.accept(GateResult.info(scene.name(), 8, "AUC, " + name, auc));
      }
    }
  }

  private static double[] self(Backend backend, HeadModel model, Scene scene) {
    ProblemOptions options = ProblemOptions.defaults().with(DType.F64);
    try (HeadProblem problem = HeadProblem.open(backend, model, options);
        Explanation explanation =
            Explanation.open(
                problem,
                scene.test(),
                Damping.multiple(1, problem),
                ExplanationOptions.defaults())) {
      return Estimators.of("self").scores(explanation, List.of(), Progress.NONE).values()[0];
    }
  }

  private static double auc(String name, double[] scores, boolean[] wrong) {
    return DetectionCurve.of(name, scores, wrong).auc();
  }
}
