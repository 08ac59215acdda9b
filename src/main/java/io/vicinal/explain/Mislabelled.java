package io.vicinal.explain;

import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.LabelDoubts;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.data.LabelNoise;
import java.util.List;

/**
 * Labels that were looked at: who is suspected and why, and what is proposed instead. Immutable.
 *
 * @param audit every label, the suspects among them
 * @param suspicion by each detector
 * @param doubts what the reader has to know
 */
public record Mislabelled(LabelAudit audit, Suspicion suspicion, LabelDoubts doubts) {
  /** Proposals for the suspects, and the labels that follow. */
  public Relabelling relabelling() {
    return audit.relabelling();
  }

  /**
   * How well each detector found labels that are known to be wrong, in their order.
   *
   * @param noise in the numbers of the samples that were looked at
   */
  public List<DetectionCurve> curves(LabelNoise noise) {
    boolean[] wrong = noise.mask(audit.samples());
    return audit.detectors().stream()
        .map(name -> DetectionCurve.of(name, audit.scores(name), wrong))
        .toList();
  }
}
