package io.vicinal.gates;

import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Subsets;
import io.vicinal.influence.verify.Verification;
import java.util.List;
import java.util.function.Consumer;

/** Gates 5 and 6: the linear datamodelling score. */
final class Datamodeling {
  private static final int SUBSETS = 30;

  private Datamodeling() {}

  static void check(Laboratory lab, String scene, Consumer<GateResult> hear) {
    List<Outcome> half = subsets(lab, 0.5);
    double exact = score(lab, "if", half);
    double dot = score(lab, "gradient", half);
    hear.accept(GateResult.atLeast(scene, 5, "LDS, half, if", exact, 0.65));
    hear.accept(GateResult.atLeast(scene, 5, "LDS, half, if above gradient", exact - dot, 0.25));
    List<Outcome> most = subsets(lab, 0.95);
    hear.accept(GateResult.atLeast(scene, 6, "LDS, 95 %, if", score(lab, "if", most), 0.75));
    for (String other : List.of("if-gn", "ekfac", "fisher", "if-seed", "gradient")) {
      hear.accept(GateResult.info(scene, 5, "LDS, half, " + other, score(lab, other, half)));
      hear.accept(GateResult.info(scene, 6, "LDS, 95 %, " + other, score(lab, other, most)));
    }
  }

  private static List<Outcome> subsets(Laboratory lab, double kept) {
    int samples = (int) lab.problem().samples();
    return lab.pairsOnly(lab.resolve(Subsets.random(samples, kept, SUBSETS, 0)));
  }

  private static double score(Laboratory lab, String method, List<Outcome> outcomes) {
    return Verification.of(lab.pairsOnly(lab.scores(method)), outcomes).spearman();
  }
}
