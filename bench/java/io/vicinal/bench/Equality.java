package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whether both sides computed the same: each is compared with the peer's own float64 run (or with
 * its only run, if that has no float64 form), by the norm of the difference over the norm of the
 * reference.
 *
 * @param ours our relative error by value or array
 * @param peer the peer's float32 relative error; empty if the peer is itself the reference
 */
record Equality(Map<String, Double> ours, Map<String, Double> peer) {
  static Equality of(Work work, Peer peer, Path folder) throws IOException {
    JsonObject single = peer.values("f32");
    JsonObject exact = peer.values("f64");
    boolean hasExact = !exact.getAsJsonObject("values").isEmpty();
    JsonObject reference = hasExact ? exact : single;
    work.repeat();
    Map<String, Double> ourErrors = new LinkedHashMap<>();
    Map<String, Double> peerErrors = new LinkedHashMap<>();
    JsonObject scalars = reference.getAsJsonObject("values");
    Map<String, Double> values = work.values();
    for (String name : scalars.keySet()) {
      double expected = scalars.get(name).getAsDouble();
      ourErrors.put(name, relative(need(values, name), expected));
      if (hasExact) {
        double found = single.getAsJsonObject("values").get(name).getAsDouble();
        peerErrors.put(name, relative(found, expected));
      }
    }
    JsonObject arrays = reference.getAsJsonObject("arrays");
    for (String name : arrays.keySet()) {
      try (Arena arena = Arena.host()) {
        double[] expected = read(folder, arrays, name, arena);
        ourErrors.put(name, relative(need(work.arrays(), name).toDoubles(), expected));
        if (hasExact) {
          double[] found = read(folder, single.getAsJsonObject("arrays"), name, arena);
          peerErrors.put(name, relative(found, expected));
        }
      }
    }
    return new Equality(ourErrors, peerErrors);
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

  private static double[] read(Path folder, JsonObject files, String name, Arena arena) {
    Tensor tensor = Npy.read(folder.resolve(files.get(name).getAsString()), arena);
    return tensor.toDoubles();
  }

  private static <T> T need(Map<String, T> found, String name) {
    T value = found.get(name);
    if (value == null) {
      throw new IllegalStateException("the peer has '" + name + "', our side has not");
    }
    return value;
  }

  private static double relative(double found, double expected) {
    return Math.abs(found - expected) / Math.max(Math.abs(expected), Double.MIN_NORMAL);
  }

  private static double relative(double[] found, double[] expected) {
    if (found.length != expected.length) {
      throw new IllegalStateException(
          "sizes differ: " + found.length + " here, " + expected.length + " there");
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      double e = found[i] - expected[i];
      difference += e * e;
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
