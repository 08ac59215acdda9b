package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.data.image.ImageTransform.Geometry;
import io.vicinal.data.image.ImageTransform.Jitter;
import io.vicinal.data.image.ImageTransform.PaddedCrop;
import io.vicinal.data.image.ImageTransform.RandomResizedCrop;
import io.vicinal.data.image.ImageTransform.Resized;
import io.vicinal.data.image.ImageTransform.ResizedCrop;
import io.vicinal.data.image.ImageTransform.Unchanged;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A published pair of transforms by its name. Immutable, so safe for any thread.
 *
 * @param name by which it is chosen
 * @param training draws
 * @param evaluation draws nothing
 * @param text what is done, for a list
 */
public record ImageRecipe(
    String name, ImageTransform training, ImageTransform evaluation, String text) {
  private static final Map<String, ImageRecipe> NAMED = new LinkedHashMap<>();

  static {
    for (int[] sizes : new int[][] {{256, 224}, {292, 256}, {361, 324}, {512, 448}}) {
      String suffix = sizes[1] == 224 ? "" : "-" + sizes[1];
      add("base" + suffix, flipped(new RandomResizedCrop(sizes[1])), sizes[0], sizes[1]);
    }
    add("base-227", flipped(new RandomResizedCrop(227)), 256, 227); // GoogLeNet's
    add("big", flipped(new RandomResizedCrop(256)), 256, 256);
    add(
        "adv",
        new ImageTransform(new RandomResizedCrop(224), 0.5, 0.2, new Jitter(0.2, 0.2, 0.2, 0.2), 0),
        256,
        224);
    add("red", flipped(new ResizedCrop(256, 224, true)), 256, 224);
    add("influence", flipped(new RandomResizedCrop(256)), 288, 256);
    add("influence-view", flipped(new RandomResizedCrop(256)), new Resized(256));
    add(
        "imagenet",
        new ImageTransform(new RandomResizedCrop(224), 0.5, 0, new Jitter(0.4, 0.4, 0.4, 0), 0.1),
        256,
        224);
    add("cifar", flipped(new PaddedCrop(4, 32)), new Unchanged());
  }

  private static ImageTransform flipped(Geometry geometry) {
    return new ImageTransform(geometry, 0.5, 0, Jitter.NONE, 0);
  }

  private static void add(String name, ImageTransform training, int shorter, int size) {
    add(name, training, new ResizedCrop(shorter, size, false));
  }

  private static void add(String name, ImageTransform training, Geometry evaluation) {
    String text = "training: " + words(training) + "; evaluation: " + words(evaluation);
    NAMED.put(name, new ImageRecipe(name, training, ImageTransform.of(evaluation), text));
  }

  private static String words(ImageTransform transform) {
    StringBuilder text = new StringBuilder(words(transform.geometry()));
    if (transform.flip() > 0) {
      text.append(", flip ").append(transform.flip());
    }
    if (transform.grey() > 0) {
      text.append(", grey ").append(transform.grey());
    }
    if (!transform.jitter().equals(Jitter.NONE)) {
      Jitter j = transform.jitter();
      text.append(", brightness ").append(j.brightness());
      text.append(", contrast ").append(j.contrast());
      text.append(", saturation ").append(j.saturation());
      text.append(j.hue() > 0 ? ", hue " + j.hue() : "");
    }
    if (transform.light() > 0) {
      text.append(", PCA lighting ").append(transform.light());
    }
    return text.toString();
  }

  private static String words(Geometry geometry) {
    if (geometry instanceof RandomResizedCrop g) {
      return "random resized crop " + g.size();
    }
    if (geometry instanceof ResizedCrop g) {
      return "shorter side "
          + g.shorter()
          + ", "
          + (g.anywhere() ? "random" : "centre")
          + " crop "
          + g.size();
    }
    if (geometry instanceof PaddedCrop g) {
      return "border " + g.border() + ", random crop " + g.size();
    }
    return geometry instanceof Resized g ? "shorter side " + g.shorter() : "as it is";
  }

  /** All names in a fixed order. */
  public static List<String> names() {
    return List.copyOf(NAMED.keySet());
  }

  /**
   * The recipe of a name.
   *
   * @throws InputException one sentence with all names, for another one
   */
  public static ImageRecipe named(String name) {
    ImageRecipe recipe = NAMED.get(name);
    if (recipe == null) {
      throw new InputException(
          "transform: '" + name + "' is unknown; choose " + String.join(", ", NAMED.keySet()));
    }
    return recipe;
  }
}
