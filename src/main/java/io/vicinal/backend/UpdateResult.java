package io.vicinal.backend;

/**
 * What a step met.
 *
 * @param gradientNorm of all gradients together, before they were clipped
 * @param nonFinite the first tensor with a NaN or infinity, a gradient before the step or a
 *     parameter after it; null if there is none
 * @param taken false if a gradient was not finite: then nothing was changed
 */
public record UpdateResult(double gradientNorm, String nonFinite, boolean taken) {}
