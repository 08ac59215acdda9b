package io.vicinal.train;

import io.vicinal.data.FeatureSet;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import java.util.List;
import java.util.function.Consumer;

/** Data and listeners for the tests of this package. */
final class Samples {

  private Samples() {}

  /** Hears the sentences of a training. */
  static TrainingListener noting(List<String> notes) {
    return new TrainingListener() {
      @Override
      public void note(String sentence) {
        notes.add(sentence);
      }
    };
  }

  /** Hears its steps. */
  static TrainingListener stepping(Consumer<TrainingListener.Step> heard) {
    return new TrainingListener() {
      @Override
      public void stepped(Step step) {
        heard.accept(step);
      }
    };
  }

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
}
