package io.vicinal.curate.relabel;

import io.vicinal.data.LabelNoise;
import java.util.HashMap;
import java.util.Map;

/**
 * How good proposals are where the noise is known. A share of nothing is NaN. Immutable.
 *
 * @param originalRule the rule of Liu et al., NeurIPS 2022: over the mislabelled samples that were
 *     suspected, the best guess is right; where the best guess is the wrong label that the sample
 *     has, the second counts instead
 * @param strict over the same samples, the best guess is right, without a second one
 * @param suspectedNoise mislabelled samples that were suspected, what both are over
 * @param restored over all mislabelled samples, suspected or not: the cleaned label is the right
 *     one
 * @param mended how many those are
 * @param broken samples whose label was right and is not any more
 */
public record RelabelAccuracy(
    double originalRule,
    double strict,
    int suspectedNoise,
    double restored,
    int mended,
    int broken) {

  /** Judges proposals against the noise that was injected. */
  public static RelabelAccuracy of(Relabelling relabelling, LabelNoise noise) {
    Map<Integer, Long> clean = new HashMap<>();
    for (int i = 0; i < noise.count(); i++) {
      clean.put((int) noise.ids()[i], noise.clean()[i]);
    }
    int suspected = 0;
    int original = 0;
    int strict = 0;
    for (Proposal p : relabelling.proposals()) {
      Long right = clean.get(p.id());
      if (right == null) {
        continue;
      }
      suspected++;
      strict += p.best() == right ? 1 : 0;
      original += (p.best() == p.given() ? p.second() : p.best()) == right ? 1 : 0;
    }
    long[] cleaned = relabelling.cleaned();
    int mended = 0;
    int broken = 0;
    for (int i = 0; i < cleaned.length; i++) {
      Long right = clean.get(i);
      if (right != null) {
        mended += cleaned[i] == right ? 1 : 0;
      } else {
        broken += cleaned[i] != relabelling.labels()[i] ? 1 : 0;
      }
    }
    return new RelabelAccuracy(
        original / (double) suspected,
        strict / (double) suspected,
        suspected,
        mended / (double) noise.count(),
        mended,
        broken);
  }
}
