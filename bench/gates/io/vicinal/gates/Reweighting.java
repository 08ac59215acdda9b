package io.vicinal.gates;

import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Checklist row F-24: single weights changed by one per cent either way, where {@code if} is exact.
 */
final class Reweighting {
  private static final int SAMPLES = 10;

  private Reweighting() {}

  static void check(Laboratory lab, String scene, Consumer<GateResult> hear) {
    List<Edit> edits = new ArrayList<>();
    for (long id : lab.someSamples(SAMPLES)) {
      edits.add(Edit.reweight("one per cent more of " + id, 1.01, id));
      edits.add(Edit.reweight("one per cent less of " + id, 0.99, id));
    }
    List<Outcome> outcomes = lab.resolve(edits);
    Verification exact = Verification.of(lab.pairsOnly(lab.scores("if")), lab.pairsOnly(outcomes));
    hear.accept(GateResult.atLeast(scene, 4, "weights +-1 %, Pearson, if", exact.pearson(), 0.9));
    hear.accept(
        GateResult.atMost(scene, 4, "weights +-1 %, size error, if", exact.sizeError(), 0.1));
  }
}
