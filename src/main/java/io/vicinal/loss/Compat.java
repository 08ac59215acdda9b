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
  CONTRASTIVE_EPS(
      "contrastive",
      Map.of("eps", "1e-6"),
      "adds 1e-6 to each coordinate's difference before it is squared"),
  QUADRUPLET_ALL(
      "quadruplet",
      Map.of("second", "all"),
      "compares each listed pair with the fourth samples of all tuples"),
  MULTI_SIMILARITY_SEPARATE(
      "multi-similarity",
      Map.of("mean", "separate", "self", "true"),
      "has a mean for each kind of pair, an anchor as its own positive, and log 2 for no pairs"),
  PROXY_NCA_SLOTS(
      "proxy-nca-v2",
      Map.of("over", "slots", "exclude-positive", "true", "distance", "squared"),
      "sums over samples by the place of a class among a sample's other classes"),
  PROXY_NCA_TEMPERATURE(
      "proxy-nca-v2",
      Map.of("tempered", "positive"),
      "divides distances to own proxies only by the temperature"),
  PROXY_ANCHOR_REPEAT(
      "proxy-anchor",
      Map.of("repeat-labels", "true"),
      "weighs a present class by its share of the batch"),
  PROXY_ANCHOR_V2_REPEAT(
      "proxy-anchor-v2",
      Map.of("repeat-labels", "true", "neg-mean", "present"),
      "weighs a present class by its share of the batch, and leaves classes without negatives out"),
  ARCFACE_CODED(
      "arcface-v2",
      Map.of("coded", "true", "tail", "none"),
      "takes embeddings as they are and cosines below 1e-10 for that, and has no tail"),
  SOFT_TRIPLE_CODED(
      "soft-triple-v2",
      Map.of("coded", "true"),
      "has lengths over centres, and a softmax over classes that is multiplied by gamma"),
  MOCO_BATCH(
      "moco",
      Map.of("weights", "batch"),
      "divides the weights of a queue entry by their sum over the batch");

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
