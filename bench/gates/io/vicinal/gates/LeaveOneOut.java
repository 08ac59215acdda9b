package io.vicinal.gates;

import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Verification;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Gates 4 and 7: single removals, predicted and re-solved. */
final class LeaveOneOut {
  private static final int SAMPLES = 40;

  /** Scale times damping of the original's recursion: the lambda of its fixed point. */
  private static final double SEED_DAMPING = 5;

  private LeaveOneOut() {}

  static void check(Laboratory lab, String scene, double threshold, Consumer<GateResult> hear) {
    long[] samples = lab.someSamples(SAMPLES);
    List<Outcome> outcomes = lab.resolve(Arrays.stream(samples).mapToObj(Edit::remove).toList());
    String prefix = "leave-one-out ";
    Verification exact = verify(lab, "if", outcomes);
    hear.accept(GateResult.atLeast(scene, 4, prefix + "Spearman, if", exact.spearman(), threshold));
    hear.accept(GateResult.info(scene, 4, prefix + "Pearson, if", exact.pearson()));
    hear.accept(GateResult.info(scene, 4, prefix + "size error, if", exact.sizeError()));
    Verification newton =
        Verification.of(lab.pairsOnly(lab.newton(samples)), lab.pairsOnly(outcomes));
    hear.accept(
        GateResult.atLeast(scene, 4, prefix + "Pearson, newton-loo", newton.pearson(), 0.99));
    hear.accept(
        GateResult.atMost(scene, 4, prefix + "size error, newton-loo", newton.sizeError(), 0.10));
    for (String other : List.of("if-gn", "ekfac", "fisher")) {
      double value = verify(lab, other, outcomes).spearman();
      hear.accept(GateResult.info(scene, 4, prefix + "Spearman, " + other, value));
    }
    for (String control : List.of("if-seed", "gradient")) {
      double value = verify(lab, control, outcomes).spearman();
      hear.accept(GateResult.atMost(scene, 7, prefix + "Spearman, " + control, value, 0.5));
    }
    hear.accept(
        GateResult.info(
            scene,
            7,
            "if-seed's damping of 5 in mean eigenvalues",
            SEED_DAMPING / lab.problem().meanEigenvalue()));
    double converged = outcomes.stream().filter(Outcome::converged).count() / (double) SAMPLES;
    hear.accept(GateResult.info(scene, 4, "share of the re-solves that converged", converged));
    hear.accept(
        GateResult.info(
            scene,
            4,
            "Hessian-vector products of a re-solve",
            outcomes.stream().mapToLong(Outcome::products).average().orElseThrow()));
  }

  private static Verification verify(Laboratory lab, String method, List<Outcome> outcomes) {
    return Verification.of(lab.pairsOnly(lab.scores(method)), lab.pairsOnly(outcomes));
  }
}
