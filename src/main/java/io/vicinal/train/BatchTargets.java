package io.vicinal.train;

import io.vicinal.backend.Targets;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.stream.LongStream;

/** What a batch is compared with, by a {@link Supervision}; always in the same tensors. */
final class BatchTargets {
  private final Supervision supervision;
  private final Xoshiro draws;
  private final Tensor labels; // [B], as are the others' rows; a batch may be smaller
  private final Tensor weights;
  private final Tensor soft;

  /**
   * @param rows the most samples of a batch
   * @param type of weights and soft labels
   */
  BatchTargets(Supervision supervision, int rows, DType type, Arena arena) {
    this.supervision = supervision;
    draws = supervision.drawSeed() == null ? null : Xoshiro.of(supervision.drawSeed(), "labels");
    labels = arena.allocate(DType.I64, rows);
    weights = supervision.weights() == null ? null : arena.allocate(type, rows);
    soft = supervision.hasSoftTargets() ? arena.allocate(type, rows, supervision.classes()) : null;
  }

  /** The targets of these samples, until the next call. */
  Targets of(long[] ids) {
    long[] values = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      int id = (int) ids[i];
      double[] row = supervision.soft() == null ? null : supervision.soft()[id];
      values[i] = draws != null && row != null ? drawn(row) : supervision.labels()[id];
    }
    Tensor labelRows = labels.rows(0, ids.length);
    labelRows.set(values);
    Tensor weightRows = null;
    if (weights != null) {
      weightRows = weights.rows(0, ids.length);
      weightRows.set(LongStream.of(ids).mapToDouble(i -> supervision.weights()[(int) i]).toArray());
    }
    return new Targets(labelRows, weightRows, soft == null ? null : softRows(ids, values));
  }

  private Tensor softRows(long[] ids, long[] hard) {
    int classes = supervision.classes();
    double[] values = new double[ids.length * classes];
    for (int i = 0; i < ids.length; i++) {
      double[] row = supervision.soft()[(int) ids[i]];
      if (row == null) {
        values[i * classes + (int) hard[i]] = 1;
      } else {
        System.arraycopy(row, 0, values, i * classes, classes);
      }
    }
    Tensor rows = soft.rows(0, ids.length);
    rows.set(values);
    return rows;
  }

  private long drawn(double[] row) {
    double u = draws.nextDouble();
    double sum = 0;
    int last = 0;
    for (int c = 0; c < row.length; c++) {
      sum += row[c];
      last = row[c] > 0 ? c : last;
      if (u < sum) {
        return c;
      }
    }
    return last; // the row sums to a little less than 1
  }
}
