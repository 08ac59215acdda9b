package io.vicinal.bench;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Random;

/**
 * Seeded inputs. Every value comes from {@link Random}, whose generator and Gaussian method are
 * specified by its documentation, so another implementation can rebuild them. Never zeros:
 * denormals and equal values are faster or slower than what users have. Not thread-safe.
 */
final class Inputs {
  /** Elements that are written at once: a write to a device has a price of its own. */
  private static final long BLOCK = 1 << 20;

  private final Random random;
  private final Arena arena;

  Inputs(long seed, Arena arena) {
    this.random = new Random(seed);
    this.arena = arena;
  }

  /** Independent normal values of the given standard deviation, [rows, columns]. */
  Tensor gaussian(double deviation, long rows, long columns) {
    Tensor made = arena.allocate(DType.F32, rows, columns);
    long block = Math.max(1, BLOCK / columns);
    for (long i = 0; i < rows; i += block) {
      long end = Math.min(rows, i + block);
      float[] values = new float[Math.toIntExact((end - i) * columns)];
      fill(values, deviation);
      made.rows(i, end).set(values);
    }
    return made;
  }

  /**
   * Rows that lean towards their class: normal values plus {@code pull} times row {@code labels[i]}
   * of centers.
   */
  Tensor around(Tensor centers, long[] labels, double pull) {
    int columns = Math.toIntExact(centers.dim(1));
    float[] all = centers.toFloats();
    Tensor made = arena.allocate(DType.F32, labels.length, columns);
    float[] row = new float[columns];
    for (int i = 0; i < labels.length; i++) {
      fill(row, 1);
      int from = Math.toIntExact(labels[i] * columns);
      for (int j = 0; j < columns; j++) {
        row[j] += (float) pull * all[from + j];
      }
      made.rows(i, i + 1).set(row);
    }
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

  private int[] permutation(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private void fill(float[] row, double deviation) {
    for (int j = 0; j < row.length; j++) {
      row[j] = (float) (deviation * random.nextGaussian());
    }
  }
}
