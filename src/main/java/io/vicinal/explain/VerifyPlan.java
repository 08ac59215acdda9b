package io.vicinal.explain;

import io.vicinal.influence.verify.MiniatureOptions;

/**
 * Which experiments a verification makes. A value.
 *
 * @param leaveOut each query's largest predicted removals are made, one by one; 1 or more
 * @param controls random samples that are left out as well
 * @param remove each query's most harmful samples are left out together; 0 for none
 * @param reweight percent by which weights of the left-out samples are changed; 0 for none
 * @param relabel each query's largest entries of the relabel table; 0 for none
 * @param subsets random subsets that are solved on; 0 for none
 * @param kept share of the samples in a subset
 * @param brittleness harmful samples that may go until a pair's first sample is right; 0: not done
 * @param seed of controls and subsets
 */
public record VerifyPlan(
    int leaveOut,
    int controls,
    int remove,
    double reweight,
    int relabel,
    int subsets,
    double kept,
    int brittleness,
    long seed) {
  /** What 'explain verify' does where nothing is said. */
  public static VerifyPlan defaults() {
    return new VerifyPlan(3, 5, 10, 1, 3, 0, 0.5, 0, 0);
  }

  /** Top removals and controls, whatever they take. */
  MiniatureOptions miniature() {
    return new MiniatureOptions(leaveOut, controls, Long.MAX_VALUE, Double.POSITIVE_INFINITY, seed);
  }
}
