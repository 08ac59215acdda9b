package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whether both sides computed the same, by the norm of the difference from the reference over its
 * norm. On the processor the reference is the peer's own float64 run (or its only run, if that has
 * no float64 form), on a GPU it is the processor's.
 *
 * @param ours our relative error by value or array
 * @param peer the peer's float32 relative error; empty if the peer is itself the reference
 */
record Equality(Map<String, Double> ours, Map<String, Double> peer) {
  private static final long BLOCK = 1 << 22;

  /** What a side computed. */
  record Values(Map<String, Double> scalars, Map<String, Tensor> arrays) {
    static final Values NONE = new Values(Map.of(), Map.of());

    static Values of(Work work) {
      return new Values(work.values(), work.arrays());
    }

    /** What a peer answers. */
    static Values read(JsonObject answer, Path folder, Arena arena) {
      Map<String, Double> scalars = new LinkedHashMap<>();
      JsonObject values = answer.getAsJsonObject("values");
      values.keySet().forEach(name -> scalars.put(name, values.get(name).getAsDouble()));
      Map<String, Tensor> arrays = new LinkedHashMap<>();
      JsonObject files = answer.getAsJsonObject("arrays");
      for (String name : files.keySet()) {
        arrays.put(name, Npy.read(folder.resolve(files.get(name).getAsString()), arena));
      }
      return new Values(scalars, arrays);
    }

    boolean isEmpty() {
      return scalars.isEmpty() && arrays.isEmpty();
    }

    /** Relative errors of what {@code asked} names, which both must have. */
    private Map<String, Double> errors(Values asked, Values reference) {
      Map<String, Double> errors = new LinkedHashMap<>();
      for (String name : asked.scalars.keySet()) {
        double expected = need(reference.scalars, name);
        double off = Math.abs(need(scalars, name) - expected);
        errors.put(name, off / Math.max(Math.abs(expected), Double.MIN_NORMAL));
      }
      for (String name : asked.arrays.keySet()) {
        errors.put(name, relative(need(arrays, name), need(reference.arrays, name)));
      }
      return errors;
    }
  }

  /**
   * Compares both sides with the reference.
   *
   * @param peer what it computed, or {@link Values#NONE}
   */
  static Equality of(Values ours, Values peer, Values reference) {
    return new Equality(
        ours.errors(reference, reference),
        peer == reference ? Map.of() : peer.errors(peer, reference));
  }

  /**
   * The largest error of either side; NaN if any is not a number, so that a comparison with it
   * fails.
   */
  double worst() {
    return Math.max(worst(ours), worst(peer));
  }

  /** The largest error of our side, likewise. */
  double worstOfOurs() {
    return worst(ours);
  }

  private static double worst(Map<String, Double> side) {
    double worst = 0;
    for (double error : side.values()) {
      worst = Math.max(worst, error); // Math.max keeps NaN
    }
    return worst;
  }

  private static <T> T need(Map<String, T> found, String name) {
    T value = found.get(name);
    if (value == null) {
      throw new IllegalStateException("one side has '" + name + "', another has not");
    }
    return value;
  }

  /** Block by block: arrays may be larger than the heap. */
  private static double relative(Tensor found, Tensor expected) {
    if (found.size() != expected.size()) {
      throw new IllegalStateException(
          "sizes differ: " + found.size() + " here, " + expected.size() + " there");
    }
    double difference = 0;
    double norm = 0;
    long rows = expected.dim(0);
    long step = Math.max(1, BLOCK * rows / expected.size());
    for (long row = 0; row < rows; row += step) {
      double[] f = found.rows(row, Math.min(rows, row + step)).toDoubles();
      double[] e = expected.rows(row, Math.min(rows, row + step)).toDoubles();
      for (int i = 0; i < f.length; i++) {
        difference += (f[i] - e[i]) * (f[i] - e[i]);
        norm += e[i] * e[i];
      }
    }
    return Math.sqrt(difference / norm);
  }
}
