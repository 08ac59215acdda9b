package io.vicinal.report;

import io.vicinal.influence.verify.Badge;

/**
 * What one training sample does to a confusion. Positive: removing it raises the measurement, so
 * that it is to blame; negative: it keeps the confused samples apart.
 *
 * @param sample the training sample
 * @param predicted change of the measurement if it is removed, in its unit
 * @param measured the same after solving again without it, or null
 * @param badge how far to trust it
 * @param proposed the label it should carry instead, or null
 */
public record Effect(
    Sample sample, double predicted, Double measured, Badge badge, String proposed) {}
