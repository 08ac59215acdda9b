package io.vicinal.gates;

import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.tensor.Arena;

/**
 * What a gate experiment is run on: training classes with some wrong labels, and unseen test
 * classes.
 *
 * @param name such as "toy"
 * @param clean features F64 [N, D] with their right labels
 * @param training the same with the noise
 * @param noise what was changed
 * @param test features F64 [T, D] of classes that are not trained on
 * @param embedding d
 */
record Scene(
    String name,
    FeatureSet clean,
    FeatureSet training,
    LabelNoise noise,
    FeatureSet test,
    long embedding) {

  /** The usual noise: every tenth label another one, uniformly. */
  static Scene of(
      String name, FeatureSet clean, FeatureSet test, long embedding, long seed, Arena arena) {
    Scene quiet = new Scene(name, clean, clean, null, test, embedding);
    return quiet.with("", LabelNoise.Kind.SYMMETRIC, 0.1, seed, arena);
  }

  /** The same data with other noise, and a suffix of the name. */
  Scene with(String suffix, LabelNoise.Kind kind, double rate, long seed, Arena arena) {
    LabelNoise other = LabelNoise.inject(kind, rate, clean.labels().toLongs(), seed);
    long[] labels = other.apply(clean.labels().toLongs());
    FeatureSet noisy =
        new FeatureSet(clean.features(), arena.of(labels, labels.length), name + " noisy");
    return new Scene((name + " " + suffix).strip(), clean, noisy, other, test, embedding);
  }
}
