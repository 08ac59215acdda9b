package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.config.ValidationConfig;
import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.LinkedHashMap;
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

  /**
   * A fraction that was not given: its default, or as much more as leaves the largest class two
   * samples to compare, or none where that is more than a quarter.
   */
  static ValidationConfig fitted(long[] labels, long[] ids, ValidationConfig config) {
    if (config.given() || config.by().equals("class")) {
      return config.with(config.fraction());
    }
    Map<Long, Integer> counts = new LinkedHashMap<>();
    for (long id : ids) {
      counts.merge(labels[(int) id], 1, Integer::sum);
    }
    int most = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    double fraction = config.fraction();
    if (Math.round(fraction * most) < 2) {
      fraction = most < ENOUGH ? 0 : 2.0 / most;
    }
    return config.with(fraction);
  }

  /** What a fraction that was not given became, if that is not its default; else null. */
  static String told(ValidationConfig given, ValidationConfig fitted) {
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
    Map<Long, LongStream.Builder> classes = new TreeMap<>();
    for (long id : ids) {
      classes.computeIfAbsent(labels[(int) id], c -> LongStream.builder()).add(id);
    }
    Xoshiro generator = new Xoshiro(seed);
    long[] held =
        config.by().equals("class")
            ? wholeClasses(classes, config.fraction(), generator)
            : partOfEach(classes, config.fraction(), generator);
    checkPairs(labels, held);
    long[] training =
        Arrays.stream(ids).filter(id -> Arrays.binarySearch(held, id) < 0).sorted().toArray();
    return new ValidationSplit(training, held);
  }

  private static long[] partOfEach(
      Map<Long, LongStream.Builder> classes, double fraction, Xoshiro generator) {
    LongStream.Builder held = LongStream.builder();
    for (LongStream.Builder members : classes.values()) {
      long[] order = members.build().toArray();
      generator.shuffle(order, 0, order.length);
      long count = Math.min(Math.round(fraction * order.length), order.length - 1);
      Arrays.stream(order, 0, (int) count).forEach(held);
    }
    return held.build().sorted().toArray();
  }

  private static long[] wholeClasses(
      Map<Long, LongStream.Builder> classes, double fraction, Xoshiro generator) {
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
      classes.get(order[i]).build().forEach(held);
    }
    return held.build().sorted().toArray();
  }

  /** Retrieval needs a query with something to find. */
  private static void checkPairs(long[] labels, long[] held) {
    long classes = Arrays.stream(held).map(id -> labels[(int) id]).distinct().count();
    if (classes == held.length) {
      throw new InputException(
          "validation.fraction: no class would have two validation samples, so nothing could be"
              + " retrieved; raise it, or set it to 0");
    }
  }
}
