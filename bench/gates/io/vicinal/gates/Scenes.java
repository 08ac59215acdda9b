package io.vicinal.gates;

import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** The three data sets of the gates. All features are F64; everything is seeded. */
final class Scenes {
  private static final int TOY_SAMPLES = 1200;
  private static final int TOY_CLASSES = 30;
  private static final int TOY_UNSEEN = 20;
  private static final int TOY_UNSEEN_SAMPLES = 400;
  private static final int TOY_FEATURES = 192;
  private static final double TOY_SPREAD = 0.4;

  private Scenes() {}

  /**
   * A mixture: N=1,200 samples of 30 classes, D=192, d=48, and 400 of 20 unseen classes. Feature k
   * of a class's centre is normal with deviation 1/k, of a sample around it 0.4/sqrt(k): later
   * features say less about the class. Rows are scaled so that their mean norm is 1. With this
   * spread the labels of the 20 nearest rows find flipped labels with AUC 0.98, and about half of
   * the unseen samples have a wrong neighbour.
   */
  static Scene toy(long seed, Arena arena) {
    Xoshiro random = Xoshiro.of(seed, "toy");
    double[][] centres = new double[TOY_CLASSES + TOY_UNSEEN][TOY_FEATURES];
    for (double[] centre : centres) {
      Arrays.setAll(centre, k -> random.nextGaussian() / (k + 1));
    }
    int rows = TOY_SAMPLES + TOY_UNSEEN_SAMPLES;
    double[] x = new double[rows * TOY_FEATURES];
    long[] y = new long[rows];
    for (int i = 0; i < rows; i++) {
      boolean seen = i < TOY_SAMPLES;
      y[i] = seen ? i % TOY_CLASSES : TOY_CLASSES + i % TOY_UNSEEN;
      for (int k = 0; k < TOY_FEATURES; k++) {
        double spread = TOY_SPREAD / Math.sqrt(k + 1.0);
        x[i * TOY_FEATURES + k] = centres[(int) y[i]][k] + spread * random.nextGaussian();
      }
    }
    unitMeanNorm(x, TOY_FEATURES);
    FeatureSet all = new FeatureSet(arena.of(x, rows, TOY_FEATURES), arena.of(y, rows), "toy");
    return Scene.of(
        "toy",
        part(all, "toy", 0, TOY_SAMPLES, arena),
        part(all, "toy test", TOY_SAMPLES, rows, arena),
        48,
        seed,
        arena);
  }

  private static FeatureSet part(FeatureSet all, String name, long from, long to, Arena arena) {
    return all.subset(arena, name, LongStream.range(from, to).toArray());
  }

  private static void unitMeanNorm(double[] x, int width) {
    double sum = 0;
    for (int from = 0; from < x.length; from += width) {
      double square = 0;
      for (int k = 0; k < width; k++) {
        square += x[from + k] * x[from + k];
      }
      sum += Math.sqrt(square);
    }
    double mean = sum / (x.length / width);
    Arrays.setAll(x, k -> x[k] / mean);
  }

  /** UCI digits: 1,257 samples of 0 to 6, 540 of the unseen 7, 8, 9; 64 pixels, d=16. */
  static Scene digits(long seed, Arena arena) {
    List<String> lines;
    try (InputStream in = Scenes.class.getResourceAsStream("/data/digits.csv")) {
      lines = new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    double[] x = new double[lines.size() * 64];
    long[] y = new long[lines.size()];
    for (int i = 0; i < y.length; i++) {
      String[] cells = lines.get(i).split(",");
      for (int k = 0; k < 64; k++) {
        x[i * 64 + k] = Double.parseDouble(cells[k]);
      }
      y[i] = Long.parseLong(cells[64]);
    }
    unitMeanNorm(x, 64);
    FeatureSet all = new FeatureSet(arena.of(x, y.length, 64), arena.of(y, y.length), "digits");
    return Scene.of(
        "digits",
        all.subset(arena, "digits", all.idsOf(0, 1, 2, 3, 4, 5, 6)),
        all.subset(arena, "digits test", all.idsOf(7, 8, 9)),
        16,
        seed,
        arena);
  }

  /**
   * Fashion-MNIST: the first 1,200 training images of classes 0 to 6, the first 400 test images of
   * the unseen 7, 8, 9; 784 pixels projected to 128 normal directions, d=32.
   */
  static Scene fashion(long seed, Arena arena) {
    try (Arena images = Arena.host()) {
      Xoshiro random = Xoshiro.of(seed, "projection");
      double[] axes = new double[128 * 784];
      Arrays.setAll(axes, k -> random.nextGaussian());
      FeatureSet train = FashionMnist.train(images);
      FeatureSet test = FashionMnist.test(images);
      return Scene.of(
          "fashion",
          projected("fashion", train, train.idsOf(0, 1, 2, 3, 4, 5, 6), 1200, axes, arena),
          projected("fashion test", test, test.idsOf(7, 8, 9), 400, axes, arena),
          32,
          seed,
          arena);
    }
  }

  private static FeatureSet projected(
      String name, FeatureSet images, long[] ids, int count, double[] axes, Arena arena) {
    int pixels = (int) images.width();
    int width = axes.length / pixels;
    double[] x = new double[count * width];
    long[] labels = images.labels().toLongs();
    long[] y = new long[count];
    for (int i = 0; i < count; i++) {
      double[] image = images.features().rows(ids[i], ids[i] + 1).toDoubles();
      y[i] = labels[(int) ids[i]];
      for (int k = 0; k < width; k++) {
        double sum = 0;
        for (int p = 0; p < pixels; p++) {
          sum += axes[k * pixels + p] * image[p];
        }
        x[i * width + k] = sum;
      }
    }
    unitMeanNorm(x, width);
    return new FeatureSet(arena.of(x, count, width), arena.of(y, count), name);
  }
}
