package io.vicinal.report;

import io.vicinal.backend.Backend;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** Training samples where the head puts them, laid out in the plane. Stateless. */
public final class MapSection {
  /** Samples that are shown at most, beside those that are marked. */
  public static final int MOST = 600;

  /** Classes that colours and shapes tell apart. */
  public static final int CLASSES = 20;

  private MapSection() {}

  /** The rows to show: the marked ones and the first others, {@value #MOST} in all, ascending. */
  public static long[] rows(long samples, List<Integer> marked) {
    long[] first = LongStream.range(0, samples).limit(MOST).toArray();
    return LongStream.concat(marked.stream().mapToLong(i -> i), Arrays.stream(first))
        .distinct()
        .limit(MOST)
        .sorted()
        .toArray();
  }

  /**
   * PCA and UMAP of unit embeddings.
   *
   * @param rows of the training samples, ascending, two at least
   * @param mark of a row, or null
   * @return null if they are of more classes than {@value #CLASSES}
   */
  public static Section of(
      String lead,
      Backend backend,
      Head head,
      Tensor features,
      long[] rows,
      Gallery gallery,
      LongFunction<String> mark,
      long seed) {
    Gallery.Shelf shelf = gallery.training();
    long[] classes =
        Arrays.stream(rows).map(i -> shelf.labels()[(int) i]).distinct().sorted().toArray();
    if (classes.length > CLASSES || rows.length < 2) {
      return null;
    }
    List<Section.Point> points = new ArrayList<>();
    double[][] units = new double[rows.length][];
    try (Arena arena = new Arena(backend.memory())) {
      Tensor some = arena.allocate(features.dtype(), rows.length, features.dim(1));
      for (int r = 0; r < rows.length; r++) {
        some.rows(r, r + 1L).copyFrom(features.rows(rows[r], rows[r] + 1));
        int place = Arrays.binarySearch(classes, shelf.labels()[(int) rows[r]]);
        points.add(new Section.Point(gallery.train(rows[r]), place, mark.apply(rows[r])));
      }
      Tensor z = head.embed(backend, some, arena);
      backend.normalizeRows(z, z);
      Arrays.setAll(units, r -> z.rows(r, r + 1L).toDoubles());
    }
    return new Section.EmbeddingMap(
        lead,
        Arrays.stream(classes).mapToObj(shelf.className()).toList(),
        points,
        Projections.all(backend, units, seed));
  }
}
