package io.vicinal.bench;

import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One row of the table: a job that Vicinal and a peer both do on the same arrays. Not thread-safe.
 */
interface Work extends AutoCloseable {
  /** Shapes and parameters, for the reader. */
  String problem();

  /** Makes the seeded inputs and writes them to {@code folder} as the peer reads them. */
  void prepare(Path folder) throws IOException;

  /** The arguments of {@code peer.py} after the folder and the thread count. */
  List<String> peerArguments();

  /** What is timed, once, on our side. */
  void repeat();

  /** Equal jobs in one of our repeats, which are timed together and reported each. */
  default int jobs() {
    return 1;
  }

  /** Spoils what a repeat writes: one that writes nothing is not taken for right. */
  default void poison() {}

  /** Scalars of the last repeat, named as the peer names them. */
  Map<String, Double> values();

  /** Arrays of the last repeat, named as the peer names them. */
  Map<String, Tensor> arrays();

  /** Multiply-adds, counted twice, of the job's matrix products as its definition has them. */
  double flops();

  /** Those of {@link #flops} that cannot be avoided: what the floor is computed from. */
  default double leastFlops() {
    return flops();
  }

  /** Bytes that must cross the memory bus once: inputs and outputs. */
  double bytes();

  /** Further peer methods that are timed beside, for the record; they do not enter the ratio. */
  default List<String> beside() {
    return List.of();
  }

  /**
   * Largest resident set in bytes of a process that does this job alone, or -1 if the row does not
   * ask for it.
   */
  default long peakBytes(Path folder) throws IOException, InterruptedException {
    return -1;
  }

  @Override
  void close();
}
