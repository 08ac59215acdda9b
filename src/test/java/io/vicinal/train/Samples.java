package io.vicinal.train;

import io.vicinal.data.FeatureSet;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Data for the tests of this package. */
final class Samples {

  private Samples() {}

  /** Classes as Gaussian clouds around random centres; sample i has class id 10 + i mod classes. */
  static FeatureSet clouds(Arena arena, int samples, int width, int classes) {
    Xoshiro generator = new Xoshiro(9);
    double[][] centres = new double[classes][width];
    for (double[] centre : centres) {
      for (int j = 0; j < width; j++) {
        centre[j] = generator.nextGaussian();
      }
    }
    float[] x = new float[samples * width];
    long[] y = new long[samples];
    for (int i = 0; i < samples; i++) {
      y[i] = 10 + i % classes;
      for (int j = 0; j < width; j++) {
        x[i * width + j] = (float) (centres[i % classes][j] + 1.5 * generator.nextGaussian());
      }
    }
    return new FeatureSet(arena.of(x, samples, width), arena.of(y, samples), "clouds");
  }

  /** UCI digits in their order: pixels / 16 and the digit. */
  static FeatureSet digits(Arena arena) throws IOException {
    List<String> lines;
    try (var in = Samples.class.getResourceAsStream("/data/digits.csv")) {
      lines = new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    }
    float[] x = new float[lines.size() * 64];
    long[] y = new long[lines.size()];
    for (int i = 0; i < y.length; i++) {
      String[] cells = lines.get(i).split(",");
      for (int j = 0; j < 64; j++) {
        x[i * 64 + j] = Integer.parseInt(cells[j]) / 16f;
      }
      y[i] = Long.parseLong(cells[64]);
    }
    return new FeatureSet(arena.of(x, y.length, 64), arena.of(y, y.length), "digits");
  }
}
