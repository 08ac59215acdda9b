package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.data.Npy;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * The k nearest of every row of a set, itself left out: unit rows around class centres, as {@link
 * RetrievalWork}'s. On a GPU rows and lists lie there, and a sample of the lists must be the
 * processor's to the bit; the processor searches that sample alone. Not thread-safe.
 */
final class NearestWork implements Work {
  private static final int SAMPLE = 64;

  private final Arena host = Arena.host();
  private final Arena there;
  private final Backend backend;
  private final int k;
  private final Tensor rows;
  private final long[] sample;
  private Tensor near;
  private Tensor self;
  private Tensor ids;
  private Tensor distances;
  private NeighbourList sampled;

  NearestWork(Backend backend, int count, int width, int classes, int k) {
    this.backend = backend;
    this.k = k;
    there = new Arena(backend.memory());
    Inputs inputs = new Inputs(50, host);
    long[] labels = inputs.smallClasses(count, classes);
    rows = inputs.around(inputs.gaussian(1, classes, width), labels, RetrievalWork.PULL);
    try (Backend cpu = Backend.cpu()) { // the same rows for every side
      cpu.normalizeRows(rows, rows);
    }
    sample = LongStream.range(0, SAMPLE).map(i -> i * count / SAMPLE).toArray();
    if (onDevice()) {
      near = there.allocate(DType.F32, count, width);
      near.copyFrom(rows);
      self = there.of(LongStream.range(0, count).toArray(), count);
      ids = there.allocate(DType.I64, count, k);
      distances = there.allocate(DType.F64, count, k);
    }
  }

  private boolean onDevice() {
    return !backend.device().equals(Device.CPU);
  }

  @Override
  public String problem() {
    return "N=" + rows.dim(0) + " d=" + rows.dim(1) + " k=" + k + " exact";
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("E.npy"), rows);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("nearest", Integer.toString(k), Integer.toString(SAMPLE));
  }

  @Override
  public void repeat() {
    if (onDevice()) {
      backend.nearest(near, near, self, ids, distances);
    } else {
      sampled = searched();
    }
  }

  /** By the processor. */
  private NeighbourList searched() {
    float[] queries = new float[SAMPLE * (int) rows.dim(1)];
    for (int i = 0; i < SAMPLE; i++) {
      float[] row = rows.rows(sample[i], sample[i] + 1).toFloats();
      System.arraycopy(row, 0, queries, i * row.length, row.length);
    }
    return Neighbours.search(host.of(queries, SAMPLE, rows.dim(1)), rows, k, sample, 0);
  }

  /**
   * The distances of the sample.
   *
   * @throws IllegalStateException if a list of the sample differs from the processor's
   */
  @Override
  public Map<String, Tensor> arrays() {
    if (onDevice()) {
      sampled = searched();
      for (int i = 0; i < SAMPLE; i++) {
        long[] found = ids.rows(sample[i], sample[i] + 1).toLongs();
        double[] away = distances.rows(sample[i], sample[i] + 1).toDoubles();
        for (int j = 0; j < k; j++) {
          if (found[j] != sampled.id(i, j) || away[j] != sampled.distance(i, j)) {
            throw new IllegalStateException(
                String.format(
                    Locale.ROOT,
                    "neighbour %d of row %d is %d at %s where the processor finds %d at %s",
                    j,
                    sample[i],
                    found[j],
                    away[j],
                    sampled.id(i, j),
                    sampled.distance(i, j)));
          }
        }
      }
    }
    Tensor lists = host.allocate(DType.F64, SAMPLE, k);
    lists.set(sampled.distances());
    return Map.of("distances", lists);
  }

  @Override
  public Map<String, Double> values() {
    return Map.of();
  }

  @Override
  public double flops() {
    return 2.0 * rows.dim(0) * rows.dim(0) * rows.dim(1);
  }

  @Override
  public double bytes() {
    return (double) Float.BYTES * rows.size() + 16.0 * rows.dim(0) * k;
  }

  @Override
  public void close() {
    there.close();
    host.close();
  }
}
