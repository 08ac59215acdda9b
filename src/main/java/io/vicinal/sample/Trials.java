package io.vicinal.sample;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Batches that are like a pool: the pool is drawn class by class, some batches are drawn from it,
 * and the one of least cost is taken, the first of equals.
 */
final class Trials {
  private final Population of;
  private final int classes;
  private final int samples;
  private final int pool;
  private final int candidates;
  private final Statistic statistic;

  /** What is compared. */
  @FunctionalInterface
  interface Statistic {
    /**
     * What a part of a pool costs.
     *
     * @param pool all of it
     * @return of places in the pool
     */
    ToDoubleFunction<int[]> cost(Gram pool);
  }

  private Trials(
      Population of, int classes, int samples, int pool, int candidates, Statistic statistic) {
    this.of = of;
    this.classes = classes;
    this.samples = samples;
    this.pool = pool;
    this.candidates = candidates;
    this.statistic = statistic;
  }

  /**
   * A sampler of such batches.
   *
   * @param pool samples; at least a batch, at most all
   */
  static Sampler sampler(
      Population of,
      int classes,
      int samples,
      int pool,
      int candidates,
      long seed,
      Statistic statistic) {
    BalancedSampling.requireClasses(classes, of);
    Trials rule = new Trials(of, classes, samples, pool, candidates, statistic);
    return DrawnSampler.over(
        of, (long) classes * samples, seed, (number, generator) -> rule.draw(generator));
  }

  private long[] draw(Xoshiro generator) {
    int[][] members = pool(generator);
    long[] ids = of.ids(Arrays.stream(members).flatMapToInt(Arrays::stream).toArray());
    int[] starts = new int[members.length]; // where a class begins in the pool
    for (int c = 1; c < starts.length; c++) {
      starts[c] = starts[c - 1] + members[c - 1].length;
    }
    ToDoubleFunction<int[]> cost = statistic.cost(Gram.of(of.embeddings(), ids));
    int[] best = null;
    double least = 0;
    for (int t = 0; t < candidates; t++) {
      int[] trial = trial(members, starts, generator);
      double own = cost.applyAsDouble(trial);
      if (best == null || own < least) {
        best = trial;
        least = own;
      }
    }
    return IntStream.of(best).mapToLong(k -> ids[k]).toArray();
  }

  /** Any classes, of each any samples: more of them where there are few classes. */
  private int[][] pool(Xoshiro generator) {
    int count = Math.min(of.classes(), Math.max(classes, pool / samples));
    int each = Math.max(samples, pool / count);
    return Arrays.stream(generator.distinct(of.classes(), count))
        .mapToObj(c -> some(of.members((int) c), each, generator))
        .toArray(int[][]::new);
  }

  private int[] trial(int[][] members, int[] starts, Xoshiro generator) {
    return Arrays.stream(generator.distinct(members.length, classes))
        .mapToInt(c -> (int) c)
        .flatMap(
            c ->
                Arrays.stream(
                        some(IntStream.range(0, members[c].length).toArray(), samples, generator))
                    .map(k -> starts[c] + k))
        .toArray();
  }

  /** So many of some, each set as likely; all if they are fewer. */
  private static int[] some(int[] of, int count, Xoshiro generator) {
    return Arrays.stream(generator.distinct(of.length, Math.min(count, of.length)))
        .mapToInt(k -> of[(int) k])
        .toArray();
  }
}
