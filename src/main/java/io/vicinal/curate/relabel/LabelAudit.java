package io.vicinal.curate.relabel;

import io.vicinal.InputException;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.HeldOut;
import io.vicinal.curate.noise.Ranking;
import io.vicinal.curate.relabel.Proposal.Decision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every label of a dataset, looked at: what is written, what is proposed with which probability,
 * where each detector ranks it, and whether it is among the suspects. Needs features and labels and
 * nothing else. The suspects are the first by one detector, as many as labels are expected to be
 * wrong: one rule, and the number that every command and page tells.
 *
 * <p>Rows are those of the evidence; {@link #entry} translates them into positions in the dataset
 * and class ids. Immutable as long as nobody writes to its arrays; safe for any thread then.
 */
public final class LabelAudit {
  private final long[] positions;
  private final long[] classIds;
  private final String main;
  private final Map<String, double[]> scores;
  private final Map<String, int[]> ranks;
  private final Relabelling all; // in the main detector's order
  private final int[] place; // of each row in it
  private final int suspects;
  private final double expectedWrong;
  private final boolean told;

  private LabelAudit(
      long[] positions,
      long[] classIds,
      String main,
      Map<String, double[]> scores,
      Relabelling all,
      int suspects,
      double expectedWrong,
      boolean told) {
    this.positions = positions;
    this.classIds = classIds;
    this.main = main;
    this.scores = scores;
    this.all = all;
    this.suspects = suspects;
    this.expectedWrong = expectedWrong;
    this.told = told;
    this.ranks = new LinkedHashMap<>();
    scores.forEach((name, values) -> ranks.put(name, ranks(values)));
    this.place = new int[positions.length];
    int[] order = Ranking.order(scores.get(main));
    for (int i = 0; i < order.length; i++) {
      place[order[i]] = i;
    }
  }

  /**
   * One label.
   *
   * @param position in the dataset
   * @param label class id that is written
   * @param proposed class id that is proposed, the written one where that should stay
   * @param probability of {@code proposed} being right
   * @param labelProbability of {@code label} being right
   * @param decision what to do if it is a suspect
   * @param suspect its place among the suspects, from 1; 0 if it is none
   * @param ranks by detector, 1 the most suspicious; 0 where it has no opinion
   */
  public record Entry(
      long position,
      long label,
      long proposed,
      double probability,
      double labelProbability,
      Decision decision,
      int suspect,
      Map<String, Integer> ranks) {}

  /**
   * Looks at all labels.
   *
   * @param positions in the dataset of the evidence's rows
   * @param classIds of the evidence's classes 0..C-1
   * @param scores by detector, [N] each, higher: more suspicious
   * @param main the detector that chooses the suspects
   * @param suspects how many, or null for as many as labels are expected to be wrong
   * @throws InputException if there is no such detector, or a length differs
   */
  public static LabelAudit of(
      Evidence evidence,
      long[] positions,
      long[] classIds,
      Map<String, double[]> scores,
      String main,
      Integer suspects,
      RelabelRule rule,
      Relabelling.RelabelOptions options) {
    int n = evidence.samples();
    if (!scores.containsKey(main)) {
      throw new InputException(
          "detector: '" + main + "' did not rank; choose " + String.join(", ", scores.keySet()));
    }
    if (positions.length != n || classIds.length != evidence.classes()) {
      throw new InputException(
          "audit: needs a position for each of "
              + n
              + " samples and an id for each of "
              + evidence.classes()
              + " classes");
    }
    for (Map.Entry<String, double[]> one : scores.entrySet()) {
      if (one.getValue().length != n) {
        throw new InputException(
            one.getKey() + ": " + one.getValue().length + " scores for " + n + " samples");
      }
    }
    double wrong = evidence.heldOut().noiseRate() * n;
    long wanted = suspects != null ? suspects : Math.round(wrong);
    int[] order = Ranking.order(scores.get(main));
    int first = (int) Math.min(n, wanted);
    Relabelling all = Relabelling.propose(evidence, order, first, rule, options);
    return new LabelAudit(
        positions,
        classIds,
        main,
        new LinkedHashMap<>(scores),
        all,
        first,
        wrong,
        evidence.heldOut().isNoiseTold());
  }

  private static int[] ranks(double[] values) {
    int[] ranks = new int[values.length];
    int[] order = Ranking.order(values);
    for (int i = 0; i < order.length; i++) {
      ranks[order[i]] = Double.isNaN(values[order[i]]) ? 0 : i + 1;
    }
    return ranks;
  }

  /** N. */
  public int samples() {
    return positions.length;
  }

  /** The detectors that ranked, in their order. */
  public List<String> detectors() {
    return List.copyOf(scores.keySet());
  }

  /** The one that chose the suspects. */
  public String main() {
    return main;
  }

  /** Suspicion of every row by one detector, [N], not to be changed. */
  public double[] scores(String detector) {
    return scores.get(detector);
  }

  /** Rows that are suspected, most suspicious first. */
  public int[] suspects() {
    return all.proposals().stream().limit(suspects).mapToInt(Proposal::id).toArray();
  }

  /** Whether wrong labels can be told from classes that overlap: {@link HeldOut#isNoiseTold}. */
  public boolean isTold() {
    return told;
  }

  /** How many labels are expected to be wrong, by the probabilities; of no meaning unless told. */
  public double expectedWrong() {
    return expectedWrong;
  }

  /** Proposals for the suspects and the labels that follow. */
  public Relabelling relabelling() {
    return all.first(suspects);
  }

  /** What is proposed for a row. */
  public Proposal proposal(int row) {
    return all.proposals().get(place[row]);
  }

  /** A row in the dataset's terms. */
  public Entry entry(int row) {
    Proposal p = proposal(row);
    Map<String, Integer> standing = new LinkedHashMap<>();
    ranks.forEach((name, values) -> standing.put(name, values[row]));
    return new Entry(
        positions[row],
        classIds[p.given()],
        classIds[p.best()],
        p.probability(),
        p.givenProbability(),
        p.decision(),
        place[row] < suspects ? place[row] + 1 : 0,
        standing);
  }

  /** All rows, the most suspicious first. */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    all.proposals().forEach(p -> entries.add(entry(p.id())));
    return entries;
  }
}
