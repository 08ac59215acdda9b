package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.influence.confusion.Neighbouring;
import io.vicinal.influence.noise.Detector;
import io.vicinal.influence.noise.Detectors;
import io.vicinal.influence.noise.Evidence;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Suspicion of every training label by several detectors; one that is finished is kept in the work
 * folder.
 */
final class DetectorScores {
  private final Model model;
  private final Evidence evidence;
  private final WorkFolder work;
  private final Progress progress;

  DetectorScores(Model model, Evidence evidence, WorkFolder work, Progress progress) {
    this.model = model;
    this.evidence = evidence;
    this.work = work;
    this.progress = progress;
  }

  /** The detectors in a list, each once. */
  static List<Detector> parse(String option, String list) {
    try {
      return Detectors.parseList(list);
    } catch (InputException e) {
      throw new InputException(e.getMessage().replaceFirst("^detector:", option + ":"), e);
    }
  }

  /** All that the model has evidence for. */
  List<Detector> available() {
    List<String> names = new ArrayList<>(Detectors.names());
    if (!model.model().loss().decomposes()) {
      names.removeAll(List.of("loss", "gradient-norm"));
    }
    if (model.model().loss().spec().isCosineSoftmax()) {
      names.addAll(Detectors.namesByInfluence());
      if (model.test() == null
          || TestConfusions.find(model, Neighbouring.RAW).wrong().length == 0) {
        names.removeIf(name -> name.endsWith("-group"));
      }
    }
    return names.stream().map(Detectors::named).toList();
  }

  /** Scores by detector, [N trained] each, higher: more suspicious. */
  Map<Detector, double[]> of(List<Detector> detectors) {
    Map<Detector, double[]> all = new LinkedHashMap<>();
    for (Detector detector : detectors) {
      progress.at(detector.name(), all.size(), detectors.size(), 0, Double.NaN);
      try (Arena scratch = Arena.host()) {
        String name = "detector-" + detector.name();
        all.put(
            detector,
            work.piece(name, scratch, arena -> made(detector, arena)).numbers().toDoubles());
      }
    }
    return all;
  }

  private WorkFolder.Piece made(Detector detector, Arena arena) {
    double[] scores = detector.scores(evidence);
    return new WorkFolder.Piece(arena.of(scores, scores.length), new JsonObject());
  }
}
