package io.vicinal.curate.noise;

import io.vicinal.config.RunConfig;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.tensor.Arena;

/** UCI digits with some wrong labels. */
public final class NoisyDigits {
  /** A small head, trained in about a second. */
  public static final RunConfig TRAINING =
      RunConfig.defaults(
          "loss.name=normalized-softmax",
          "loss.temperature=0.1",
          "head.embedding=16",
          "optimizer.lr=0.003",
          "optimizer.groups.proxies.lr=0.03",
          "sampler.batch=64",
          "epochs=12");

  private NoisyDigits() {}

  /** Pixels / 16 and the digit, in the file's order; samples from .. to. */
  public static FeatureSet clean(Arena arena, int from, int to) {
    return DigitRows.first(to).set(arena, from, to);
  }

  /** The same features with the noisy labels. */
  public static FeatureSet noisy(Arena arena, FeatureSet clean, LabelNoise noise) {
    long[] labels = noise.apply(clean.labels().toLongs());
    return new FeatureSet(clean.features(), arena.of(labels, labels.length), "noisy digits");
  }
}
