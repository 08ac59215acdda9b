package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.LabelDoubts;
import io.vicinal.curate.noise.Ranking;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.influence.solve.Damping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Looks for wrong labels by several detectors; what one has found is a piece. A detector that
 * cannot work is left out. Those that speak of the head have no opinion on samples that it was not
 * trained on.
 */
final class LabelSearch implements AutoCloseable {
  private static final String MAIN = "rank-average";

  private final Setup setup;
  private final Labelled labelled;
  private final AuditOptions options;
  private final Evidence ofHead;
  private final Evidence all;
  private final Map<String, double[]> scores = new LinkedHashMap<>();
  private final Map<String, Damping> dampings = new LinkedHashMap<>();
  private final Map<String, String> leftOut = new LinkedHashMap<>();
  private final List<String> partly = new ArrayList<>();

  LabelSearch(Setup setup, AuditOptions options) {
    Backend backend = setup.backend();
    Subject subject = setup.subject();
    this.setup = setup;
    this.labelled = subject.labelled();
    this.options = options;
    this.ofHead = Evidence.of(backend, subject.model(), subject.test(), options.evidence());
    this.all =
        labelled.heldOut() == 0
            ? ofHead
            : Evidence.of(backend, labelled.data(), options.evidence());
  }

  /**
   * Looks.
   *
   * @throws InputException if a detector that was named cannot work, nothing tells the samples
   *     apart, or they are too many
   */
  Mislabelled run() {
    check();
    boolean wanted = !options.detectors().isEmpty();
    List<Detector> detectors = wanted ? asked() : able();
    for (Detector detector : detectors) {
      setup.progress().at(detector.name(), scores.size(), detectors.size(), 0, Double.NaN);
      ask(detector, wanted);
    }
    all.heldOut().forgetOutOfFold(); // up to 2 GiB that only detectors look at
    if (scores.isEmpty()) {
      throw new InputException(
          leftOut.entrySet().stream()
              .map(one -> one.getKey() + " is left out: " + one.getValue() + ".")
              .collect(Collectors.joining(" ", "no detector can work: ", "")));
    }
    Suspicion suspicion = new Suspicion(scores, dampings, leftOut, partly);
    return new Mislabelled(audit(), suspicion, LabelDoubts.of(all));
  }

  /** Before hours of work, what the audit would refuse after it. */
  private void check() {
    all.heldOut().checkTable();
    if (all.isConstant()) {
      throw new InputException(
          all.data().name()
              + ": all "
              + all.samples()
              + " rows are equal, so nothing tells a wrong label from a right one; give features"
              + " that differ");
    }
  }

  private List<Detector> able() {
    List<Detector> able = new ArrayList<>();
    for (String name : Detectors.everyName()) {
      Detector detector = Detectors.named(name);
      obstacle(detector).ifPresentOrElse(why -> leftOut.put(name, why), () -> able.add(detector));
    }
    return able;
  }

  private List<Detector> asked() {
    for (Detector detector : options.detectors()) {
      obstacle(detector)
          .ifPresent(
              why -> {
                throw new InputException(
                    "detector " + detector.name() + " cannot work: " + why + "; choose another");
              });
    }
    return options.detectors();
  }

  private Optional<String> obstacle(Detector detector) {
    return detector.obstacle(evidence(detector));
  }

  private Evidence evidence(Detector detector) {
    return detector.ofHead() ? ofHead : all;
  }

  private void ask(Detector detector, boolean wanted) {
    String name = detector.name();
    try {
      Detector.Found found =
          setup.pieces().piece("detector-" + name, Detector.Found.class, () -> find(detector));
      if (found.damping() != null) {
        dampings.put(name, found.damping());
      }
      boolean spread = evidence(detector) != all;
      scores.put(name, spread ? labelled.spread(found.scores()) : found.scores());
      if (spread) {
        partly.add(name);
      }
    } catch (UnableException e) {
      if (wanted) {
        throw e.why;
      }
      leftOut.put(name, e.why.getMessage());
    }
  }

  /** Of a detector itself: a disk that is full speaks against none. */
  private static final class UnableException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient RuntimeException why;

    UnableException(RuntimeException why) {
      super(why);
      this.why = why;
    }
  }

  private Detector.Found find(Detector detector) {
    try {
      return detector.find(evidence(detector));
    } catch (InputException | ArithmeticException e) {
      throw new UnableException(e);
    }
  }

  private LabelAudit audit() {
    String main = scores.containsKey(MAIN) ? MAIN : scores.keySet().iterator().next();
    Map<String, double[]> open = new LinkedHashMap<>(scores);
    Integer suspects = options.suspects();
    if (!options.decided().isEmpty()) {
      long first =
          suspects != null ? suspects : Math.round(all.heldOut().noiseRate() * all.samples());
      suspects =
          (int)
              Arrays.stream(Ranking.order(scores.get(main)))
                  .limit(first)
                  .filter(row -> !options.decided().contains(row))
                  .count();
      double[] undecided = scores.get(main).clone();
      options
          .decided()
          .forEach(row -> undecided[row] = Double.NaN); // no opinion: behind all others
      open.put(main, undecided);
    }
    return LabelAudit.of(
        all,
        labelled.positions(),
        labelled.classIds(),
        open,
        main,
        suspects,
        options.rule(),
        options.relabelling());
  }

  @Override
  public void close() {
    ofHead.close();
    if (all != ofHead) {
      all.close();
    }
  }
}
