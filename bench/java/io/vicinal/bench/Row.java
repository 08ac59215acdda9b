package io.vicinal.bench;

import io.vicinal.backend.Backend;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A line of the table: what is measured, against what it is judged, and how its work is made.
 *
 * @param name what {@code --rows} takes
 * @param ratios by peer method, the peer's time over ours, at least; empty without a peer
 * @param share of the rate of products in the same minutes, at least; NaN if the row does not ask
 *     for it
 * @param roof share of what products and bytes take at least, likewise
 * @param memory bytes, 0 if the row does not ask for it: on the processor, resident set at most; on
 *     another device, the limit of its memory
 * @param tolerance largest relative difference from the peer's reference values (norm of the
 *     difference over norm of the reference) at which the two sides count as equal
 * @param ownTolerance the same for our side alone
 * @param single whether a repeat takes seconds, so that blocks are single repeats and rounds are
 *     few
 * @param exact whether products are float32's whatever the precision, so that the row is measured
 *     at that alone
 * @param work makes the inputs; the flag asks for a small problem
 */
record Row(
    String name,
    Map<String, Double> ratios,
    double share,
    double roof,
    long memory,
    double tolerance,
    double ownTolerance,
    boolean single,
    boolean exact,
    BiFunction<Backend, Boolean, Work> work) {
  /**
   * Single precision: logits of magnitude 64 carry relative rounding errors of about 64 x 6e-8 into
   * every probability, and gradients inherit them.
   */
  private static final double SINGLE = 5e-5;

  private static final double NONE = Double.NaN;

  /** A row that nothing is asked of. */
  static Row of(String name, BiFunction<Backend, Boolean, Work> work) {
    return new Row(name, Map.of(), NONE, NONE, 0, SINGLE, SINGLE, false, false, work);
  }

  /** A method of the peer's, and how many times faster we have to be. */
  Row beside(String method, double least) {
    Map<String, Double> all = new LinkedHashMap<>(ratios);
    all.put(method, least);
    return new Row(
        name, all, share, roof, memory, tolerance, ownTolerance, single, exact, work);
  }

  Row share(double least) {
    return new Row(
        name, ratios, least, roof, memory, tolerance, ownTolerance, single, exact, work);
  }

  Row roof(double least) {
    return new Row(
        name, ratios, share, least, memory, tolerance, ownTolerance, single, exact, work);
  }

  Row memory(long most) {
    return new Row(name, ratios, share, roof, most, tolerance, ownTolerance, single, exact, work);
  }

  Row within(double both, double ours) {
    return new Row(name, ratios, share, roof, memory, both, ours, single, exact, work);
  }

  Row inSingleRepeats(boolean is) {
    return new Row(name, ratios, share, roof, memory, tolerance, ownTolerance, is, exact, work);
  }

  Row atSinglePrecisionOnly() {
    return new Row(name, ratios, share, roof, memory, tolerance, ownTolerance, single, true, work);
  }
}
