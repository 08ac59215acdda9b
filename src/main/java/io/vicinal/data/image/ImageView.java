package io.vicinal.data.image;

import java.util.List;

/**
 * One look at one picture, in the order in which it happens: a part of it, resized, cropped,
 * flipped, coloured, shifted. Immutable, so safe for any thread.
 *
 * @param part what is looked at, of the upright picture; nothing beside it has an influence
 * @param resizedWidth the part is resized to this
 * @param resizedHeight likewise
 * @param filter how
 * @param crop what is kept of that; beyond its edges all is black
 * @param flip left becomes right
 * @param steps changes of colour, in order
 * @param light added to red, green and blue, in 0..1, after everything else
 */
public record ImageView(
    Box part,
    int resizedWidth,
    int resizedHeight,
    Filter filter,
    Box crop,
    boolean flip,
    List<Step> steps,
    List<Double> light) {
  /** No light is added. */
  public static final List<Double> NO_LIGHT = List.of(0.0, 0.0, 0.0);

  /** Columns and rows, from the upper left corner. */
  public record Box(int left, int top, int width, int height) {}

  /** Pillow's filters, which average over what they shrink. */
  public enum Filter {
    /** Weights fall linearly. */
    BILINEAR,
    /** Keys' cubic with a = -1/2. */
    BICUBIC
  }

  /** Changes of colour, as Pillow's ImageEnhance and torchvision have them. */
  public enum Colour {
    /** The amount times the picture. */
    BRIGHTNESS,
    /** From the mean grey, amount 0, over the picture, 1, outwards. */
    CONTRAST,
    /** From grey, amount 0, over the picture, 1, outwards. */
    SATURATION,
    /** Turned on the circle of hues, by at most half of it. */
    HUE,
    /** Grey; the amount is not looked at. */
    GREY
  }

  /** One change of colour. */
  public record Step(Colour colour, double amount) {}

  /** Copies the lists. */
  public ImageView {
    steps = List.copyOf(steps);
    light = List.copyOf(light);
  }

  /** The whole of a picture, as it is. */
  public static ImageView whole(int width, int height) {
    Box all = new Box(0, 0, width, height);
    return resized(all, width, height, all);
  }

  /** A part, resized by the bilinear filter and cropped. */
  public static ImageView resized(Box part, int width, int height, Box crop) {
    return new ImageView(part, width, height, Filter.BILINEAR, crop, false, List.of(), NO_LIGHT);
  }

  /** Columns of what comes. */
  public int width() {
    return crop.width();
  }

  /** Rows of what comes. */
  public int height() {
    return crop.height();
  }
}
