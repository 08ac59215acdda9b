package io.vicinal.curate.noise;

import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

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
    List<String> lines;
    try (var in = NoisyDigits.class.getResourceAsStream("/data/digits.csv")) {
      lines = new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    float[] x = new float[(to - from) * 64];
    long[] y = new long[to - from];
    for (int i = 0; i < y.length; i++) {
      String[] cells = lines.get(from + i).split(",");
      for (int j = 0; j < 64; j++) {
        x[i * 64 + j] = Integer.parseInt(cells[j]) / 16f;
      }
      y[i] = Long.parseLong(cells[64]);
    }
    return new FeatureSet(arena.of(x, y.length, 64), arena.of(y, y.length), "digits");
  }

  /** The same features with the noisy labels. */
  public static FeatureSet noisy(Arena arena, FeatureSet clean, LabelNoise noise) {
    long[] labels = noise.apply(clean.labels().toLongs());
    return new FeatureSet(clean.features(), arena.of(labels, labels.length), "noisy digits");
  }
}
