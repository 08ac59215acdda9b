package io.vicinal.explain;

import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling;
import java.util.List;
import java.util.Set;

/**
 * How wrong labels are looked for. Immutable.
 *
 * @param evidence what detectors look at
 * @param detectors those that are asked; all that can work if there is none. The suspects are the
 *     first by rank-average, or by the first detector where that is not asked
 * @param suspects how many; null for as many as labels are expected to be wrong
 * @param decided rows that are not suspected, because somebody decided on them before; they count
 *     among those that are expected to be wrong, so that nobody else takes their place
 * @param rule that proposes labels
 * @param relabelling when a proposal is taken
 */
public record AuditOptions(
    EvidenceOptions evidence,
    List<Detector> detectors,
    Integer suspects,
    Set<Integer> decided,
    RelabelRule rule,
    Relabelling.RelabelOptions relabelling) {

  /** All detectors that can work, and the default rule. */
  public static AuditOptions of(EvidenceOptions evidence) {
    return new AuditOptions(
        evidence,
        List.of(),
        null,
        Set.of(),
        RelabelRule.COMBINED,
        Relabelling.RelabelOptions.defaults());
  }

  /** The same by some detectors, by name. */
  public AuditOptions by(String... names) {
    return by(List.of(names).stream().map(Detectors::named).toList());
  }

  /** The same by some detectors. */
  public AuditOptions by(List<Detector> some) {
    return new AuditOptions(evidence, some, suspects, decided, rule, relabelling);
  }

  /** The same with so many suspects, or as many as labels are expected to be wrong if null. */
  public AuditOptions suspecting(Integer count) {
    return new AuditOptions(evidence, detectors, count, decided, rule, relabelling);
  }

  /** The same where some rows were decided before. */
  public AuditOptions sparing(Set<Integer> rows) {
    return new AuditOptions(evidence, detectors, suspects, rows, rule, relabelling);
  }

  /** The same with other proposals. */
  public AuditOptions with(RelabelRule other, Relabelling.RelabelOptions how) {
    return new AuditOptions(evidence, detectors, suspects, decided, other, how);
  }
}
