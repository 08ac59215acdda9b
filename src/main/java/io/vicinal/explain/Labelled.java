package io.vicinal.explain;

import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import java.util.Arrays;

/**
 * Samples whose labels are looked at, in numbers of their own: rows 0..N-1, classes 0..C-1.
 *
 * @param data features and labels
 * @param positions of the rows in the dataset, ascending
 * @param classIds the user's class of each class
 * @param trained the rows that the head was trained on, ascending; all of them where none was held
 *     out
 */
public record Labelled(FeatureSet data, long[] positions, long[] classIds, int[] trained) {
  /** How many the head has not seen. */
  public int heldOut() {
    return positions.length - trained.length;
  }

  /** The same samples with other labels. */
  public Labelled with(FeatureSet other) {
    return new Labelled(other, positions, classIds, trained);
  }

  /** Scores of the head's samples, spread over all; NaN for the others. */
  public double[] spread(double[] ofTrained) {
    double[] all = new double[positions.length];
    Arrays.fill(all, Double.NaN);
    for (int i = 0; i < trained.length; i++) {
      all[trained[i]] = ofTrained[i];
    }
    return all;
  }

  /** The head's part of the labels. */
  public long[] ofTrained(long[] labels) {
    return Arrays.stream(trained).mapToLong(i -> labels[i]).toArray();
  }

  /** A list of wrong labels in these numbers, as positions and class ids. */
  public LabelNoise inDataSet(LabelNoise noise) {
    return new LabelNoise(
        Arrays.stream(noise.ids()).map(i -> positions[(int) i]).toArray(),
        Arrays.stream(noise.clean()).map(c -> classIds[(int) c]).toArray(),
        Arrays.stream(noise.noisy()).map(c -> classIds[(int) c]).toArray());
  }
}
