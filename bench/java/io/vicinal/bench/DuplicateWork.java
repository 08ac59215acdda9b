package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.data.Npy;
import io.vicinal.retrieval.ClosePairs;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * All pairs of a cosine of at least 0.9 among unit rows of a thousand classes, whose cosines are
 * about 0.5 within one and 0 between two. One row in a hundred is a near copy: of every four
 * hundred rows one has four, which makes ten pairs with cosines about 0.99. Not thread-safe.
 */
final class DuplicateWork implements Work {
  private static final double COSINE = 0.9;
  private static final int CLASSES = 1_000;
  private static final int COPIES = 4;
  private static final int EVERY = 400; // rows, of which one has copies
  private static final double NOISE = 0.1;
  private static final int MOST = 1_000_000;

  private final Arena arena = Arena.host();
  private final Backend backend;
  private final Tensor rows;
  private ClosePairs last;

  DuplicateWork(Backend backend, int count, int width) {
    this.backend = backend;
    Inputs inputs = new Inputs(70, arena);
    long[] labels = IntStream.range(0, count).mapToLong(i -> i % CLASSES).toArray();
    rows = inputs.around(inputs.gaussian(1, CLASSES, width), labels, 1);
    Tensor noise = inputs.gaussian(NOISE, (long) count / EVERY * COPIES, width);
    for (int copy = 0; copy < noise.dim(0); copy++) {
      long to = count - 1 - copy;
      float[] row = rows.rows(copy / COPIES * EVERY / 2, copy / COPIES * EVERY / 2 + 1).toFloats();
      float[] change = noise.rows(copy, copy + 1).toFloats();
      for (int j = 0; j < width; j++) {
        row[j] += change[j];
      }
      rows.rows(to, to + 1).set(row);
    }
    backend.normalizeRows(rows, rows);
  }

  /** What a process with these rows alone does. */
  static ClosePairs search(Tensor rows, Backend backend) {
    return ClosePairs.ofCosine(rows, null, COSINE, MOST, backend);
  }

  @Override
  public String problem() {
    return "N=" + rows.dim(0) + " d=" + rows.dim(1) + " cosine >= " + COSINE;
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("E.npy"), rows);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("near-duplicates", Double.toString(COSINE));
  }

  @Override
  public void repeat() {
    last = search(rows, backend);
  }

  @Override
  public Map<String, Double> values() {
    return Map.of("pairs", (double) last.total());
  }

  /** By their rows, not by their cosines, whose last bits differ. */
  @Override
  public Map<String, Tensor> arrays() {
    Integer[] order = IntStream.range(0, last.kept()).boxed().toArray(Integer[]::new);
    Arrays.sort(
        order,
        Comparator.<Integer>comparingInt(p -> last.first()[p])
            .thenComparingInt(p -> last.second()[p]));
    Tensor ids = arena.allocate(DType.F64, order.length, 2);
    Tensor cosines = arena.allocate(DType.F64, order.length, 1);
    double[] pairs = new double[2 * order.length];
    double[] values = new double[order.length];
    for (int p = 0; p < order.length; p++) {
      pairs[2 * p] = last.first()[order[p]];
      pairs[2 * p + 1] = last.second()[order[p]];
      values[p] = last.cosine(order[p]);
    }
    ids.set(pairs);
    cosines.set(values);
    return Map.of("ids", ids, "cosines", cosines);
  }

  @Override
  public double flops() {
    return 2.0 * rows.dim(0) * rows.dim(0) * rows.dim(1);
  }

  @Override
  public double leastFlops() {
    return flops() / 2; // every pair once
  }

  @Override
  public double bytes() {
    return (double) Float.BYTES * rows.size();
  }

  @Override
  public long peakBytes(Path folder) throws IOException, InterruptedException {
    String answer =
        Child.run(
            PeakMemory.class,
            List.of(),
            Integer.toString(backend.threads()),
            folder.resolve("E.npy").toString());
    return Long.parseLong(answer);
  }

  @Override
  public void close() {
    arena.close();
  }
}
