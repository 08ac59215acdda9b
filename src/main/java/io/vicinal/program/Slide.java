package io.vicinal.program;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How a window moves over the height and the width of an image: a kernel of a convolution, or a
 * pool's window. Its position number k begins at entry k · stride - padding.
 *
 * @param strideY entries from one position to the next, at least 1
 * @param strideX the same along the width
 * @param top rows of padding, at least 0; the sides need not be equal
 * @param left columns of padding
 * @param bottom rows of padding
 * @param right columns of padding
 * @param dilationY entries from one place of the window to the next, at least 1
 * @param dilationX the same along the width
 * @param ceil of pools: a last window that reaches beyond the padding counts, too, if it begins
 *     within the image
 */
public record Slide(
    int strideY,
    int strideX,
    int top,
    int left,
    int bottom,
    int right,
    int dilationY,
    int dilationX,
    boolean ceil) {
  /** One entry at a time, without padding. */
  public static final Slide PLAIN = new Slide(1, 1, 0, 0, 0, 0, 1, 1, false);

  private static final int MOST = 1 << 20;

  /** Refuses numbers below the least ones. */
  public Slide {
    for (int step : new int[] {strideY, strideX, dilationY, dilationX}) {
      require(step >= 1 && step <= MOST, "stride and dilation", step, 1);
    }
    for (int entries : new int[] {top, left, bottom, right}) {
      require(entries >= 0 && entries <= MOST, "padding", entries, 0);
    }
  }

  private static void require(boolean holds, String what, int value, int least) {
    if (!holds) {
      throw new IllegalArgumentException(
          what + " must be in " + least + ".." + MOST + ", not " + value);
    }
  }

  /** With that stride along both axes. */
  public static Slide by(int stride) {
    return PLAIN.stride(stride, stride);
  }

  /** With these strides along height and width. */
  public Slide stride(int y, int x) {
    return new Slide(y, x, top, left, bottom, right, dilationY, dilationX, ceil);
  }

  /** With so much padding on every side. */
  public Slide padding(int entries) {
    return padding(entries, entries, entries, entries);
  }

  /** With padding that differs from side to side. */
  public Slide padding(int above, int before, int below, int behind) {
    return new Slide(strideY, strideX, above, before, below, behind, dilationY, dilationX, ceil);
  }

  /** With that dilation along both axes. */
  public Slide dilation(int entries) {
    return dilation(entries, entries);
  }

  /** With these dilations along height and width. */
  public Slide dilation(int y, int x) {
    return new Slide(strideY, strideX, top, left, bottom, right, y, x, ceil);
  }

  /** With a last window that reaches beyond the padding. */
  public Slide toTheEnd() {
    return new Slide(strideY, strideX, top, left, bottom, right, dilationY, dilationX, true);
  }

  Attributes ofGroups(int groups) {
    return attributes(Attributes.NONE).and("groups", groups);
  }

  Attributes ofWindow(int height, int width) {
    return attributes(Attributes.of("window", list(height, width))).flag("ceil", ceil);
  }

  private Attributes attributes(Attributes first) {
    return first
        .and("stride", list(strideY, strideX))
        .and("padding", list(top, left, bottom, right))
        .and("dilation", list(dilationY, dilationX));
  }

  private static String list(int... numbers) {
    return IntStream.of(numbers).mapToObj(Integer::toString).collect(Collectors.joining(","));
  }
}
