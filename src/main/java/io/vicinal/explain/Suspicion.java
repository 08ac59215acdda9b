package io.vicinal.explain;

import io.vicinal.influence.solve.Damping;
import java.util.List;
import java.util.Map;

/**
 * How suspicious every label is, by several detectors. Immutable as long as nobody writes to its
 * arrays.
 *
 * @param scores by detector, one per sample that was looked at; higher: more suspicious, NaN: no
 *     opinion
 * @param dampings under which a detector inverted curvature; without those that did not
 * @param leftOut detectors that cannot work, and why
 * @param ofHead those that speak of the head, and so of no sample that was held out; none where
 *     none was
 */
public record Suspicion(
    Map<String, double[]> scores,
    Map<String, Damping> dampings,
    Map<String, String> leftOut,
    List<String> ofHead) {}
