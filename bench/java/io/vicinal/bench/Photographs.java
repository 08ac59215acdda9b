package io.vicinal.bench;

import io.vicinal.sample.Xoshiro;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/**
 * Seeded pictures with the spectrum of photographs (octaves of smooth noise), 500 x 375, as JPEG of
 * quality 0.9 with halved chroma: about 45 KB each. Stateless, so safe for any thread.
 */
final class Photographs {
  static final int WIDTH = 500;
  static final int HEIGHT = 375;

  private Photographs() {}

  /** Writes so many, and returns their names in order. */
  static List<String> write(Path folder, int count, long seed) throws IOException {
    Files.createDirectories(folder);
    Xoshiro random = new Xoshiro(seed);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = String.format(Locale.ROOT, "%04d.jpg", i);
      write(picture(random), folder.resolve(name));
      names.add(name);
    }
    return names;
  }

  private static BufferedImage picture(Xoshiro random) {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    double[][] sums = new double[3][WIDTH * HEIGHT];
    for (int cell = 128; cell >= 2; cell /= 2) {
      double[] shared = noise(cell, random);
      for (double[] sum : sums) {
        double[] own = noise(cell, random);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += 0.35 * cell * (shared[i] + 0.4 * own[i]);
        }
      }
    }
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      int rgb = 0;
      for (double[] sum : sums) {
        rgb = rgb << 8 | (int) Math.max(0, Math.min(255, 127 + sum[i] + random.nextGaussian()));
      }
      picture.setRGB(i % WIDTH, i / WIDTH, rgb);
    }
    return picture;
  }

  /** Normal values on a grid, linear between. */
  private static double[] noise(int cell, Xoshiro random) {
    int columns = WIDTH / cell + 2;
    int rows = HEIGHT / cell + 2;
    double[] grid = new double[columns * rows];
    for (int i = 0; i < grid.length; i++) {
      grid[i] = random.nextGaussian();
    }
    double[] values = new double[WIDTH * HEIGHT];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        int at = y / cell * columns + x / cell;
        double fx = (double) (x % cell) / cell;
        double fy = (double) (y % cell) / cell;
        values[y * WIDTH + x] =
            (1 - fy) * ((1 - fx) * grid[at] + fx * grid[at + 1])
                + fy * ((1 - fx) * grid[at + columns] + fx * grid[at + columns + 1]);
      }
    }
    return values;
  }

  private static void write(BufferedImage picture, Path file) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    param.setCompressionQuality(0.9f);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, null), param);
    }
    writer.dispose();
  }
}
