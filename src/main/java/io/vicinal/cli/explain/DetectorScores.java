package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.explain.Pieces;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Suspicion of every label by several detectors; one that is finished is kept. A detector that
 * cannot work is left out, and {@link #remarks} says why. Those that speak of the head have no
 * opinion on samples that it was not trained on.
 */
final class DetectorScores implements AutoCloseable {
  private final ModelInputs model;
  private final Evidence all;
  private final Evidence ofHead;
  private final Pieces pieces;
  private final Progress progress;
  private final List<String> remarks = new ArrayList<>();
  private final Map<String, Damping> dampings = new LinkedHashMap<>();

  DetectorScores(ModelInputs model, EvidenceOptions options, Pieces pieces, Progress progress) {
    this.model = model;
    this.pieces = pieces;
    this.progress = progress;
    this.ofHead =
        Evidence.of(model.backend(), model.subject().model(), model.subject().test(), options);
    this.all =
        model.subject().labelled().heldOut() == 0
            ? ofHead
            : Evidence.of(model.backend(), model.subject().labelled().data(), options);
  }

  /** The detectors in a list, each once. */
  static List<Detector> parse(String option, String list) {
    try {
      return Detectors.parseList(list);
    } catch (InputException e) {
      throw new InputException(e.getMessage().replaceFirst("^detector:", option + ":"), e);
    }
  }

  /** The evidence on all samples. */
  Evidence evidence() {
    return all;
  }

  /** Under which damping a detector inverted curvature, by its name; without those that did not. */
  Map<String, Damping> dampings() {
    return dampings;
  }

  /** What the reader has to know about who was asked, in sentences. */
  List<String> remarks() {
    return remarks;
  }

  /**
   * Before hours of work, what the audit would refuse after it.
   *
   * @throws InputException if nothing tells the samples apart, or a probability of every class for
   *     every sample is too much to hold
   */
  private void check() {
    all.checkTable();
    if (all.isConstant()) {
      throw new InputException(
          all.data().name()
              + ": all "
              + all.samples()
              + " rows are equal, so nothing tells a wrong label from a right one; give features"
              + " that differ");
    }
  }

  /**
   * Scores by every detector that can work, [N] each, higher: more suspicious.
   *
   * @throws InputException if nothing tells the samples apart, or they are too many
   */
  Map<String, double[]> ofAll() {
    check();
    List<Detector> able = new ArrayList<>();
    for (String name : Detectors.everyName()) {
      Detector detector = Detectors.named(name);
      obstacle(detector).ifPresentOrElse(why -> leaveOut(name, why), () -> able.add(detector));
    }
    return of(able, false);
  }

  /**
   * Scores by these detectors.
   *
   * @throws InputException if one cannot work
   */
  Map<String, double[]> of(List<Detector> detectors) {
    check();
    for (Detector detector : detectors) {
      obstacle(detector)
          .ifPresent(
              why -> {
                throw new InputException(
                    "detector " + detector.name() + " cannot work: " + why + "; choose another");
              });
    }
    return of(detectors, true);
  }

  private Optional<String> obstacle(Detector detector) {
    return detector.obstacle(detector.ofHead() ? ofHead : all);
  }

  private void leaveOut(String name, String why) {
    remarks.add(name + " is left out: " + why + ".");
  }

  private Map<String, double[]> of(List<Detector> detectors, boolean wanted) {
    Map<String, double[]> scores = new LinkedHashMap<>();
    List<String> partly = new ArrayList<>();
    for (Detector detector : detectors) {
      progress.at(detector.name(), scores.size(), detectors.size(), 0, Double.NaN);
      try {
        String name = "detector-" + detector.name();
        Detector.Found found = pieces.piece(name, Detector.Found.class, () -> find(detector));
        double[] values = found.scores();
        if (found.damping() != null) {
          dampings.put(detector.name(), found.damping());
        }
        boolean spread = detector.ofHead() && all != ofHead;
        scores.put(detector.name(), spread ? model.subject().labelled().spread(values) : values);
        if (spread) {
          partly.add(detector.name());
        }
      } catch (UnableException e) {
        if (wanted) {
          throw e.why;
        }
        leaveOut(detector.name(), e.why.getMessage());
      }
    }
    if (scores.isEmpty()) {
      throw new InputException("no detector can work: " + String.join(" ", remarks));
    }
    if (!partly.isEmpty()) {
      remarks.add(
          String.format(
              Locale.ROOT,
              "%s: of the head, so they rank only the %,d samples that it was trained on, not the"
                  + " %,d that were held out.",
              String.join(", ", partly),
              model.subject().labelled().trained().length,
              model.subject().labelled().heldOut()));
    }
    return scores;
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
      return detector.find(detector.ofHead() ? ofHead : all);
    } catch (InputException | ArithmeticException e) {
      throw new UnableException(e);
    }
  }

  @Override
  public void close() {
    ofHead.close();
    if (all != ofHead) {
      all.close();
    }
  }
}
