package io.vicinal.gates;

import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Probe;
import io.vicinal.influence.verify.Retraining;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Gate 10: flipped labels restored and the weight re-solved, the noisy proxies kept. What the noise
 * cost is the recall at 1 of a head trained on the right labels from the same start, less that of
 * the noisy head, both re-converged under the same damping; judged is the share that comes back.
 * The damping says how far a re-solve may move, and repairing a tenth of the labels takes it far,
 * so that the gate is judged at 0.1x and printed at 1x.
 */
final class Repair {
  /** A smaller cost than this is noise of a few test rows: there is nothing to bring back. */
  private static final double LEAST_COST = 0.02;

  private Repair() {}

  static void check(
      Backend backend, Laboratory lab, String scene, boolean judged, Consumer<GateResult> hear) {
    LabelNoise noise = lab.scene().noise();
    Map<Long, Long> labels = new TreeMap<>();
    for (int k = 0; k < noise.count(); k++) {
      labels.put(noise.ids()[k], noise.clean()[k]);
    }
    Outcome repaired = lab.retraining().run(Edit.relabel("repair", labels));
    double noisy = repaired.before()[lab.recall()];
    double restored = repaired.after()[lab.recall()];
    double best = cleanRecall(backend, lab);
    hear.accept(GateResult.info(scene, 10, "recall at 1, noisy", noisy));
    hear.accept(GateResult.info(scene, 10, "recall at 1, labels restored, re-solved", restored));
    hear.accept(GateResult.info(scene, 10, "recall at 1, trained on clean labels", best));
    String what = "share of the noise's cost that comes back";
    if (best - noisy < LEAST_COST) {
      hear.accept(GateResult.info(scene, 10, "no " + what + ": the noise cost", best - noisy));
    } else {
      double share = (restored - noisy) / (best - noisy);
      hear.accept(
          judged
              ? GateResult.atLeast(scene, 10, what, share, 0.8)
              : GateResult.info(scene, 10, what, share));
    }
  }

  private static double cleanRecall(Backend backend, Laboratory lab) {
    try (Arena arena = Arena.host()) {
      FeatureSet training = lab.scene().clean();
      Head head =
          JointTraining.train(
              backend, Laboratory.LOSS, training, lab.scene().embedding(), Gates.SEED, arena);
      HeadModel model = new HeadModel(Laboratory.LOSS, training, head.tensors());
      FeatureSet rows = lab.scene().test();
      try (HeadProblem problem =
          HeadProblem.open(backend, model, ProblemOptions.defaults().with(DType.F64))) {
        TestSet test = new TestSet(backend, problem.toBasis(rows.features(), arena), rows.labels());
        double lambda = Damping.multiple(lab.multiple(), problem).lambda();
        try (Retraining clean =
            new Retraining(
                problem, test, lambda, List.of(Probe.recall(test)), null, Retraining.options())) {
          return clean.before()[0];
        }
      }
    }
  }
}
