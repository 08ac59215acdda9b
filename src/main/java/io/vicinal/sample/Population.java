package io.vicinal.sample;

import java.util.Arrays;

/**
 * What batches are drawn from: samples, their classes, and what some samplers need beside. Samples
 * are numbered by their place here, 0 .. size-1; {@link #id} says which one of the dataset that is.
 *
 * <p>Immutable but for what the embeddings are of.
 */
public final class Population {
  private final long[] ids;
  private final int[] classes; // of each sample, 0, 1, ... in the order of the labels
  private final int[][] members; // of each class, ascending
  private final double[] weights;
  private final long[] superClasses;
  private final long[][] batches;
  private final EmbeddingSource embeddings;

  private Population(
      long[] ids,
      int[] classes,
      int[][] members,
      double[] weights,
      long[] superClasses,
      long[][] batches,
      EmbeddingSource embeddings) {
    this.ids = ids;
    this.classes = classes;
    this.members = members;
    this.weights = weights;
    this.superClasses = superClasses;
    this.batches = batches;
    this.embeddings = embeddings;
  }

  /**
   * Samples with classes.
   *
   * @param ids positions in the dataset, distinct
   * @param labels the class of each, any integers
   */
  public static Population of(long[] ids, long[] labels) {
    if (ids.length != labels.length) {
      throw new IllegalArgumentException("ids and labels differ in length");
    }
    int[] classes = numbered(labels);
    return new Population(ids.clone(), classes, grouped(classes), null, null, null, null);
  }

  /** The same with a weight of each sample, in the order of the ids. */
  public Population weighted(double... weights) {
    requireOneEach(weights.length);
    return new Population(ids, classes, members, weights, superClasses, batches, embeddings);
  }

  /** The same with a super-class of each sample, in the order of the ids. */
  public Population grouped(long... superClasses) {
    requireOneEach(superClasses.length);
    return new Population(ids, classes, members, weights, superClasses, batches, embeddings);
  }

  /** The same with batches of ids; ids of other samples, and negative ones, are left out. */
  public Population listed(long[][] batches) {
    return new Population(ids, classes, members, weights, superClasses, batches, embeddings);
  }

  /** The same as a model sees them. */
  public Population seenBy(EmbeddingSource embeddings) {
    return new Population(ids, classes, members, weights, superClasses, batches, embeddings);
  }

  private void requireOneEach(int length) {
    if (length != ids.length) {
      throw new IllegalArgumentException(length + " values for " + ids.length + " samples");
    }
  }

  /** Each label's number among the distinct ones. */
  static int[] numbered(long[] labels) {
    long[] names = Arrays.stream(labels).distinct().sorted().toArray();
    return Arrays.stream(labels).mapToInt(label -> Arrays.binarySearch(names, label)).toArray();
  }

  /** The places of each number, ascending. */
  static int[][] grouped(int[] numbers) {
    int[] counts = new int[Arrays.stream(numbers).max().orElse(-1) + 1];
    for (int number : numbers) {
      counts[number]++;
    }
    int[][] places = new int[counts.length][];
    Arrays.setAll(places, c -> new int[counts[c]]);
    for (int i = numbers.length - 1; i >= 0; i--) {
      places[numbers[i]][--counts[numbers[i]]] = i;
    }
    return places;
  }

  /** N. */
  public int size() {
    return ids.length;
  }

  /** A sample's position in the dataset. */
  public long id(int sample) {
    return ids[sample];
  }

  /** All of them; a fresh array. */
  public long[] ids() {
    return ids.clone();
  }

  /** The ids of some samples. */
  public long[] ids(int[] samples) {
    return Arrays.stream(samples).mapToLong(i -> ids[i]).toArray();
  }

  /** C. */
  public int classes() {
    return members.length;
  }

  /** A sample's class, from 0. */
  public int classOf(int sample) {
    return classes[sample];
  }

  /** The samples of a class, ascending. Shared: leave it as it is. */
  public int[] members(int c) {
    return members[c];
  }

  /** A sample's weight. */
  public double weight(int sample) {
    return needed(weights, "weights")[sample];
  }

  /** The super-class of each sample, any integers. Shared: leave it as it is. */
  public long[] superClasses() {
    return needed(superClasses, "super-classes");
  }

  /** Batches of ids. Shared: leave it as it is. */
  public long[][] batches() {
    return needed(batches, "batches");
  }

  /** What the model sees. */
  public EmbeddingSource embeddings() {
    return needed(embeddings, "embeddings");
  }

  private static <T> T needed(T given, String what) {
    if (given == null) {
      throw new IllegalStateException("the sampler needs " + what + ", and nobody gave any");
    }
    return given;
  }
}
