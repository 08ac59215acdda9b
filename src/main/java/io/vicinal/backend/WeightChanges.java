package io.vicinal.backend;

/**
 * Changes of sample weights, one sparse list per direction: product q is taken with weights w_i +
 * delta for the samples ids[offsets[q] .. offsets[q+1]). The divisor N stays. Removing a sample of
 * weight 1 is delta -1.
 *
 * @param offsets [m+1], ascending from 0
 * @param ids sample rows; one that is listed twice for a direction is changed twice
 * @param deltas finite; one per id
 */
public record WeightChanges(long[] offsets, long[] ids, double[] deltas) {}
