package io.vicinal.curate.relabel;

import io.vicinal.InputException;
import io.vicinal.curate.noise.Classes;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.HeldOut;
import io.vicinal.curate.relabel.Proposal.Decision;
import io.vicinal.train.Supervision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Proposals for suspicious samples, and the labels that follow from them. Immutable.
 *
 * @param rule where the probabilities come from
 * @param labels the given ones of all samples [N], not to be changed
 * @param classes C
 * @param proposals one per suspicious sample, in the order in which they were given
 * @param probabilities [proposals] rows of C, of being the right label
 * @param told whether wrong labels can be told from classes that overlap, or a threshold was given
 *     nevertheless; if not, nothing is taken and every label counts as given
 */
public record Relabelling(
    RelabelRule rule,
    long[] labels,
    int classes,
    List<Proposal> proposals,
    double[][] probabilities,
    boolean told) {
  /** How a retraining uses proposals. */
  public enum Mode {
    /** The decided label counts as if it had been given. */
    HARD,
    /** Suspicious samples have their probabilities as target; not of a class that is spared. */
    SOFT,
    /** The same, as a label that is drawn from them whenever a sample is seen. */
    SAMPLED
  }

  /**
   * What it takes to decide.
   *
   * @param threshold probability from which another class is taken, in 0..1; it must also be
   *     likelier than the given label, or taking it would be expected to break more than it mends;
   *     null for a half, and for taking none where wrong labels cannot be told from classes that
   *     overlap ({@link HeldOut#isNoiseTold})
   * @param remoteness deviations from which a sample belongs to no class
   */
  public record RelabelOptions(Double threshold, double remoteness) {
    /** A half. */
    public static final double DEFAULT_THRESHOLD = 0.5;

    /** Checks ranges. */
    public RelabelOptions {
      if (threshold != null && !(threshold >= 0 && threshold <= 1) || !(remoteness > 0)) {
        throw new InputException(
            "relabel: threshold must be in 0..1 and remoteness above 0, found "
                + threshold
                + " and "
                + remoteness);
      }
    }

    /**
     * Half of the probability: from there on a proposal is expected to mend more than it breaks
     * whatever else the label may be, and below it a person decides better. Five deviations.
     */
    public static RelabelOptions defaults() {
      return new RelabelOptions(null, 5);
    }

    private double from() {
      return threshold == null ? DEFAULT_THRESHOLD : threshold;
    }
  }

  /**
   * Proposes labels.
   *
   * @param suspicious distinct sample ids, most suspicious first
   */
  public static Relabelling propose(
      Evidence evidence, int[] suspicious, RelabelRule rule, RelabelOptions options) {
    return propose(evidence, suspicious, suspicious.length, rule, options);
  }

  /**
   * The same of samples of which only the first may be changed.
   *
   * @param suspects how many those are
   */
  static Relabelling propose(
      Evidence evidence, int[] suspicious, int suspects, RelabelRule rule, RelabelOptions options) {
    Set<Integer> seen = new HashSet<>();
    for (int id : suspicious) {
      if (id < 0 || id >= evidence.samples() || !seen.add(id)) {
        throw new InputException(
            "relabel: sample id "
                + id
                + " is outside 0.."
                + (evidence.samples() - 1)
                + " or named twice");
      }
    }
    double[][] blind = rule.probabilities(evidence, suspicious);
    double[][] p = rule.posteriors(evidence, suspicious);
    double[] remoteness = OutlierScore.of(evidence);
    boolean open =
        options.threshold() == null
            && evidence.heldOut().hasTables()
            && !evidence.heldOut().isNoiseTold();
    List<Proposal> proposals = new ArrayList<>();
    for (int i = 0; i < suspicious.length; i++) {
      int id = suspicious[i];
      int given = (int) evidence.labels()[id];
      Proposal proposal = decide(id, given, blind[i], p[i], remoteness[id], options);
      boolean taken = proposal.decision() == Decision.RELABEL;
      proposals.add(taken && open ? proposal.with(Decision.ABSTAIN) : proposal);
    }
    return new Relabelling(
        rule,
        evidence.labels(),
        evidence.classes(),
        sparing(proposals, suspects, evidence.labels(), evidence.classes()),
        p,
        !open);
  }

  /**
   * A class that would lose more than half of its samples is itself in doubt: predictions hardly
   * know a class of few samples, and not at all one of a single one. A person should look.
   */
  static List<Proposal> sparing(
      List<Proposal> proposals, int suspects, long[] labels, int classes) {
    int[] sizes = Classes.sizes(labels, classes);
    long[] leaving = new long[classes];
    for (Proposal proposal : proposals.subList(0, suspects)) {
      leaving[proposal.given()] += proposal.decision() == Decision.RELABEL ? 1 : 0;
    }
    return proposals.stream()
        .map(
            proposal ->
                proposal.decision() == Decision.RELABEL
                        && 2 * leaving[proposal.given()] > sizes[proposal.given()]
                    ? proposal.with(Decision.ABSTAIN)
                    : proposal)
        .toList();
  }

  static Proposal decide(
      int id, int given, double[] blind, double[] p, double remoteness, RelabelOptions options) {
    int best = likeliest(blind, -1, -1);
    if (best != given) {
      best = likeliest(p, given, -1);
    }
    int second = p.length > 2 ? likeliest(p, best, given) : given == best ? 1 - best : given;
    Decision decision = Decision.ABSTAIN;
    if (remoteness > options.remoteness()) {
      decision = Decision.NONE_OF_THESE;
    } else if (best == given) {
      decision = Decision.KEEP;
    } else if (p[best] >= options.from() && p[best] > p[given]) {
      decision = Decision.RELABEL;
    }
    return new Proposal(
        id, given, best, p[best], second, p[second], p[given], remoteness, decision);
  }

  /** The lowest of the likeliest classes beside two, -1 for none. */
  private static int likeliest(double[] p, int beside, int andBeside) {
    int best = -1;
    for (int c = 0; c < p.length; c++) {
      if (c != beside && c != andBeside && (best < 0 || p[c] > p[best])) {
        best = c;
      }
    }
    return best;
  }

  /**
   * What taking the proposals is expected to do, by their probabilities.
   *
   * @param mended labels that become right
   * @param broken labels that were right and are not any more
   * @param neither labels that were wrong and stay wrong
   */
  public record Expected(double mended, double broken, double neither) {}

  /** Of the proposals that are taken; null where the rule's shares say nothing about it. */
  public Expected expected() {
    if (!rule.isCalibrated()) {
      return null;
    }
    double mended = 0;
    double broken = 0;
    long taken = 0;
    for (Proposal proposal : proposals) {
      if (proposal.decision() == Decision.RELABEL) {
        mended += proposal.probability();
        broken += proposal.givenProbability();
        taken++;
      }
    }
    return new Expected(mended, broken, Math.max(0, taken - mended - broken));
  }

  /** Of the first proposals only. */
  public Relabelling first(int count) {
    return new Relabelling(
        rule,
        labels,
        classes,
        proposals.subList(0, count),
        Arrays.copyOf(probabilities, count),
        told);
  }

  /** All labels, with the decided ones changed: a fresh array [N]. */
  public long[] cleaned() {
    long[] cleaned = labels.clone();
    for (Proposal proposal : proposals) {
      if (proposal.decision() == Decision.RELABEL) {
        cleaned[proposal.id()] = proposal.best();
      }
    }
    return cleaned;
  }

  /** Samples that are neither abstained on nor of no class, ascending. */
  public long[] trusted() {
    Set<Long> doubtful = new HashSet<>();
    for (Proposal proposal : proposals) {
      if (proposal.decision() == Decision.ABSTAIN
          || proposal.decision() == Decision.NONE_OF_THESE) {
        doubtful.add((long) proposal.id());
      }
    }
    return LongStream.range(0, labels.length).filter(id -> !doubtful.contains(id)).toArray();
  }

  /**
   * What to train with.
   *
   * @param seed of {@link Mode#SAMPLED}
   */
  public Supervision supervision(Mode mode, long seed) {
    if (mode == Mode.HARD || !told) {
      return Supervision.hard(classes, cleaned());
    }
    double[][] soft = new double[labels.length][];
    boolean[] spared = spared();
    for (int i = 0; i < proposals.size(); i++) {
      Proposal proposal = proposals.get(i);
      soft[proposal.id()] = spared[proposal.given()] ? null : probabilities[i];
    }
    return new Supervision(classes, labels, null, soft, mode == Mode.SAMPLED ? seed : null);
  }

  /**
   * Classes that would lose more than half of their samples to {@link Mode#SOFT} targets: their
   * samples keep the given labels, as by {@link #sparing}. A sample whose likeliest class is
   * another counts as one, others by what their own class does not get.
   */
  private boolean[] spared() {
    double[] leaving = new double[classes];
    int[] sizes = Classes.sizes(labels, classes);
    for (int i = 0; i < proposals.size(); i++) {
      int given = proposals.get(i).given();
      double[] p = probabilities[i];
      leaving[given] += p[likeliest(p, -1, -1)] > p[given] ? 1 : 1 - p[given];
    }
    boolean[] spared = new boolean[classes];
    for (int c = 0; c < classes; c++) {
      spared[c] = 2 * leaving[c] > sizes[c];
    }
    return spared;
  }

  /** How many proposals have this decision. */
  public long count(Decision decision) {
    return proposals.stream().filter(p -> p.decision() == decision).count();
  }
}
