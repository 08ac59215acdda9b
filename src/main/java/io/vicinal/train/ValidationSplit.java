package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.config.ValidationConfig;
import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * Carves validation samples from the training data, by a seed.
 *
 * <ul>
 *   <li>by sample: of each class with n samples, round(fraction * n) of them, at most n-1
 *   <li>by class: round(fraction * C) whole classes, at least 1 and at most C-1
 * </ul>
 *
 * @param training ids, ascending
 * @param validation ids, ascending; empty when nothing is held out
 */
record ValidationSplit(long[] training, long[] validation) {
  /** A class with fewer samples would lose more than a quarter of them to the two it needs. */
  private static final int ENOUGH = 8;

  /** Queries that find something, fewer of which decide nothing. */
  private static final int FEWEST = 10;

  /**
   * A part that was not given: the default fraction of each class, or as much more as leaves the
   * largest class two samples to compare. Where the classes are so small that most of what would be
   * held out could find nothing, that fraction of the classes, whole; where there are too few
   * classes for that, nothing.
   */
  static ValidationConfig fitted(long[] labels, long[] ids, ValidationConfig config, long seed) {
    if (config.given() || config.by().equals("class")) {
      return config.with(config.fraction());
    }
    Map<Long, long[]> classes = classes(labels, ids);
    int most = largest(classes);
    double fraction = config.fraction();
    if (Math.round(fraction * most) < 2) {
      fraction = most < ENOUGH ? 0 : 2.0 / most;
    }
    long[] each = partOfEach(classes, fraction, new Xoshiro(seed));
    long found = queries(labels, each);
    if (!config.byGiven() && 2 * found <= each.length && classes.size() > 2) {
      long whole = queries(labels, wholeClasses(classes, config.fraction(), new Xoshiro(seed)));
      if (whole >= FEWEST && whole > found) {
        return config.with(config.fraction(), "class");
      }
    }
    return config.with(fraction);
  }

  private static int largest(Map<Long, long[]> classes) {
    return classes.values().stream().mapToInt(members -> members.length).max().orElse(0);
  }

  /** The samples of every class, ascending. */
  private static Map<Long, long[]> classes(long[] labels, long[] ids) {
    Map<Long, LongStream.Builder> members = new TreeMap<>();
    for (long id : ids) {
      members.computeIfAbsent(labels[(int) id], c -> LongStream.builder()).add(id);
    }
    Map<Long, long[]> classes = new TreeMap<>();
    members.forEach((label, builder) -> classes.put(label, builder.build().toArray()));
    return classes;
  }

  /** How many of these samples have another of their class among them. */
  private static long queries(long[] labels, long[] held) {
    return classes(labels, held).values().stream()
        .filter(members -> members.length > 1)
        .mapToLong(members -> members.length)
        .sum();
  }

  /** What a fraction that was not given became, if that is not its default; else null. */
  static String told(ValidationConfig given, ValidationConfig fitted) {
    if (!given.by().equals(fitted.by())) {
      return "validation.by: class in place of sample: most classes are too small to spare two"
          + " samples, so "
          + fitted.fraction()
          + " of the classes are held out whole and are not trained on; set validation.fraction=0"
          + " to train on all";
    }
    if (given.fraction() == fitted.fraction()) {
      return null;
    }
    return fitted.fraction() == 0
        ? "validation.fraction: 0 in place of "
            + given.fraction()
            + ": no class has "
            + ENOUGH
            + " samples or more, of which two could be spared; the last head is delivered"
        : String.format(
            Locale.ROOT,
            "validation.fraction: %.3g in place of %s, two samples of the largest class",
            fitted.fraction(),
            given.fraction());
  }

  /**
   * @param labels the class of every sample of the dataset
   * @param ids the samples to divide
   */
  static ValidationSplit of(long[] labels, long[] ids, ValidationConfig config, long seed) {
    if (config.fraction() == 0) {
      return new ValidationSplit(ids.clone(), new long[0]);
    }
    Map<Long, long[]> classes = classes(labels, ids);
    Xoshiro generator = new Xoshiro(seed);
    long[] held =
        config.by().equals("class")
            ? wholeClasses(classes, config.fraction(), generator)
            : partOfEach(classes, config.fraction(), generator);
    if (queries(labels, held) == 0) {
      throw nothingToFind(config, classes, held.length);
    }
    long[] training =
        Arrays.stream(ids).filter(id -> Arrays.binarySearch(held, id) < 0).sorted().toArray();
    return new ValidationSplit(training, held);
  }

  private static long[] partOfEach(Map<Long, long[]> classes, double fraction, Xoshiro generator) {
    LongStream.Builder held = LongStream.builder();
    for (long[] members : classes.values()) {
      long[] order = members.clone();
      generator.shuffle(order, 0, order.length);
      long count = Math.min(Math.round(fraction * order.length), order.length - 1);
      Arrays.stream(order, 0, (int) count).forEach(held);
    }
    return held.build().sorted().toArray();
  }

  private static long[] wholeClasses(
      Map<Long, long[]> classes, double fraction, Xoshiro generator) {
    long[] order = classes.keySet().stream().mapToLong(Long::longValue).toArray();
    if (order.length < 3) {
      throw new InputException(
          "validation.by: "
              + order.length
              + (order.length == 1 ? " class" : " classes")
              + " cannot be divided by class, since training needs two; set it to sample");
    }
    generator.shuffle(order, 0, order.length);
    long count = Math.max(1, Math.min(Math.round(fraction * order.length), order.length - 1));
    LongStream.Builder held = LongStream.builder();
    for (int i = 0; i < count; i++) {
      Arrays.stream(classes.get(order[i])).forEach(held);
    }
    return held.build().sorted().toArray();
  }

  /** Retrieval needs a query with something to find; says which settings would give one. */
  private static InputException nothingToFind(
      ValidationConfig config, Map<Long, long[]> classes, int held) {
    int most = largest(classes);
    if (config.by().equals("class")) {
      return new InputException(
          "validation.by: the classes that validation.fraction "
              + config.fraction()
              + " holds out have one sample each ("
              + held
              + " in all), so nothing could be retrieved; "
              + (most < 2 ? "give more samples of each class" : "raise validation.fraction")
              + ", or set it to 0");
    }
    // round(f n) >= 2 from 1.5 / n on; one sample of a class at least is trained on
    String enough =
        most < 3
            ? ""
            : String.format(
                Locale.ROOT,
                "set it to %.2f or more (the largest class has %d samples), or ",
                Math.ceil(150.0 / most) / 100,
                most);
    return new InputException(
        "validation.fraction: "
            + config.fraction()
            + " leaves no class two validation samples, so nothing could be retrieved; "
            + enough
            + (most > 1 && classes.size() > 2
                ? "hold out whole classes with validation.by=class, or "
                : "")
            + "set it to 0 for no validation");
  }
}
