package io.vicinal.nn.network;

import io.vicinal.InputException;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a word behind a network's name changes, as in {@code resnet50_frozen_normalize}. */
public enum Modifier {
  /** Running statistics stay in training, too; scale and shift learn. */
  FROZEN("running statistics stay, scale and shift learn"),
  /** An embedding is divided by its length. */
  NORMALIZE("embeddings have length 1"),
  /** Kaiming's first values of the layer behind the features. */
  HE("the layer behind the features starts as N(0, 2 / width), its bias as 0"),
  /** The largest entry of each channel in place of the mean. */
  MAX("features are the largest entries of the map, not its means"),
  /** The largest entry of each channel on top. */
  DOUBLE("features are means plus largest entries"),
  /** The 2-norm of each channel on top. */
  LP2("2-norms of the map's channels are added to the features"),
  /** The 3-norm of each channel on top. */
  LP3("3-norms of the map's channels are added to the features"),
  /** Features have mean 0 and variance 1. */
  LAYERNORM("features have mean 0 and variance 1 in each image, epsilon 1e-5, nothing learned");

  private final String effect;

  Modifier(String effect) {
    this.effect = effect;
  }

  /** What it does, for lists. */
  public String effect() {
    return effect;
  }

  /** The word. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The modifiers of a name.
   *
   * @param name the whole of it, for messages
   * @param words what follows the network in it
   */
  static Set<Modifier> of(String name, String... words) {
    Set<Modifier> found = EnumSet.noneOf(Modifier.class);
    for (String word : words) {
      if (!found.add(of(name, word))) {
        throw new InputException("network: '" + name + "' has " + word + " twice; leave one out");
      }
    }
    if (found.contains(MAX) && found.contains(DOUBLE)) {
      throw new InputException(
          "network: '" + name + "' has max and double; max takes no means, so leave one out");
    }
    return found;
  }

  private static Modifier of(String name, String word) {
    return Stream.of(values())
        .filter(one -> one.toString().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "network: '"
                        + name
                        + "' has '"
                        + word
                        + "' behind its name; choose "
                        + Stream.of(values())
                            .map(Modifier::toString)
                            .collect(Collectors.joining(", "))));
  }
}
