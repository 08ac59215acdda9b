package io.vicinal.cli.demo;

import io.vicinal.cli.common.Text;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.relabel.Proposal;
import io.vicinal.curate.relabel.RelabelAccuracy;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.LabelNoise;

/**
 * Labels that were made wrong, looked for and repaired. Immutable.
 *
 * @param kind how they were made wrong
 * @param noise which
 * @param curve how the detector that chooses the suspects finds them
 * @param relabelling what is proposed, without knowing which are wrong
 * @param noisy retrieval by the head that was trained on the wrong labels
 * @param repaired by the one that was trained on the repaired ones
 */
public record Repair(
    LabelNoise.Kind kind,
    LabelNoise noise,
    DetectionCurve curve,
    Relabelling relabelling,
    Retrieval noisy,
    Retrieval repaired) {

  /** How good the proposals are. */
  public RelabelAccuracy accuracy() {
    return RelabelAccuracy.of(relabelling, noise);
  }

  /** Labels that were changed. */
  public long relabelled() {
    return relabelling.count(Proposal.Decision.RELABEL);
  }

  /** What was promised, and what came. */
  public String outcome() {
    Relabelling.Expected expected = relabelling.expected();
    return Text.say(
        "Of the %d labels that are changed %d become right (%.0f expected) and %d had been right"
            + " (%.0f expected).",
        relabelled(),
        accuracy().mended(),
        expected.mended(),
        accuracy().broken(),
        expected.broken());
  }

  /**
   * What the repair does for retrieval, the harder question first.
   *
   * @param before by the head that was trained on right labels
   */
  public String retrieval(Retrieval before) {
    return Text.say(
        "R@1 among the test images, which tells what the head learnt, is %s. The nearest training"
            + " image carries a test image's label in %s.",
        steps(before.recall(), noisy.recall(), repaired.recall()),
        steps(before.galleryRecall(), noisy.galleryRecall(), repaired.galleryRecall()));
  }

  private static String steps(double before, double noisy, double repaired) {
    double gain = 100 * (repaired - noisy);
    return Text.say(
        "%.1f %% before the noise, %.1f %% with it and %.1f %% after the repair (%.1f points %s the"
            + " noisy head)",
        100 * before, 100 * noisy, 100 * repaired, Math.abs(gain), gain < 0 ? "below" : "above");
  }
}
