package io.vicinal.retrieval;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What known code measures otherwise than its definition says, by name. What is not listed is right
 * by default and cannot be had wrong; a result that was measured so says which of these it has.
 */
public enum MetricCompat {
  MAP_CLASS_SIZE(
      "map, map@c and map@k/r divide by the size of the class, the query included, so that a"
          + " perfect ranking has (n - 1) / n"),
  MAP_PADDING(
      "map looks at one neighbour more than there are, map@k/r at up to k; every missing one"
          + " counts as the last row of the gallery"),
  LONE_AS_ZERO("queries without a relevant row enter the means over rankings, as 0"),
  FIRST_NEIGHBOUR(
      "in a set searched in itself the nearest row is left out, whichever it is, not the query"),
  SHORT_LISTS(
      "neighbour lists are as long as the largest class and at most 1023, so that r@k is that of"
          + " a smaller k"),
  TIES_FOR_RELEVANT(
      "r@k looks at irrelevant rows only that are nearer than the nearest relevant one"),
  RHO_TRUNCATED("rho@m has min(d - 1, 511) singular values: the smallest is missing"),
  LONE_DISTANCES(
      "intra counts a class of one row with the larger value of the two lowest labels, or with"
          + " their NaN"),
  TRAINING_CLUSTERS(
      "there are as many clusters as --training-classes says that classes were trained on, not as"
          + " the measured rows have classes"),
  EUCLIDEAN_CENTROIDS(
      "nmi/cosine, ami/cosine and f1/cosine have the directions of the centroids of Euclidean"
          + " k-means; a row goes to the one of the largest cosine");

  private static final long LARGEST_PADDED = 1 << 16; // neighbours that are listed for each query

  private final String text;

  MetricCompat(String text) {
    this.text = text;
  }

  /** As users call it, such as {@code map-class-size}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What that code does. */
  public String text() {
    return text;
  }

  /** Whether a metric of a k may look beyond the gallery's end; of a huge k none may. */
  public static boolean pads(Set<MetricCompat> compat, MetricId id) {
    return compat.contains(MAP_PADDING)
        && id.kind() == MetricKind.MAP_R
        && id.k() <= LARGEST_PADDED;
  }

  /**
   * Reads names separated by commas.
   *
   * @throws InputException if there is none of that name; it says what there is
   */
  public static Set<MetricCompat> parse(String names) {
    Set<MetricCompat> all = new LinkedHashSet<>();
    for (String name : names.split(",", -1)) {
      all.add(
          Arrays.stream(values())
              .filter(one -> one.id().equals(name.strip().toLowerCase(Locale.ROOT)))
              .findFirst()
              .orElseThrow(
                  () ->
                      new InputException(
                          "compat: metrics have no '"
                              + name.strip()
                              + "'; there are "
                              + Arrays.stream(values())
                                  .map(MetricCompat::id)
                                  .collect(Collectors.joining(", ")))));
    }
    return all;
  }
}
