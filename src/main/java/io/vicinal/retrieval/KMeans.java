package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.faiss.Clustering;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.faiss.Interruptible;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Lease;
import io.vicinal.tensor.Tensor;
import org.bytedeco.javacpp.FloatPointer;

/**
 * k-means by FAISS for the clustering metrics: every point takes part, fixed seed, fixed number of
 * iterations, and of several starts that with the lowest sum of squared distances within clusters,
 * so that a value can be repeated. The result depends neither on the number of threads nor on where
 * the rows lie and in which unit: FAISS sees them centred and scaled, and double arithmetic decides
 * which centroid is nearer. Fewer different rows than clusters leave clusters empty.
 *
 * <p>Thread-safe. {@link Thread#interrupt} stops a run within a second.
 */
public final class KMeans {
  /** Iterations of one start. */
  public static final int ITERATIONS = 20;

  /** FAISS's own default seed. */
  public static final int SEED = 1234;

  /** Starts of problems of {@link #SMALL} size; a single one may end in a poor partition. */
  private static final int STARTS = 10;

  /** Rows times clusters up to which several starts take seconds. */
  private static final long SMALL = 10_000_000;

  private KMeans() {}

  /** Starts for so many rows and clusters: 10 up to 10^7 rows times clusters, else one. */
  public static int starts(long rows, long clusters) {
    return rows * clusters <= SMALL ? STARTS : 1;
  }

  /** With {@link #SEED} and {@link #starts}. */
  public static long[] clusters(Tensor x, int k, int threads) {
    return clusters(x, k, SEED, starts(x.dim(0), k), threads);
  }

  /**
   * Clusters rows and assigns each to its nearest centroid.
   *
   * @param x F32 [N, d], finite
   * @param k clusters, 1..N
   * @param seed of the starts
   * @param starts of which the best is kept, at least 1
   * @param threads worker threads, 0 for all
   * @return the cluster 0..k-1 of each row
   * @throws InputException if k is out of range or a value is not finite
   * @throws CancelledException if the thread is interrupted
   */
  public static long[] clusters(Tensor x, int k, int seed, int starts, int threads) {
    return run(x, k, seed, starts, threads).assigned();
  }

  /**
   * @param assigned the cluster 0..k-1 of each row
   * @param centroids [k, d], before the rows were assigned the last time
   */
  record Result(long[] assigned, float[] centroids) {}

  /** As {@link #clusters(Tensor, int, int, int, int)}. */
  @SuppressWarnings("try") // the lease is held, not used
  static Result run(Tensor x, int k, int seed, int starts, int threads) {
    MatrixChecks.matrixF32("embeddings", x);
    int n = MatrixChecks.rowCount("embeddings", x);
    if (k < 1 || k > n) {
      throw new InputException("k: k-means needs 1.." + n + " clusters, got " + k);
    }
    FaissLibrary.load();
    try (Arena arena = Arena.host();
        Lease lease = Lease.of(x);
        Clustering clustering = new Clustering((int) x.dim(1), k)) {
      Tensor assigned = arena.allocate(DType.I64, n);
      Tensor centroids = arena.allocate(DType.F32, k, x.dim(1));
      FloatPointer points = Views.floats(x);
      clustering.niter(ITERATIONS).nredo(starts).seed(seed);
      Interruptible.run(
          "k-means",
          threads,
          stop -> {
            clustering.train(n, points, threads, stop);
            clustering.assign(n, points, Views.longs(assigned), threads, stop);
          });
      clustering.centroids(Views.floats(centroids));
      return new Result(assigned.toLongs(), centroids.toFloats());
    } catch (RuntimeException e) {
      throw MatrixChecks.finite("embeddings: ", e);
    }
  }
}
