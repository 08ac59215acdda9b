package io.vicinal.retrieval;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Transpose;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * The Euclidean distances of all pairs of measured rows, a piece at a time: every two rows once
 * where a set is searched in itself, else every query with every gallery row. Nothing of size rows
 * x rows is kept.
 *
 * <p>Of up to {@link #EXACT} pairs a distance is summed in double from the differences, in one
 * fixed order, so that equal rows are exactly 0 apart and equal distances equal. Of more it is
 * |a|^2 + |b|^2 - 2ab, products in double: wrong by less than 1e-7 of the longer row.
 */
final class PairStream {
  static final long EXACT = 4 << 20;
  private static final int ROWS = 1024; // of a block of the one side
  private static final int OTHERS = 4096; // and of the other

  private final Backend backend;
  private final MeasuredRows rows;
  private final boolean exact;

  /** What is done with distances. */
  interface Piece {
    /**
     * @param row of {@link MeasuredRows#labels}
     * @param first of the rows that it is paired with
     * @param at where their distances begin in {@code distances}
     */
    void take(int row, int first, int count, double[] distances, int at);
  }

  PairStream(Backend backend, MeasuredRows rows) {
    this(backend, rows, EXACT);
  }

  /**
   * @param most pairs that are summed from differences
   */
  PairStream(Backend backend, MeasuredRows rows, long most) {
    this.backend = backend;
    this.rows = rows;
    exact = pairs() <= most;
  }

  MeasuredRows rows() {
    return rows;
  }

  boolean isExact() {
    return exact;
  }

  long pairs() {
    long queries = rows.queries().dim(0);
    return rows.sameSet() ? queries * (queries - 1) / 2 : queries * rows.gallery().dim(0);
  }

  void forEach(Piece piece) {
    int queries = (int) rows.queries().dim(0);
    int gallery = (int) rows.gallery().dim(0);
    int shift = rows.sameSet() ? 0 : queries; // of the gallery's row numbers
    try (Arena arena = new Arena(backend.memory())) {
      for (int from = 0; from < queries; from += ROWS) {
        int to = Math.min(queries, from + ROWS);
        Side own = new Side(rows.queries(), from, to);
        for (int first = rows.sameSet() ? from : 0; first < gallery; first += OTHERS) {
          MatrixChecks.checkInterrupt("pair distances");
          int last = Math.min(gallery, first + OTHERS);
          Side others = new Side(rows.gallery(), first, last);
          double[] squares = exact ? null : products(own, others, arena);
          double[] distances = new double[last - first];
          for (int a = from; a < to; a++) {
            int next = rows.sameSet() ? Math.max(first, a + 1) : first;
            for (int b = next; b < last; b++) {
              distances[b - first] =
                  exact
                      ? own.distance(a - from, others, b - first)
                      : own.distance(a - from, others, b - first, squares);
            }
            if (next < last) {
              piece.take(a, shift + next, last - next, distances, next - first);
            }
          }
        }
      }
    }
  }

  private double[] products(Side own, Side others, Arena arena) {
    Tensor a = arena.of(own.values, own.count, own.width);
    Tensor b = arena.of(others.values, others.count, own.width);
    Tensor out = arena.allocate(DType.F64, own.count, others.count);
    backend.gemm(Transpose.N, Transpose.T, a, b, out);
    double[] products = out.toDoubles();
    arena.reset();
    return products;
  }

  /** Rows of one side of a block. */
  private final class Side {
    final int count;
    final int width = rows.width();
    final double[] values;
    final double[] squares;

    Side(Tensor matrix, int from, int to) {
      count = to - from;
      values = matrix.rows(from, to).toDoubles();
      squares = new double[count];
      for (int i = 0; i < values.length; i++) {
        squares[i / width] += values[i] * values[i];
      }
    }

    /** Four sums, for the processor to add at once. */
    double distance(int i, Side other, int j) {
      int a = i * width;
      int b = j * width;
      double s0 = 0;
      double s1 = 0;
      double s2 = 0;
      double s3 = 0;
      int at = 0;
      for (; at + 3 < width; at += 4) {
        double d0 = values[a + at] - other.values[b + at];
        double d1 = values[a + at + 1] - other.values[b + at + 1];
        double d2 = values[a + at + 2] - other.values[b + at + 2];
        double d3 = values[a + at + 3] - other.values[b + at + 3];
        s0 += d0 * d0;
        s1 += d1 * d1;
        s2 += d2 * d2;
        s3 += d3 * d3;
      }
      for (; at < width; at++) {
        double d0 = values[a + at] - other.values[b + at];
        s0 += d0 * d0;
      }
      return Math.sqrt(s0 + s1 + (s2 + s3));
    }

    double distance(int i, Side other, int j, double[] products) {
      double product = products[i * other.count + j];
      return Math.sqrt(Math.max(0, squares[i] + other.squares[j] - 2 * product));
    }
  }

  /** No two rows are farther apart. */
  double farthest() {
    double[] longest = new double[1];
    rows.forEach(
        false,
        (from, count, values) -> {
          for (int i = 0; i < count; i++) {
            int width = rows.width();
            longest[0] = Math.max(longest[0], SpaceMetrics.norm(values, i * width, width));
          }
        });
    return 2 * longest[0];
  }
}
