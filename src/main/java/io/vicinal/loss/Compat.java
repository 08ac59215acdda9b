package io.vicinal.loss;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What known code computes otherwise than its paper says, by name; the parameters of a loss
 * reproduce it. What is not listed is right by default and cannot be had wrong.
 */
public enum Compat {
  MARGIN_COUNT(
      "margin",
      Map.of("count", "triplets"),
      "divides by the triplets with an active pair, not by the active pairs"),
  PROXY_ANCHOR_REPEAT(
      "proxy-anchor",
      Map.of("repeat-labels", "true"),
      "weighs a present class by its share of the batch");

  private final String loss;
  private final Map<String, String> params;
  private final String text;

  Compat(String loss, Map<String, String> params, String text) {
    this.loss = loss;
    this.params = params;
    this.text = text;
  }

  /** As users call it, such as {@code margin-count}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The loss that it is of. */
  public String loss() {
    return loss;
  }

  /** The parameters that make it. */
  public Map<String, String> params() {
    return params;
  }

  /** What that code does. */
  public String text() {
    return text;
  }

  /**
   * The defect of that name.
   *
   * @throws InputException if a loss has none of that name; it says what there is
   */
  public static Compat of(String id, String loss) {
    return Arrays.stream(values())
        .filter(one -> one.id().equals(id) && one.loss.equals(loss))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "compat: "
                        + loss
                        + " has no '"
                        + id
                        + "'; there are "
                        + Arrays.stream(values())
                            .map(one -> one.id() + " (of " + one.loss + ")")
                            .collect(Collectors.joining(", "))));
  }
}
