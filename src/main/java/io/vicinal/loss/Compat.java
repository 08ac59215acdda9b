package io.vicinal.loss;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What known code computes otherwise than its paper says, by name; the parameters of a loss or of a
 * miner reproduce it. What is not listed is right by default and cannot be had wrong.
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
      "divides the weights of a queue entry by their sum over the batch"),
  DISTANCE_ALONE(
      Kind.MINER,
      "distance",
      Map.of("alone", "self"),
      "makes a sample that is alone in its class its own positive");

  /** What a defect can be of, and its section in a configuration. */
  public enum Kind {
    LOSS,
    MINER;

    /** As the section is called. */
    public String section() {
      return name().toLowerCase(Locale.ROOT);
    }

    String words(String owner) {
      return this == LOSS ? owner : "the " + section() + " " + owner;
    }
  }

  private final Kind kind;
  private final String owner;
  private final Map<String, String> params;
  private final String text;

  Compat(String loss, Map<String, String> params, String text) {
    this(Kind.LOSS, loss, params, text);
  }

  Compat(Kind kind, String owner, Map<String, String> params, String text) {
    this.kind = kind;
    this.owner = owner;
    this.params = params;
    this.text = text;
  }

  /** As users call it, such as {@code margin-count}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What it is of. */
  public Kind kind() {
    return kind;
  }

  /** The name of the loss or miner that it is of. */
  public String owner() {
    return owner;
  }

  /** The same in words. */
  public String ofWhat() {
    return kind.words(owner);
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
   * The defects of some names.
   *
   * @param names separated by commas
   * @throws InputException if there is none of a name; it says what there is
   */
  public static List<Compat> parse(String names) {
    return Arrays.stream(names.split(",", -1)).map(name -> one(name.strip())).toList();
  }

  private static Compat one(String name) {
    return Arrays.stream(values())
        .filter(one -> one.id().equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "compat: there is no '"
                        + name
                        + "'; there are "
                        + Arrays.stream(values())
                            .map(one -> one.id() + " (of " + one.ofWhat() + ")")
                            .collect(Collectors.joining(", "))));
  }

  /** Their names, separated by commas. */
  public static String ids(List<Compat> all) {
    return all.stream().map(Compat::id).collect(Collectors.joining(","));
  }

  /**
   * Refuses defects of something else.
   *
   * @param used the names of what is there; none of a kind that is not
   * @throws InputException if one of them is of none of these
   */
  public static void check(List<Compat> all, Map<Kind, String> used) {
    for (Compat one : all) {
      String there = used.get(one.kind);
      if (!one.owner.equals(there)) {
        throw new InputException(
            "compat: "
                + one.id()
                + " is of "
                + one.ofWhat()
                + (there == null ? ", which is not named" : ", not of " + one.kind.words(there)));
      }
    }
  }

  /**
   * Given parameters with those that make defects of a kind.
   *
   * @throws InputException if one is given otherwise
   */
  public static Map<String, String> params(List<Compat> all, Kind kind, Map<String, String> given) {
    Map<String, String> params = new LinkedHashMap<>(given);
    for (Compat one : all) {
      if (one.kind == kind) {
        new TreeMap<>(one.params).forEach((name, value) -> one.put(params, name, value));
      }
    }
    return params;
  }

  private void put(Map<String, String> params, String name, String value) {
    String given = params.putIfAbsent(name, value);
    if (given != null && !given.equals(value)) {
      throw new InputException(
          "compat: "
              + id()
              + " is "
              + name
              + "="
              + value
              + ", but "
              + name
              + " is given as "
              + given
              + "; keep one");
    }
  }
}
