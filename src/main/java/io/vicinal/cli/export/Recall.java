package io.vicinal.cli.export;

import io.vicinal.backend.Backend;
import io.vicinal.cli.common.Text;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.stream.LongStream;

/**
 * How many of the exact nearest rows an index finds, asked by rows of its own, each without itself.
 * A row that is as near as the last of the exact ones counts for it. For one thread.
 */
final class Recall {
  private static final int QUERIES = 1000;
  private static final double SAME = 1e-9; // relative; the order of a sum

  /** What is said of one row. */
  static final String NONE = "one row has no neighbours: no recall";

  private final Tensor rows;
  private final int width;
  private final long[] queries;
  private final int k;
  private final NeighbourList exact;

  /** The rows that an index finds for a vector, best first. */
  interface Searched {
    long[] nearest(float[] vector, int count);
  }

  /**
   * @param rows F32 [N, d], unit vectors where directions are compared; at least two
   * @param k at most N - 1 is taken
   */
  Recall(Tensor rows, int k, Backend backend) {
    this.rows = rows;
    width = (int) rows.dim(1);
    long n = rows.dim(0);
    int count = (int) Math.min(n, QUERIES);
    queries = LongStream.range(0, count).map(i -> i * n / count).toArray();
    this.k = (int) Math.min(k, n - 1);
    try (Arena arena = Arena.host()) {
      Tensor asked = arena.allocate(DType.F32, count, width);
      for (int q = 0; q < count; q++) {
        asked.rows(q, q + 1).set(row(queries[q]));
      }
      exact = Neighbours.search(asked, rows, this.k, queries, backend);
    }
  }

  /**
   * @throws io.vicinal.InputException if a number of neighbours is below 1
   */
  static void check(String option, int number) {
    if (number < 1) {
      throw Text.wrong("%s: %d is not 1 or more", option, number);
    }
  }

  private float[] row(long id) {
    return rows.rows(id, id + 1).toFloats();
  }

  /** The share of the exact neighbours that is found. */
  double of(Searched index) {
    long found = 0;
    for (int q = 0; q < queries.length; q++) {
      float[] query = row(queries[q]);
      double last = exact.distance(q, k - 1) * (1 + SAME);
      int taken = 0;
      for (long id : index.nearest(query, k + 1)) {
        if (id >= 0 && id != queries[q] && taken < k) {
          taken++;
          found += distance(query, row(id)) <= last ? 1 : 0;
        }
      }
    }
    return (double) found / ((long) queries.length * k);
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = (double) a[i] - b[i];
      sum += difference * difference;
    }
    return sum;
  }

  /** In a line. */
  String said(double recall) {
    return Text.say(
        "recall@%d %.4f against exact neighbours, of %s asked",
        k, recall, Text.count(queries.length, "row", "rows"));
  }
}
