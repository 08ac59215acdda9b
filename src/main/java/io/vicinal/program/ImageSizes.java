package io.vicinal.program;

import java.util.Arrays;
import java.util.List;

/** The sizes of convolutions and pools; those that follow from numbers alone are numbers. */
final class ImageSizes {
  static final SizeRule CONV =
      (x, a) -> {
        requireImages(x);
        numbers(a, "groups", 1, 1);
        Sizes weights = x.get(1);
        return slid(x.get(0), weights.get(2), weights.get(3), a).with(3, weights.get(0));
      };
  static final SizeRule CONV_DATA = (x, a) -> ofConvolution(x.get(2), x.get(1), x, a);
  static final SizeRule CONV_WEIGHT = (x, a) -> ofConvolution(x.get(0), x.get(2), x, a);
  static final SizeRule POOL =
      (x, a) -> {
        requireImages(x);
        int[] window = numbers(a, "window", 2, 1);
        return slid(x.get(0), Integer.toString(window[0]), Integer.toString(window[1]), a);
      };
  static final SizeRule POOL_SPREAD =
      (x, a) -> {
        requireImages(x);
        POOL.of(List.of(x.get(1)), a);
        return x.get(1);
      };

  private ImageSizes() {}

  private static Sizes ofConvolution(Sizes image, Sizes weights, List<Sizes> x, Attributes a) {
    requireImages(x);
    CONV.of(List.of(image, weights), a);
    return x.get(2);
  }

  private static Sizes slid(Sizes image, String height, String width, Attributes a) {
    int[] stride = numbers(a, "stride", 2, 1);
    int[] padding = numbers(a, "padding", 4, 0);
    int[] dilation = numbers(a, "dilation", 2, 1);
    Sizes sizes = image;
    for (int k = 0; k < 2; k++) {
      String window = k == 0 ? height : width;
      sizes =
          sizes.with(
              k + 1,
              positions(
                  image.get(k + 1),
                  window,
                  new Axis(stride[k], padding[k], padding[k + 2], dilation[k], a.flag("ceil"))));
    }
    return sizes;
  }

  private record Axis(int stride, int before, int after, int dilation, boolean ceil) {}

  /** Windows of one size that move alike over axes of one size have one number of positions. */
  private static String positions(String size, String window, Axis axis) {
    Long entries = Sizes.number(size);
    Long places = Sizes.number(window);
    long reach = places == null ? 0 : axis.dilation * (places - 1) + 1;
    if (places != null && axis.stride == 1 && axis.before + axis.after == reach - 1) {
      return size;
    }
    if (places == null || entries == null) {
      return size + "/" + window + axis;
    }
    long room = entries + axis.before + axis.after - reach;
    require(
        room >= 0,
        "a window over "
            + reach
            + " entries of an axis that has "
            + (room + reach)
            + " with its padding");
    long count = room / axis.stride + 1;
    boolean more = room % axis.stride != 0 && count * axis.stride < entries + axis.before;
    return Long.toString(axis.ceil && more ? count + 1 : count);
  }

  private static int[] numbers(Attributes a, String name, int count, int least) {
    int[] numbers = Arrays.stream(a.text(name).split(",")).mapToInt(Integer::parseInt).toArray();
    require(
        numbers.length == count && Arrays.stream(numbers).allMatch(one -> one >= least),
        name + "=" + a.text(name) + ": " + count + " numbers of " + least + " or more are needed");
    return numbers;
  }

  private static void requireImages(List<Sizes> x) {
    require(x.stream().allMatch(sizes -> sizes.rank() == 4), "images and weights have rank 4");
  }

  private static void require(boolean holds, String reason) {
    if (!holds) {
      throw new IllegalArgumentException(reason);
    }
  }
}
