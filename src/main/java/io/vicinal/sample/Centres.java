package io.vicinal.sample;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Batches around centres: some of a random pool are chosen one after the other by how far they are
 * from those before, then each gets company of its class.
 */
final class Centres {
  private final Population of;
  private final int centres;
  private final int samples;
  private final int pool;
  private final Next next;

  /** Chooses one more. */
  @FunctionalInterface
  interface Next {
    /**
     * One of the pool.
     *
     * @param squared of each of the pool the squared distance to the nearest centre; -1 of centres
     */
    int of(double[] squared, Xoshiro generator);
  }

  private Centres(Population of, int centres, int samples, int pool, Next next) {
    this.of = of;
    this.centres = centres;
    this.samples = samples;
    this.pool = pool;
    this.next = next;
  }

  /**
   * A sampler of such batches.
   *
   * @param samples of each centre's class, with the centre
   * @param pool that centres are chosen from; at least as many as centres, at most all
   */
  static Sampler sampler(Population of, int centres, int samples, int pool, long seed, Next next) {
    long size = (long) centres * samples;
    int held = Math.min(Math.max(pool, centres), of.size());
    Centres rule = new Centres(of, centres, samples, held, next);
    return DrawnSampler.over(of, size, seed, (number, generator) -> rule.draw(generator));
  }

  private long[] draw(Xoshiro generator) {
    int[] candidates =
        Arrays.stream(generator.distinct(of.size(), pool)).mapToInt(i -> (int) i).toArray();
    Gram gram = Gram.of(of.embeddings(), of.ids(candidates));
    Chosen chosen = new Chosen(of, centres * samples);
    int[] own = choose(gram, centres, next, generator);
    IntStream.of(own).forEach(k -> chosen.add(candidates[k]));
    for (int k : own) {
      chosen.add(of.classOf(candidates[k]), samples - 1, generator);
    }
    return chosen.ids();
  }

  /** So many different ones of a pool: the first at random. */
  static int[] choose(Gram gram, int count, Next next, Xoshiro generator) {
    double[] squared = new double[gram.size()];
    Arrays.fill(squared, Double.POSITIVE_INFINITY);
    int[] chosen = new int[count];
    for (int k = 0; k < count; k++) {
      chosen[k] = k == 0 ? generator.below(gram.size()) : next.of(squared, generator);
      for (int i = 0; i < squared.length; i++) {
        squared[i] = Math.min(squared[i], gram.squaredDistance(i, chosen[k]));
      }
      squared[chosen[k]] = -1;
    }
    return chosen;
  }
}
