package io.vicinal.cli.explain;

import io.vicinal.cli.common.CsvFile;
import io.vicinal.data.Npy;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Attribution.SampleEffect;
import io.vicinal.explain.Attributions;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Writes what was scored. */
final class ScoreFiles {
  /** Rows of a query's table, each of helpful and harmful. */
  private static final int TOP = 20;

  private final ModelInputs model;
  private final WorkFolder folder;
  private final long[] classes; // of the training samples

  ScoreFiles(ModelInputs model, WorkFolder folder) {
    this.model = model;
    this.folder = folder;
    classes = model.subject().trainingClasses();
  }

  /**
   * The names of the files that are written.
   *
   * @param methods whose scores
   * @param sets of how many queries the sets are written too
   */
  static List<String> names(List<String> methods, int sets) {
    List<String> names = new ArrayList<>(List.of("queries.json", "top.csv"));
    if (methods.size() == 1) {
      names.add("scores.npy");
    } else {
      methods.forEach(method -> names.add("scores-" + method + ".npy"));
    }
    for (int row = 0; row < sets; row++) {
      names.add("helpful-" + row + ".npy");
      names.add("harmful-" + row + ".npy");
    }
    return names;
  }

  /** The names of all score files that some methods may have left. */
  static List<String> earlier(List<String> methods) {
    List<String> names =
        methods.stream().map(m -> "scores-" + m + ".npy").collect(Collectors.toList());
    names.addAll(List.of("scores.npy", "queries.json", "top.csv"));
    return names;
  }

  /**
   * scores.npy of one method, scores-METHOD.npy of several: a column per sample of the data set.
   */
  void scores(Attributions found) {
    for (Attribution one : found.methods()) {
      String name = found.methods().size() == 1 ? "scores.npy" : "scores-" + one.method() + ".npy";
      Npy.writeRows(
          folder.file(name),
          one.rows(),
          model.subject().samples(),
          row -> model.subject().spread(one.row(row)));
    }
  }

  void queries(Attributions found) {
    model.writeJson(
        Summary.queries(found.queries(), found.delivered()), folder.file("queries.json"));
  }

  /** The samples with the largest effects of each query and method. */
  void top(Attributions found) {
    CsvFile csv =
        model.csv(found.queries(), "method", "query", "role", "rank", "sample", "class", "effect");
    for (Attribution one : found.methods()) {
      for (int row = 0; row < one.rows(); row++) {
        add(csv, one, row, "harmful", one.harmful(row, TOP));
        add(csv, one, row, "helpful", one.helpful(row, TOP));
      }
    }
    csv.write(folder.file("top.csv"));
  }

  private void add(CsvFile csv, Attribution one, int row, String role, List<SampleEffect> effects) {
    String query = one.diagnostics().get(row).query();
    int rank = 1;
    for (SampleEffect effect : effects) {
      csv.row(
          one.method(),
          query,
          role,
          rank++,
          effect.position(),
          classes[effect.row()],
          effect.score());
    }
  }

  /** What to call a sample and its class in a table. */
  String text(SampleEffect effect) {
    long classId = classes[effect.row()];
    return model.subject().sampleNames().sampleText(effect.position())
        + (model.subject().classNames().known()
            ? ", " + model.subject().classText(classId)
            : " (class " + classId + ")");
  }

  /** helpful-ROW.npy and harmful-ROW.npy of a single method: positions, ascending. */
  void sets(Attribution one) {
    for (int row = 0; row < one.rows(); row++) {
      SignedSets sets = one.sets(row);
      positions("helpful-" + row + ".npy", one.positions(), sets.helpful());
      positions("harmful-" + row + ".npy", one.positions(), sets.harmful());
    }
  }

  private void positions(String name, long[] positions, long[] rows) {
    try (Arena arena = Arena.host()) {
      long[] all = LongStream.of(rows).map(row -> positions[(int) row]).toArray();
      Npy.write(folder.file(name), arena.of(all, all.length));
    }
  }
}
