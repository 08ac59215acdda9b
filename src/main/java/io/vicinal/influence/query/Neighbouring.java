package io.vicinal.influence.query;

import io.vicinal.InputException;
import java.util.Locale;

/** Which distance decides who is the nearest neighbour. */
public enum Neighbouring {
  /**
   * Euclidean distance of the embeddings as they are: how the original scripts find their pairs.
   */
  RAW,
  /**
   * Euclidean distance of the unit embeddings, which orders as the cosine does: the geometry that
   * the losses see and that distances are measured in.
   */
  COSINE;

  /**
   * "raw" or "cosine".
   *
   * @throws InputException if it is neither
   */
  public static Neighbouring parse(String name) {
    for (Neighbouring value : values()) {
      if (value.name().toLowerCase(Locale.ROOT).equals(name)) {
        return value;
      }
    }
    throw new InputException("neighbours: '" + name + "' is unknown; choose cosine or raw");
  }
}
