package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Batches that a loss must take: ordinary ones, and nasty ones. Labels are below 8. */
final class TupleBatches {
  static final int CLASSES = 8;

  private TupleBatches() {}

  static List<TupleCase> all() {
    List<TupleCase> all = new ArrayList<>();
    all.add(TupleCase.of("random", random(1, 7, 3), 0, 1, 0, 2, 1, 0, 5));
    all.add(TupleCase.of("balanced", random(2, 8, 5), 0, 1, 2, 3, 0, 1, 2, 3));
    all.add(TupleCase.of("no positives", random(3, 5, 3), 0, 1, 2, 3, 4));
    all.add(TupleCase.of("one class", random(4, 5, 3), 2, 2, 2, 2, 2));
    double[][] duplicates = random(5, 6, 3);
    duplicates[1] = duplicates[0].clone();
    duplicates[4] = duplicates[0].clone();
    all.add(TupleCase.of("duplicates", duplicates, 0, 0, 1, 1, 2, 2));
    double[][] zeros = random(6, 6, 3);
    zeros[0] = new double[3];
    zeros[3] = new double[3];
    all.add(TupleCase.of("zero vectors", zeros, 0, 0, 1, 1, 2, 0));
    all.add(TupleCase.of("one sample", random(7, 1, 3), 3));
    double[][] large = random(8, 7, 4);
    Arrays.stream(large).forEach(row -> Arrays.setAll(row, k -> 20 * row[k]));
    all.add(TupleCase.of("large", large, 0, 1, 0, 2, 1, 2, 0));
    return all;
  }

  static double[][] random(long seed, int rows, int width) {
    Random random = new Random(seed);
    double[][] x = new double[rows][width];
    for (double[] row : x) {
      Arrays.setAll(row, k -> 2 * random.nextDouble() - 1);
    }
    return x;
  }

  /** The batch as it is, or with tuples of that shape as a miner may find them. */
  static TupleCase mined(TupleCase batch, Tuples mined) {
    if (mined == null) {
      return batch;
    }
    Random random = new Random(batch.what().hashCode());
    List<int[]> tuples = new ArrayList<>();
    if (mined == Tuples.PAIRS || mined == Tuples.SETS) {
      batch.positivePairs().forEach(pair -> tuples.add(new int[] {pair[0], pair[1], 1}));
      batch.negativePairs().forEach(pair -> tuples.add(new int[] {pair[0], pair[1], 0}));
      tuples.removeIf(tuple -> random.nextDouble() < 0.3);
      tuples.removeIf(tuple -> tuple[0] == tuple[2]); // the first without negatives, and so on
    } else {
      for (int[] t : batch.triplets()) {
        int fourth = random.nextInt(batch.count());
        tuples.add(mined == Tuples.TRIPLETS ? t : new int[] {t[0], t[1], t[2], fourth});
      }
      tuples.removeIf(tuple -> random.nextDouble() < 0.6);
    }
    if (mined != Tuples.SETS) {
      tuples.addAll(tuples.subList(0, Math.min(2, tuples.size())).stream().toList()); // twice
    }
    return batch.mined(mined, tuples.toArray(int[][]::new));
  }

  /**
   * Tuples that no label made: against them, of a sample with itself, several times. In sets a pair
   * is of one kind.
   */
  static TupleCase loose(Tuples mined) {
    return loose(mined, 6);
  }

  /**
   * The same.
   *
   * @param anchors the first so many samples
   */
  static TupleCase loose(Tuples mined, int anchors) {
    TupleCase batch = TupleCase.of("loose", random(10, 6, 3), 0, 1, 0, 2, 1, 0).batch(anchors);
    Random random = new Random(12);
    List<int[]> tuples = new ArrayList<>();
    boolean signs = mined == Tuples.PAIRS || mined == Tuples.SETS;
    for (int t = 0; t < 25; t++) {
      int[] tuple = random.ints(signs ? 3 : mined == Tuples.TRIPLETS ? 3 : 4, 0, 6).toArray();
      if (signs) {
        tuple[2] = random.nextInt(2);
      }
      tuple[0] %= anchors;
      boolean known = tuples.stream().anyMatch(o -> o[0] == tuple[0] && o[1] == tuple[1]);
      if (mined != Tuples.SETS || !known) {
        tuples.add(tuple);
      }
    }
    return batch.mined(mined, tuples.toArray(int[][]::new));
  }
}
