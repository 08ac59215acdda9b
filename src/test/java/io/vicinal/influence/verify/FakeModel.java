package io.vicinal.influence.verify;

import java.util.function.BooleanSupplier;

/** Retraining of a made-up model whose measurements are known functions of the removed samples. */
final class FakeModel {
  private final double[][] effects;
  private final double interaction;
  int resolved;

  /**
   * @param effects true change of measurement q if only sample i is removed, [Q][N]
   * @param interaction subtracted once for every pair of removed samples
   */
  FakeModel(double[][] effects, double interaction) {
    this.effects = effects;
    this.interaction = interaction;
  }

  Outcome resolve(Edit edit) {
    return resolve(edit, () -> false);
  }

  Outcome resolve(Edit edit, BooleanSupplier enough) {
    resolved++;
    double[] before = new double[effects.length];
    double[] after = new double[effects.length];
    int n = edit.changes().size();
    for (int q = 0; q < effects.length; q++) {
      before[q] = 1;
      after[q] = 1 + edit.predicted(effects[q]) - interaction * n * (n - 1) / 2;
    }
    return new Outcome(edit, before, after, new double[before.length], 2, 50, 1e-9, true, 0.001);
  }
}
