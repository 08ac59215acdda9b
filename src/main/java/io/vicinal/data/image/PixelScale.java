package io.vicinal.data.image;

import io.vicinal.InputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a network takes for a pixel: {@code (byte * range / 255 - mean) / std}, by channel.
 * Immutable, so safe for any thread.
 *
 * @param name by which it is chosen
 * @param bgr blue, green, red; else red, green, blue
 * @param range 1 or 255: what white is before the mean is taken
 * @param mean in the order of the channels
 * @param std in the order of the channels
 */
public record PixelScale(
    String name, boolean bgr, double range, List<Double> mean, List<Double> std) {
  private static final Map<String, PixelScale> NAMED = new LinkedHashMap<>();

  static {
    add("imagenet", false, 1, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
    add("bn-inception", true, 255, List.of(104.0, 117.0, 128.0), List.of(1.0, 1.0, 1.0));
    add(
        "bn-inception-unit",
        true,
        1,
        List.of(0.4078, 0.4588, 0.502),
        List.of(0.0039, 0.0039, 0.0039));
    add("half", false, 1, List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.5));
    add(
        "cifar",
        false,
        1,
        List.of(125.3 / 255, 123.0 / 255, 113.9 / 255),
        List.of(63.0 / 255, 62.1 / 255, 66.7 / 255));
    add("unit", false, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
    add("bytes", false, 255, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
  }

  private static void add(
      String name, boolean bgr, double range, List<Double> mean, List<Double> std) {
    NAMED.put(name, new PixelScale(name, bgr, range, mean, std));
  }

  /** Copies the lists and checks them. */
  public PixelScale {
    mean = three("mean", mean, Double.NEGATIVE_INFINITY);
    std = three("std", std, 0);
    if (range != 1 && range != 255) {
      throw new InputException("range: is " + range + "; choose 1 or 255");
    }
  }

  private static List<Double> three(String what, List<Double> values, double above) {
    if (values.size() != 3 || !values.stream().allMatch(v -> v > above && v < 1e9)) {
      throw new InputException(
          what + ": is " + values + "; give three finite numbers" + (above == 0 ? " above 0" : ""));
    }
    return List.copyOf(values);
  }

  /** The names, with what they mean. */
  public static Map<String, PixelScale> named() {
    return Map.copyOf(NAMED);
  }

  /** The names in a fixed order. */
  public static List<String> names() {
    return List.copyOf(NAMED.keySet());
  }

  /**
   * What a name means.
   *
   * @throws InputException one sentence with all names, for another one
   */
  public static PixelScale named(String name) {
    PixelScale scale = NAMED.get(name);
    if (scale == null) {
      throw new InputException(
          "pixels: '" + name + "' is unknown; choose " + String.join(", ", NAMED.keySet()));
    }
    return scale;
  }

  /** The factor of a byte for an output channel. */
  float factor(int channel) {
    return (float) (range / 255 / std.get(channel));
  }

  /**
   * What is added afterwards.
   *
   * @param light of red, green, blue, in 0..1
   */
  float shift(int channel, List<Double> light) {
    double added = range * light.get(bgr ? 2 - channel : channel);
    return (float) ((added - mean.get(channel)) / std.get(channel));
  }
}
