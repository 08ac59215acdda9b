package io.vicinal.explain;

import io.vicinal.InputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is measured of a confusion. A value.
 *
 * @param kind of measurement
 * @param k of recall at k; else 0
 */
public record ConfusionMeasure(Kind kind, int k) {
  private static final Pattern RECALL = Pattern.compile("recall@([1-9]\\d{0,5})");

  /** The kinds. */
  public enum Kind {
    DISTANCE,
    TRIPLET,
    CLASS_CONFUSION,
    RECALL
  }

  /**
   * Reads "distance", "triplet", "class-confusion" or "recall@K".
   *
   * @throws InputException for anything else
   */
  public static ConfusionMeasure parse(String text) {
    Matcher recall = RECALL.matcher(text);
    if (recall.matches()) {
      return new ConfusionMeasure(Kind.RECALL, Integer.parseInt(recall.group(1)));
    }
    return switch (text) {
      case "distance" -> new ConfusionMeasure(Kind.DISTANCE, 0);
      case "triplet" -> new ConfusionMeasure(Kind.TRIPLET, 0);
      case "class-confusion" -> new ConfusionMeasure(Kind.CLASS_CONFUSION, 0);
      default ->
          throw new InputException(
              "measure: '"
                  + text
                  + "' is unknown; choose distance, triplet, class-confusion or recall@K such as"
                  + " recall@1");
    };
  }
}
