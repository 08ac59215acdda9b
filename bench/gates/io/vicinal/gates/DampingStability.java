package io.vicinal.gates;

import io.vicinal.influence.verify.Stability;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Gate 12: do the scores hang on lambda? Printed; 0.9 at lambda/3 and 3 lambda is "stable". */
final class DampingStability {
  private DampingStability() {}

  static void check(Laboratory lab, String scene, Consumer<GateResult> hear) {
    List<Stability> all = Stability.of(lab.scores("if"), factor -> lab.scoresAt("if", factor));
    for (int f = 0; f < Stability.FACTORS.size(); f++) {
      int at = f;
      String what =
          String.format(
              Locale.ROOT,
              "Spearman with %.2g lambda, mean of the queries",
              Stability.FACTORS.get(f));
      double mean = all.stream().mapToDouble(s -> s.spearman()[at]).average().orElseThrow();
      hear.accept(GateResult.info(scene, 12, what, mean));
    }
    double stable = all.stream().filter(Stability::isStable).count() / (double) all.size();
    hear.accept(GateResult.info(scene, 12, "share of explanations that are stable", stable));
  }
}
