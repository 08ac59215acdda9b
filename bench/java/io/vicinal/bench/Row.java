package io.vicinal.bench;

import io.vicinal.backend.Backend;
import java.util.function.BiFunction;

/**
 * A line of the table: what is measured, against what it is judged, and how its work is made.
 *
 * @param name what {@code --rows} takes
 * @param ratio peer's time over ours, at least
 * @param share of the matrix-product rate of the same process, at least; NaN if the row does not
 *     ask for it
 * @param peakBytes resident set at most; 0 if the row does not ask for it
 * @param tolerance largest relative difference from the peer's reference values (norm of the
 *     difference over norm of the reference) at which the two sides count as equal
 * @param ownTolerance the same for our side alone
 * @param single whether a repeat takes seconds, so that blocks are single repeats and rounds are
 *     few
 * @param work makes the inputs; the flag asks for a small problem
 */
record Row(
    String name,
    double ratio,
    double share,
    long peakBytes,
    double tolerance,
    double ownTolerance,
    boolean single,
    BiFunction<Backend, Boolean, Work> work) {}
