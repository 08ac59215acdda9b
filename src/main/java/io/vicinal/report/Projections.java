package io.vicinal.report;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tagbio.umap.Umap;

/**
 * Embeddings laid out in the plane. Stateless; the same rows and seed give the same picture.
 *
 * <p>Costs for N rows of width d: PCA O(N d^2 + d^3); UMAP compares all pairs below 4096 rows (N =
 * 2000: a few seconds), on one thread because only then its seed decides everything, and sees an
 * interrupt only before it starts; trustworthiness O(N^2 (d + log N)).
 */
public final class Projections {
  /** Neighbours that UMAP keeps together, its authors' default. */
  public static final int NEIGHBOURS = 15;

  // The authors' 0.1 piles the dots of a class on each other; trustworthiness is the same.
  private static final float SPACING = 0.5f;
  private static final int EPOCHS = 200;

  /** k of {@link #trustworthiness} in the notes. */
  static final int TRUST = 10;

  private Projections() {}

  /**
   * PCA, and UMAP where there are more than {@value #NEIGHBOURS} rows and its library is on the
   * class path.
   *
   * @param rows at least 2 of one width, at least 2 columns; normalise them where the model
   *     compares by angle
   * @throws InputException if there are fewer, or a value is not finite
   */
  public static List<Section.Projection> all(Backend backend, double[][] rows, long seed) {
    List<Section.Projection> all = new ArrayList<>();
    if (rows.length > NEIGHBOURS && OptionalLibrary.UMAP.present()) {
      all.add(umap(rows, seed));
    }
    all.add(pca(backend, rows));
    return List.copyOf(all);
  }

  /** The two directions of largest variance. */
  public static Section.Projection pca(Backend backend, double[][] rows) {
    check(rows);
    int n = rows.length;
    int d = rows[0].length;
    try (Arena arena = Arena.host()) {
      Tensor centred = arena.allocate(DType.F64, n, d);
      centre(rows, centred);
      Tensor scatter = arena.allocate(DType.F64, d, d);
      backend.gemm(T, N, centred, centred, scatter);
      Tensor values = arena.allocate(DType.F64, d);
      backend.symmetricEigen(scatter, values);
      Tensor plane = arena.allocate(DType.F64, n, 2);
      backend.gemm(N, T, centred, scatter.rows(d - 2, d), plane);
      double[] variances = values.toDoubles();
      double all = Arrays.stream(variances).sum();
      double share = all > 0 ? (variances[d - 1] + variances[d - 2]) / all : 0;
      double[] xy = plane.toDoubles();
      double[][] places = new double[n][];
      for (int i = 0; i < n; i++) {
        places[i] = new double[] {xy[2 * i + 1], xy[2 * i]};
      }
      String note = String.format(Locale.ROOT, "%.0f %% of the variance, ", 100 * share);
      return projection("PCA", note, rows, places);
    }
  }

  /** Uniform manifold approximation (McInnes, Healy, Melville, arXiv 1802.03426). */
  public static Section.Projection umap(double[][] rows, long seed) {
    OptionalLibrary.UMAP.require("UMAP");
    check(rows);
    if (rows.length <= NEIGHBOURS) {
      throw new InputException(
          "rows: UMAP needs more than " + NEIGHBOURS + ", got " + rows.length + "; use PCA");
    }
    Umap umap = new Umap();
    umap.setSeed(seed);
    umap.setThreads(1);
    umap.setNumberComponents(2);
    umap.setNumberNearestNeighbours(NEIGHBOURS);
    umap.setMinDist(SPACING);
    umap.setNumberEpochs(EPOCHS);
    return projection("UMAP", "", rows, umap.fitTransform(rows));
  }

  /**
   * How far neighbours in the plane are neighbours in the space, in 0..1 (Venna and Kaski, 2001): 1
   * - 2 / (n k (2n - 3k - 1)) sum_i sum_j max(0, rank_i(j) - k), over the k nearest j of i in the
   * plane, rank_i(j) being j's place among i's neighbours in the space.
   *
   * @param k below n / 2
   */
  public static double trustworthiness(double[][] space, double[][] plane, int k) {
    int n = space.length;
    if (k < 1 || 2 * k >= n) {
      throw new IllegalArgumentException("k: must be 1.." + ((n - 1) / 2) + ", got " + k);
    }
    long misplaced = 0;
    int[] rank = new int[n];
    for (int i = 0; i < n; i++) {
      int[] near = byDistance(space, i);
      for (int r = 0; r < near.length; r++) {
        rank[near[r]] = r + 1;
      }
      int[] shown = byDistance(plane, i);
      for (int r = 0; r < k; r++) {
        misplaced += Math.max(0, rank[shown[r]] - k);
      }
    }
    return 1 - 2.0 * misplaced / (n * (double) k * (2.0 * n - 3 * k - 1));
  }

  /** The other rows, nearest first, equal distances by lower row. */
  private static int[] byDistance(double[][] rows, int query) {
    record Near(double distance, int row) {}

    List<Near> all = new ArrayList<>(rows.length);
    for (int j = 0; j < rows.length; j++) {
      double sum = 0;
      for (int c = 0; c < rows[j].length; c++) {
        double difference = rows[j][c] - rows[query][c];
        sum += difference * difference;
      }
      if (j != query) {
        all.add(new Near(sum, j));
      }
    }
    all.sort(java.util.Comparator.comparingDouble(Near::distance)); // stable: ties stay by row
    return all.stream().mapToInt(Near::row).toArray();
  }

  private static Section.Projection projection(
      String name, String note, double[][] rows, double[][] places) {
    String trust =
        rows.length > 2 * TRUST
            ? String.format(
                Locale.ROOT, "trustworthiness %.2f", trustworthiness(rows, places, TRUST))
            : "too few samples for its trustworthiness";
    return new Section.Projection(
        name,
        note + trust,
        Arrays.stream(places).mapToDouble(p -> p[0]).toArray(),
        Arrays.stream(places).mapToDouble(p -> p[1]).toArray());
  }

  private static void centre(double[][] rows, Tensor centred) {
    int n = rows.length;
    int d = rows[0].length;
    double[] mean = new double[d];
    for (double[] row : rows) {
      for (int c = 0; c < d; c++) {
        mean[c] += row[c] / n;
      }
    }
    double[] byRow = new double[n * d];
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < d; c++) {
        byRow[i * d + c] = rows[i][c] - mean[c];
      }
    }
    centred.set(byRow);
  }

  private static void check(double[][] rows) {
    if (rows.length < 2 || rows[0].length < 2) {
      throw new InputException("rows: a map needs at least two rows and two columns");
    }
    for (int i = 0; i < rows.length; i++) {
      if (!Arrays.stream(rows[i]).allMatch(Double::isFinite)) {
        throw new InputException("rows: row " + i + " is not finite; remove it");
      }
    }
  }
}
