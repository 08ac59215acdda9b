package io.vicinal.curate.noise;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What stands between some labels and a judgement of them. Immutable.
 *
 * @param alone samples that are the only ones of their class
 * @param copies samples that are exact copies of an earlier one with another label; 0 where all
 *     rows are equal
 * @param plateau where wrong labels cannot be told from classes that overlap, what tells so; else
 *     null
 * @param classes where the rate can be told, those with more contradictions than it explains
 */
public record LabelDoubts(long alone, long copies, Plateau plateau, List<DoubtedClass> classes) {
  /** Looks for them. */
  public static LabelDoubts of(Evidence evidence) {
    boolean told = evidence.heldOut().isNoiseTold();
    return new LabelDoubts(
        IntStream.range(0, evidence.samples()).filter(evidence.heldOut()::isAlone).count(),
        evidence.isConstant() ? 0 : evidence.contradictingCopies(),
        told ? null : evidence.heldOut().plateau(),
        told ? evidence.heldOut().doubtedClasses() : List.of());
  }
}
