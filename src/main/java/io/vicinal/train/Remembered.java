package io.vicinal.train;

import io.vicinal.config.MemoryConfig;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/**
 * The embeddings of a batch, and behind them those of earlier batches with their labels: a queue in
 * which new ones take the places of the oldest. Wang, Zhang, Huang, Scott, <em>Cross-batch memory
 * for embedding learning</em>, CVPR 2020. Without a size it is the batch alone. For one thread.
 */
final class Remembered {
  private static final int NEXT = 0;
  private static final int COUNT = 1;

  private final int rows;
  private final MemoryConfig config;
  private final Tensor embeddings; // [rows + size, d]: the batch ends where the memory begins
  private final Tensor labels; // [rows + size]
  private final Tensor at; // I64 [2]: where the next one goes, and how many there are

  /**
   * @param rows the most samples of a batch
   */
  Remembered(MemoryConfig config, int rows, DType dtype, long width, Arena arena) {
    this.rows = rows;
    this.config = config;
    embeddings = arena.allocate(dtype, rows + config.size(), width);
    labels = arena.allocate(DType.I64, rows + config.size());
    at = arena.allocate(DType.I64, 2);
  }

  /** Whether there is anything but the batch. */
  boolean hasMemory() {
    return config.size() > 0;
  }

  /** Where a batch of so many has its embeddings. */
  Tensor batch(int samples) {
    return embeddings.rows(rows - samples, rows);
  }

  /** The batch's embeddings and all that are remembered, [R, d]. */
  Tensor all(int samples) {
    return embeddings.rows(rows - samples, rows + count());
  }

  /** The labels of {@link #all}, those of the batch given. */
  Tensor allLabels(Tensor ofBatch) {
    long samples = ofBatch.dim(0);
    labels.rows(rows - samples, rows).copyFrom(ofBatch);
    return labels.rows(rows - samples, rows + count());
  }

  /** All that are remembered. */
  Tensor remembered() {
    return embeddings.rows(rows, rows + count());
  }

  /** Takes all places, as if so many were remembered already; theirs are to be written. */
  Tensor fill() {
    at.set(new long[] {0, config.size()});
    return remembered();
  }

  private long count() {
    return at.toLongs()[COUNT];
  }

  /**
   * Remembers the last batch.
   *
   * @param step of the run, from 1
   */
  void stepped(long step, int samples) {
    if (!hasMemory() || step <= config.start()) {
      return;
    }
    long next = at.toLongs()[NEXT];
    long count = count();
    int size = config.size();
    for (int from = Math.max(0, samples - size); from < samples; ) {
      int piece = (int) Math.min(samples - from, size - next);
      put(embeddings, samples, from, next, piece);
      put(labels, samples, from, next, piece);
      from += piece;
      next = (next + piece) % size;
      count = Math.min(size, count + piece);
    }
    at.set(new long[] {next, count});
  }

  private void put(Tensor tensor, int samples, int from, long next, int piece) {
    long first = rows - samples + from;
    tensor.rows(rows + next, rows + next + piece).copyFrom(tensor.rows(first, first + piece));
  }

  /** The memory's content and cursor; empty without one. */
  Map<String, Tensor> buffers() {
    long end = rows + (long) config.size();
    return hasMemory()
        ? Map.of(
            "memory",
            embeddings.rows(rows, end),
            "memory.labels",
            labels.rows(rows, end),
            "memory.at",
            at)
        : Map.of();
  }
}
