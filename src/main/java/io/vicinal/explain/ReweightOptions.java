package io.vicinal.explain;

import io.vicinal.curate.reweight.FineTune;

/**
 * How heads are trained again with other weights. A value.
 *
 * @param helpful weight of samples that keep a query right, 0 or more
 * @param harmful weight of samples that are to blame, 0 or more; all others count 1
 * @param resolve whether the damped objective is minimised, and compared with its minimum under
 *     equal weights; else the delivered head is fine-tuned
 * @param fineTune how
 */
public record ReweightOptions(
    double helpful, double harmful, boolean resolve, FineTune.FineTuneOptions fineTune) {
  /** The published experiment: an epoch of Adam with weights 2 and 0. */
  public static ReweightOptions defaults() {
    return new ReweightOptions(2, 0, false, FineTune.FineTuneOptions.defaults());
  }
}
