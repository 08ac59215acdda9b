package io.vicinal.train;

import io.vicinal.InputException;
import java.util.Arrays;

/**
 * What the samples of a training set are compared with: hard labels, and where wanted weights and
 * rows of class probabilities in place of single labels.
 *
 * <p>Immutable as long as nobody writes to its arrays; safe for any thread then.
 *
 * @param classes C
 * @param labels [N], each in 0..C-1
 * @param weights [N], finite and 0 or more: the batch's loss is (1/B) sum of w_i L_i; null for ones
 * @param soft [N] rows of C probabilities, null where the hard label counts; null for none at all
 * @param drawSeed when not null, a sample with a soft row gets a hard label drawn from it each time
 *     it enters a batch, by a generator of this seed; when null the row itself is the target
 */
public record Supervision(
    int classes, long[] labels, double[] weights, double[][] soft, Long drawSeed) {
  /** Checks lengths and ranges. */
  public Supervision {
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new InputException(
            "labels: sample " + i + " has label " + labels[i] + ", outside 0.." + (classes - 1));
      }
    }
    if (weights != null) {
      checkLength("weights", weights.length, labels.length);
      for (int i = 0; i < weights.length; i++) {
        if (!(weights[i] >= 0) || Double.isInfinite(weights[i])) {
          throw new InputException(
              "weights: sample " + i + " has weight " + weights[i] + "; give 0 or more");
        }
      }
    }
    if (soft != null) {
      checkLength("soft labels", soft.length, labels.length);
      for (int i = 0; i < soft.length; i++) {
        checkRow(i, soft[i], classes);
      }
    }
  }

  private static void checkLength(String what, int found, int samples) {
    if (found != samples) {
      throw new InputException(what + ": " + found + " for " + samples + " samples; give one each");
    }
  }

  private static void checkRow(int i, double[] row, int classes) {
    if (row == null) {
      return;
    }
    double sum = Arrays.stream(row).sum();
    boolean valid = row.length == classes && Arrays.stream(row).allMatch(p -> p >= 0);
    if (!valid || !(Math.abs(sum - 1) < 1e-3)) {
      throw new InputException(
          "soft labels: row " + i + " is not " + classes + " probabilities that sum to 1");
    }
  }

  /** Every sample with its own label, all counting the same. */
  public static Supervision hard(int classes, long[] labels) {
    return new Supervision(classes, labels, null, null, null);
  }

  /** The same labels with weights. */
  public Supervision withWeights(double[] values) {
    return new Supervision(classes, labels, values, soft, drawSeed);
  }

  int samples() {
    return labels.length;
  }

  /** Whether batches carry rows of probabilities. */
  boolean hasSoftTargets() {
    return soft != null && drawSeed == null;
  }
}
