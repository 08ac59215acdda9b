package io.vicinal.gates;

import io.vicinal.tensor.Arena;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.data.FeatureSet;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.ExplainerOptions;
import io.vicinal.explain.Subject;
import io.vicinal.nn.Head;
import io.vicinal.tensor.DType;
import java.util.function.Consumer;

/** Gate 8: finding the wrong labels by EK-FAC self-influence, other detectors printed beside it. */
final class Mislabels {
  private static final String[] BESIDE = {"aum", "oof-loss", "knn", "loss", "random"};

  private Mislabels() {}

  /**
   * @param least AUC that self-influence needs, or NaN to print it only
   */
  static void check(
      Backend backend, Scene scene, Head head, double least, Consumer<GateResult> hear) {
    FeatureSet training = scene.training();
    ExplainerOptions options =
        ExplainerOptions.defaults().withMethods("self").withDamping("1x").with(DType.F64);
    RunConfig heads =
        RunConfig.defaults(
            "head.embedding=" + scene.embedding(),
            "optimizer.lr=0.003",
            "optimizer.groups.proxies.lr=0.03",
            "sampler.batch=64",
            "epochs=12");
    EvidenceOptions evidence = EvidenceOptions.of(heads, 0).withNeighbours(20);
    try (Arena arena = new Arena(backend.memory());
        Explainer explainer =
            Explainer.of(
                    backend, Subject.of(Laboratory.LOSS, head, training, scene.test(), arena))
                .with(options)) {
      double[] own =
          explainer.explain(explainer.confused(1)).methods().get(0).row(0);
      boolean[] wrong = scene.noise().mask((int) training.samples());
      double self = DetectionCurve.of("self", own, wrong).auc();
      hear.accept(new GateResult(scene.name(), 8, "AUC, self-influence", self, least, Double.NaN));
      AuditOptions how = AuditOptions.of(evidence).by(BESIDE);
      for (DetectionCurve curve : explainer.mislabelled(how).curves(scene.noise())) {
        hear.accept(
            GateResult.info(scene.name(), 8, "AUC, " + curve.detector(), curve.auc()));
      }
    }
  }
}
