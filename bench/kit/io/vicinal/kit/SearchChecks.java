package io.vicinal.kit;

import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/** Ranks, nearest neighbours and close pairs, which are the same bits on every device. */
final class SearchChecks {
  private SearchChecks() {}

  static void run(Comparison c, Precision precision) {
    c.check("rank F32", precision, SearchChecks::rank);
    c.check("nearest F32", precision, SearchChecks::nearest);
    c.check("close pairs F32", precision, SearchChecks::closePairs);
  }

  /** Gallery rows of which every fourth is another one's copy, so that some tie. */
  private static double[] rows(Side side, int gallery, int d) {
    double[] rows = side.gaussian((long) gallery * d, 1);
    for (int i = 4; i < gallery; i += 4) {
      System.arraycopy(rows, (i / 2) * d, rows, i * d, d);
    }
    return rows;
  }

  /** Queries are gallery rows. */
  private static void rank(Side side) {
    int gallery = side.size("G", 4);
    int queries = side.pick("Q", 1, gallery);
    int d = side.size("d", 1);
    int classes = side.pick("C", 1, Math.max(1, gallery / 3));
    double[] rows = rows(side, gallery, d);
    long[] self = new long[queries];
    long[] offsets = new long[queries + 1];
    long[] relevant = new long[queries * gallery];
    int count = 0;
    for (int q = 0; q < queries; q++) {
      self[q] = q % 5 == 4 ? -1 : q;
      for (int g = 0; g < gallery; g++) {
        if (g != q && g % classes == q % classes) {
          relevant[count++] = g;
        }
      }
      offsets[q + 1] = count;
    }
    byte[] tied = new byte[queries];
    Arrays.fill(tied, (byte) 99);
    Tensor ranks = side.integers("ranks", count);
    side.backend()
        .rank(
            side.single(Arrays.copyOf(rows, queries * d), queries, d),
            side.single(rows, gallery, d),
            side.place().of(self, queries),
            side.place().of(offsets, queries + 1),
            side.place().of(Arrays.copyOf(relevant, count), count),
            ranks,
            tied);
    long[] flags = new long[queries];
    Arrays.setAll(flags, q -> tied[q]);
    side.keepExact("tied", flags);
  }

  /**
   * Against FAISS's lists, decided in double. Few and many rows, few and many ties, from one
   * neighbour to all of them.
   */
  private static void nearest(Side side) {
    int gallery = side.pick("few", 0, 3) == 0 ? side.size("G", 2) : side.size("G", 160);
    int queries = side.pick("Q", 1, gallery);
    int d = side.size("d", 1);
    int available = gallery - 1;
    int[] counts = {1, Math.min(available, 7), side.pick("k", 1, available), available};
    int k = side.said("k", counts[side.pick("of", 0, 3)]);
    double[] rows = rows(side, gallery, d);
    if (side.pick("grid", 0, 1) == 1) { // few different points
      Arrays.setAll(rows, i -> Math.rint(rows[i]));
    }
    long[] own = new long[queries];
    Arrays.setAll(own, q -> q % 5 == 4 ? -1 : q);
    boolean given = side.pick("self", 0, 3) > 0;
    Tensor asked = side.single(Arrays.copyOf(rows, queries * d), queries, d);
    Tensor searched = side.single(rows, gallery, d);
    Tensor ids = side.integers("ids", queries, k);
    Tensor distances = side.doubles("distances", queries, k);
    if (side.backend().device().equals(Device.CPU)) {
      NeighbourList lists = Neighbours.search(asked, searched, k, given ? own : null, 0);
      ids.set(lists.ids());
      distances.set(lists.distances());
    } else {
      Tensor self = given ? side.place().of(own, queries) : null;
      side.backend().nearest(asked, searched, self, ids, distances);
    }
    side.keepExact(
        "bits of distances",
        Arrays.stream(distances.toDoubles()).mapToLong(Double::doubleToRawLongBits).toArray());
  }

  /** Within a set or of two, from few pairs to all, with pairs exactly at the limit. */
  private static void closePairs(Side side) {
    int count = side.size("N", 4);
    int d = side.size("d", 1);
    double[] rows = rows(side, count, d);
    boolean grid = side.pick("grid", 0, 1) == 1;
    if (grid) {
      Arrays.setAll(rows, i -> Math.rint(rows[i]));
    }
    int others = side.pick("others", 0, count);
    double limit = new double[] {0, d, 2 * d, Double.POSITIVE_INFINITY}[side.pick("limit", 0, 3)];
    int most = side.said("most", new int[] {0, 1, 50, count * count}[side.pick("of", 0, 3)]);
    int[] first = new int[most];
    int[] second = new int[most];
    double[] distances = new double[most];
    long[] zeros = grid ? new long[1] : null;
    Tensor a = side.single(rows, count, d);
    Tensor b = others == 0 ? null : side.single(Arrays.copyOf(rows, others * d), others, d);
    long total = side.backend().closePairs(a, b, limit, first, second, distances, zeros);
    side.keepExact("total", new long[] {total, grid ? zeros[0] : 0});
    side.keepExact("first", Arrays.stream(first).asLongStream().toArray());
    side.keepExact("second", Arrays.stream(second).asLongStream().toArray());
    side.keepExact(
        "bits of distances",
        Arrays.stream(distances).mapToLong(Double::doubleToRawLongBits).toArray());
  }
}
