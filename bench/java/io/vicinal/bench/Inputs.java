package io.vicinal.bench;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Seeded inputs. Every value comes from {@link Random}, whose generator and Gaussian method are
 * specified by its documentation, so another implementation can rebuild them. Never zeros:
 * denormals and equal values are faster or slower than what users have. Not thread-safe.
 */
final class Inputs {
  /** Elements that are written at once: a write to a device has a price of its own. */
  private static final long BLOCK = 1 << 20;

  /** Arrays with more elements are drawn by all processors, each block from a seed of its own. */
  private static final long LARGE = 1 << 25;

  private final Random random;
  private final Arena arena;

  Inputs(long seed, Arena arena) {
    this.random = new Random(seed);
    this.arena = arena;
  }

  /** Independent normal values of the given standard deviation, [rows, columns]. */
  Tensor gaussian(double deviation, long rows, long columns) {
    return made(rows, columns, (row, values) -> scale(values, deviation));
  }

  /**
   * Rows that lean towards their class: normal values plus {@code pull} times row {@code labels[i]}
   * of centers.
   */
  Tensor around(Tensor centers, long[] labels, double pull) {
    int columns = Math.toIntExact(centers.dim(1));
    float[] all = centers.toFloats();
    return made(
        labels.length,
        columns,
        (row, values) -> {
          for (int i = 0; i < values.length; i++) {
            int from = Math.toIntExact(labels[row + i / columns] * columns);
            values[i] += (float) pull * all[from + i % columns];
          }
        });
  }

  /** What is done to a block of standard normal values, the first of which is in row {@code row}. */
  private interface Shaping {
    void apply(int row, float[] values);
  }

  private static void scale(float[] values, double deviation) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * values[i]);
    }
  }

  private Tensor made(long rows, long columns, Shaping shaping) {
    Tensor made = arena.allocate(DType.F32, rows, columns);
    long block = Math.max(1, BLOCK / columns);
    int blocks = Math.toIntExact((rows + block - 1) / block);
    boolean large = rows * columns > LARGE;
    long seed = large ? random.nextLong() : 0;
    IntStream order = IntStream.range(0, blocks);
    (large ? order.parallel() : order.sequential())
        .forEach(
            i -> {
              long from = i * block;
              long to = Math.min(rows, from + block);
              float[] values = new float[Math.toIntExact((to - from) * columns)];
              fill(values, large ? new Random((seed + i) * 0x9e3779b97f4a7c15L) : random);
              shaping.apply((int) from, values);
              made.rows(from, to).set(values);
            });
    return made;
  }

  /**
   * A balanced batch as a sampler makes it: classes drawn without repetition, {@code perClass} rows
   * of each.
   */
  long[] balancedLabels(int batch, int classes, int perClass) {
    int[] order = permutation(classes);
    long[] labels = new long[batch];
    for (int i = 0; i < batch; i++) {
      labels[i] = order[i / perClass % classes];
    }
    return labels;
  }

  /**
   * Labels of {@code rows} samples in {@code classes} classes of 2 to 12 members, in random order:
   * two each, the rest one by one to random classes that have room.
   */
  long[] smallClasses(int rows, int classes) {
    int[] sizes = new int[classes];
    int placed = 0;
    long[] labels = new long[rows];
    for (int c = 0; c < classes; c++) {
      for (sizes[c] = 0; sizes[c] < 2; sizes[c]++) {
        labels[placed++] = c;
      }
    }
    while (placed < rows) {
      int c = random.nextInt(classes);
      if (sizes[c] < 12) {
        sizes[c]++;
        labels[placed++] = c;
      }
    }
    int[] order = permutation(rows);
    long[] shuffled = new long[rows];
    for (int i = 0; i < rows; i++) {
      shuffled[i] = labels[order[i]];
    }
    return shuffled;
  }

  /** The same in random order. */
  long[] shuffled(long[] values) {
    return IntStream.of(permutation(values.length)).mapToLong(i -> values[i]).toArray();
  }

  private int[] permutation(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private static void fill(float[] values, Random random) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
  }
}
