package io.vicinal.data.image;

import io.vicinal.data.image.ImageView.Box;
import io.vicinal.data.image.ImageView.Colour;
import io.vicinal.data.image.ImageView.Filter;
import io.vicinal.data.image.ImageView.Step;
import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.List;

/**
 * How pictures are looked at: draws an {@link ImageView} for a picture's size. The distributions,
 * and the rounding of sizes, are torchvision's. Immutable, so safe for any thread.
 *
 * @param geometry which part, and how large
 * @param flip the probability of left for right
 * @param grey the probability of grey, before the jitter
 * @param jitter changes of colour, in random order
 * @param light the standard deviation of PCA lighting (Krizhevsky et al., NIPS 2012); 0: none
 */
public record ImageTransform(
    Geometry geometry, double flip, double grey, Jitter jitter, double light) {
  /** Principal directions of the colours of ImageNet, in columns, and their standard deviations. */
  private static final double[][] COLOURS = {
    {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}
  };

  private static final double[] DEVIATIONS = {0.2175, 0.0188, 0.0045};

  /**
   * Amounts of change: brightness, contrast and saturation are multiplied by 1 - a .. 1 + a, at
   * least 0, and the hue is turned by -a .. a of the circle, a at most 0.5.
   */
  public record Jitter(double brightness, double contrast, double saturation, double hue) {
    /** Colours stay as they are. */
    public static final Jitter NONE = new Jitter(0, 0, 0, 0);
  }

  /** Which part of a picture is seen, and how large. */
  public sealed interface Geometry
      permits RandomResizedCrop, ResizedCrop, PaddedCrop, Resized, Prepared, Unchanged {}

  /**
   * A part of random area and shape, resized to a square: ten attempts at an area of 8 % to 100 %
   * with an aspect ratio of 3/4 to 4/3, then the largest part in the middle that such a shape has.
   */
  public record RandomResizedCrop(int size) implements Geometry {}

  /** The shorter side is resized, and a square is cut from the middle, or anywhere. */
  public record ResizedCrop(int shorter, int size, boolean anywhere) implements Geometry {}

  /** A square from anywhere in the picture with a black border. */
  public record PaddedCrop(int border, int size) implements Geometry {}

  /** The shorter side is resized, and nothing is cut off: pictures keep their shapes. */
  public record Resized(int shorter) implements Geometry {}

  /**
   * What a published network was evaluated on: the middle square of size {@code size}, after the
   * shorter side became {@code resize}, or, if {@code square}, both sides, whatever the picture's
   * shape.
   */
  public record Prepared(int resize, boolean square, int size, Filter filter) implements Geometry {}

  /** The picture as it is. */
  public record Unchanged() implements Geometry {}

  /** Without anything random. */
  public static ImageTransform of(Geometry geometry) {
    return new ImageTransform(geometry, 0, 0, Jitter.NONE, 0);
  }

  /** The side of the squares that come; 0 where they have the pictures' shapes. */
  public int size() {
    if (geometry instanceof RandomResizedCrop g) {
      return g.size();
    }
    if (geometry instanceof ResizedCrop g) {
      return g.size();
    }
    if (geometry instanceof Prepared g) {
      return g.size();
    }
    return geometry instanceof PaddedCrop g ? g.size() : 0;
  }

  /** A look at a picture of this size. */
  public ImageView view(int width, int height, ImageDraws draws) {
    ImageView shape = shape(width, height, draws);
    boolean flipped = flip > 0 && draws.of("flip").nextDouble() < flip;
    List<Step> steps = new ArrayList<>();
    if (grey > 0 && draws.of("grey").nextDouble() < grey) {
      steps.add(new Step(Colour.GREY, 0));
    }
    if (!jitter.equals(Jitter.NONE)) {
      addJitter(steps, draws.of("jitter"));
    }
    return new ImageView(
        shape.part(),
        shape.resizedWidth(),
        shape.resizedHeight(),
        geometry instanceof Prepared g ? g.filter() : Filter.BILINEAR,
        shape.crop(),
        flipped,
        steps,
        light > 0 ? lighting(draws.of("light")) : ImageView.NO_LIGHT);
  }

  private void addJitter(List<Step> steps, Xoshiro random) {
    long[] order = {0, 1, 2, 3};
    random.shuffle(order, 0, 4);
    double[] drawn = {
      factor(jitter.brightness, random),
      factor(jitter.contrast, random),
      factor(jitter.saturation, random),
      jitter.hue * (2 * random.nextDouble() - 1)
    };
    double[] wanted = {jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue};
    for (long at : order) {
      int i = (int) at;
      if (wanted[i] > 0) {
        steps.add(new Step(Colour.values()[i], drawn[i]));
      }
    }
  }

  private static double factor(double amount, Xoshiro random) {
    double least = Math.max(0, 1 - amount);
    return least + (1 + amount - least) * random.nextDouble();
  }

  private List<Double> lighting(Xoshiro random) {
    double[] along = new double[3];
    for (int k = 0; k < 3; k++) {
      along[k] = light * random.nextGaussian() * DEVIATIONS[k];
    }
    List<Double> sums = new ArrayList<>();
    for (double[] row : COLOURS) {
      sums.add(row[0] * along[0] + row[1] * along[1] + row[2] * along[2]);
    }
    return sums;
  }

  private ImageView shape(int width, int height, ImageDraws draws) {
    Box all = new Box(0, 0, width, height);
    if (geometry instanceof RandomResizedCrop g) {
      Box part = randomPart(width, height, draws.of("crop"));
      return ImageView.resized(part, g.size(), g.size(), new Box(0, 0, g.size(), g.size()));
    }
    if (geometry instanceof ResizedCrop g) {
      int w = scaled(width, height, g.shorter());
      int h = scaled(height, width, g.shorter());
      Box crop =
          g.anywhere()
              ? anywhere(w, h, g.size(), draws.of("crop"))
              : new Box(middle(w, g.size()), middle(h, g.size()), g.size(), g.size());
      return ImageView.resized(all, w, h, crop);
    }
    if (geometry instanceof Prepared g) {
      int w = g.square() ? g.resize() : scaled(width, height, g.resize());
      int h = g.square() ? g.resize() : scaled(height, width, g.resize());
      Box crop = new Box(middle(w, g.size()), middle(h, g.size()), g.size(), g.size());
      return ImageView.resized(all, w, h, crop);
    }
    if (geometry instanceof PaddedCrop g) {
      int border = 2 * g.border();
      Box crop = anywhere(width + border, height + border, g.size(), draws.of("crop"));
      return ImageView.resized(
          all,
          width,
          height,
          new Box(crop.left() - g.border(), crop.top() - g.border(), g.size(), g.size()));
    }
    if (geometry instanceof Resized g) {
      int w = scaled(width, height, g.shorter());
      int h = scaled(height, width, g.shorter());
      return ImageView.resized(all, w, h, new Box(0, 0, w, h));
    }
    return ImageView.whole(width, height);
  }

  /** A side when the shorter of both is resized: the shorter exactly, the longer cut. */
  private static int scaled(int side, int other, int shorter) {
    return side <= other
        ? shorter
        : (int) Math.min(Integer.MAX_VALUE, (long) shorter * side / other);
  }

  /** Half of what is left over, halves to the even number as in Python; below 0 on a small one. */
  private static int middle(int side, int size) {
    return side >= size
        ? (int) Math.rint((side - size) / 2.0)
        : -((size - side) / 2); // the border that is put around first
  }

  private static Box anywhere(int width, int height, int size, Xoshiro random) {
    int top = height > size ? random.below(height - size + 1) : middle(height, size);
    int left = width > size ? random.below(width - size + 1) : middle(width, size);
    return new Box(left, top, size, size);
  }

  private static Box randomPart(int width, int height, Xoshiro random) {
    double area = (double) width * height;
    double narrowest = Math.log(3.0 / 4);
    double widest = Math.log(4.0 / 3);
    for (int attempt = 0; attempt < 10; attempt++) {
      double wanted = area * (0.08 + (1 - 0.08) * random.nextDouble());
      double ratio = Math.exp(narrowest + (widest - narrowest) * random.nextDouble());
      int w = (int) Math.rint(Math.sqrt(wanted * ratio));
      int h = (int) Math.rint(Math.sqrt(wanted / ratio));
      if (w > 0 && w <= width && h > 0 && h <= height) {
        int top = random.below(height - h + 1);
        int left = random.below(width - w + 1);
        return new Box(left, top, w, h);
      }
    }
    double shape = (double) width / height;
    int w = width;
    int h = height;
    if (shape < 3.0 / 4) {
      h = (int) Math.rint(width / (3.0 / 4));
    } else if (shape > 4.0 / 3) {
      w = (int) Math.rint(height * (4.0 / 3));
    }
    return new Box((width - w) / 2, (height - h) / 2, Math.max(1, w), Math.max(1, h));
  }
}
