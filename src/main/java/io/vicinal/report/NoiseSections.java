package io.vicinal.report;

import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.Ranking;
import io.vicinal.curate.relabel.Proposal;
import io.vicinal.curate.relabel.RelabelAccuracy;
import io.vicinal.curate.relabel.Relabelling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;

/** Wrong labels that were looked for and repaired, as parts of the page. Stateless. */
public final class NoiseSections {
  private static final int POINTS = 201; // of a curve
  private static final int CURVES = 8; // that can be told apart

  /** Suspects and proposals that a section shows at most. */
  public static final int SHOWN = 24;

  private NoiseSections() {}

  /**
   * Detectors side by side.
   *
   * @param judged where the noise is known; else empty
   * @param suspicion of every training row, of the detector whose suspects are shown
   * @param budget rows that somebody could inspect
   * @param shown how many suspects
   */
  public static Section detection(
      String lead,
      List<DetectionCurve> judged,
      double[] suspicion,
      Gallery gallery,
      long budget,
      int shown) {
    List<DetectionCurve> curves = best(judged);
    List<Series> series =
        curves.stream()
            .filter(c -> curves.indexOf(c) < CURVES - 1 || c.detector().equals("random"))
            .map(c -> Series.of(c.detector(), Arrays.asList(c.points(POINTS))))
            .toList();
    List<Section.DetectorRow> table =
        curves.stream()
            .map(
                c ->
                    new Section.DetectorRow(
                        c.detector(),
                        c.auc(),
                        c.averagePrecision(),
                        budget == 0 ? Double.NaN : c.precisionAt((int) budget),
                        budget))
            .toList();
    List<Section.Suspect> suspects =
        Arrays.stream(Ranking.order(suspicion))
            .limit(shown)
            .mapToObj(i -> new Section.Suspect(gallery.train(i), suspicion[i]))
            .toList();
    return new Section.Detection(
        lead,
        series.isEmpty()
            ? null
            : Chart.linear("Wrong labels found", "share inspected", "share found", series),
        table,
        suspects);
  }

  /** By AUC, the largest first. */
  public static List<DetectionCurve> best(List<DetectionCurve> curves) {
    return curves.stream().sorted(Comparator.comparingDouble(c -> -c.auc())).toList();
  }

  /**
   * Proposed labels.
   *
   * @param expected of taking them, or null where nothing can be said of it
   * @param accuracy or null where the noise is not known
   * @param className of a proposed class
   */
  public static Section proposals(
      Relabelling relabelling,
      Relabelling.Expected expected,
      RelabelAccuracy accuracy,
      Gallery gallery,
      LongFunction<String> className) {
    List<Section.ProposedLabel> shown = new ArrayList<>();
    for (Proposal p : relabelling.proposals()) {
      if (shown.size() < SHOWN && p.decision() != Proposal.Decision.KEEP) {
        boolean none = p.decision() == Proposal.Decision.NONE_OF_THESE;
        shown.add(
            new Section.ProposedLabel(
                gallery.train(p.id()),
                none ? null : className.apply(p.best()),
                p.probability(),
                p.decision() == Proposal.Decision.RELABEL,
                p.decision() == Proposal.Decision.ABSTAIN ? "left to a person" : null,
                null));
      }
    }
    List<Fact> facts = new ArrayList<>();
    facts.add(
        new Fact("Suspects", String.format(Locale.ROOT, "%,d", relabelling.proposals().size())));
    facts.add(count("Relabelled", relabelling, Proposal.Decision.RELABEL));
    facts.add(count("Left to a person", relabelling, Proposal.Decision.ABSTAIN));
    facts.add(count("None of these", relabelling, Proposal.Decision.NONE_OF_THESE));
    if (expected != null) {
      facts.add(
          new Fact("Expected to become right", count(expected.mended()), "of those relabelled"));
      facts.add(
          new Fact("Expected to have been right", count(expected.broken()), "of those relabelled"));
    }
    if (accuracy != null) {
      facts.add(
          new Fact(
              "Best guess right",
              percent(accuracy.strict()),
              "of the wrong labels that are suspected"));
      facts.add(
          new Fact(
              "The same by the original's rule",
              percent(accuracy.originalRule()),
              "where that is the wrong label itself, the second guess counts"));
    }
    return new Section.RelabellingSection(
        "Guessed without a look at the label itself; the probability of being right takes into"
            + " account what is written, and how often that is written for the other class by"
            + " mistake.",
        facts,
        shown);
  }

  private static Fact count(String name, Relabelling relabelling, Proposal.Decision decision) {
    return new Fact(name, String.format(Locale.ROOT, "%,d", relabelling.count(decision)));
  }

  private static String count(double expected) {
    return String.format(Locale.ROOT, "%,.0f", expected);
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "\u2013" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
