package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.data.Npy;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Writes what was scored. */
final class ScoreFiles {
  /** Rows of a query's table, each of helpful and harmful. */
  private static final int TOP = 20;

  /** One line of the table of the most harmful and most helpful samples. */
  record Top(long sample, long classId, double effect) {}

  private final ModelInputs model;
  private final WorkFolder folder;
  private final long[] classes;

  ScoreFiles(ModelInputs model, WorkFolder folder) {
    this.model = model;
    this.folder = folder;
    classes = new long[Math.toIntExact(model.dataset())];
    long[] trained = model.trainingClasses();
    long[] positions = model.positions();
    for (int i = 0; i < positions.length; i++) {
      classes[(int) positions[i]] = trained[i];
    }
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

  /** scores.npy of one method, scores-METHOD.npy of several. */
  void scores(List<Scoring.Result> results) {
    for (Scoring.Result result : results) {
      String name = results.size() == 1 ? "scores.npy" : "scores-" + result.method() + ".npy";
      Npy.write(folder.file(name), result.values());
    }
  }

  void queries(Asked asked) {
    JsonFile.write(folder.file("queries.json"), asked.json());
  }

  /** The samples with the largest effects of each query and method. */
  void top(Asked asked, List<Scoring.Result> results) {
    CsvFile csv = model.csv("method", "query", "role", "rank", "sample", "class", "effect");
    for (Scoring.Result result : results) {
      for (int row = 0; row < result.facts().size(); row++) {
        String query = result.facts().get(row).get("query").getAsString();
        double[] scores = result.row(row);
        for (int sign : new int[] {1, -1}) {
          int rank = 1;
          for (Top top : top(scores, sign, TOP)) {
            csv.row(
                result.method(),
                query,
                sign > 0 ? "harmful" : "helpful",
                rank++,
                top.sample(),
                top.classId(),
                top.effect());
          }
        }
      }
    }
    csv.write(folder.file("top.csv"));
  }

  /** What to call a sample and its class in a table. */
  String text(Top top) {
    return model.sampleNames().sampleText(top.sample())
        + (model.classNames().known()
            ? ", " + model.testClass(top.classId())
            : " (class " + top.classId() + ")");
  }

  /** The largest effects of one sign, equal ones by lower sample. */
  List<Top> top(double[] scores, int sign, int most) {
    SignedSets sets = SignedSets.of(scores);
    List<Top> all = new ArrayList<>();
    LongStream.of(sign > 0 ? sets.harmful() : sets.helpful())
        .forEach(i -> all.add(new Top(i, classes[(int) i], scores[(int) i])));
    all.sort(Comparator.comparingDouble(top -> -sign * top.effect()));
    return List.copyOf(all.subList(0, Math.min(most, all.size())));
  }

  /** helpful-ROW.npy and harmful-ROW.npy of a single method: positions, ascending. */
  void sets(Scoring.Result result) {
    try (Arena arena = Arena.host()) {
      for (int row = 0; row < result.facts().size(); row++) {
        SignedSets sets = SignedSets.of(result.row(row));
        Npy.write(
            folder.file("helpful-" + row + ".npy"),
            arena.of(sets.helpful(), sets.helpful().length));
        Npy.write(
            folder.file("harmful-" + row + ".npy"),
            arena.of(sets.harmful(), sets.harmful().length));
      }
    }
  }

  /** What a method's numbers rest on, for the summary. */
  static JsonObject facts(Scoring.Result result) {
    JsonObject json = new JsonObject();
    json.addProperty("method", result.method());
    long products = 0;
    double residual = Double.NaN;
    JsonArray queries = new JsonArray();
    for (int row = 0; row < result.facts().size(); row++) {
      JsonObject facts = result.facts().get(row).deepCopy();
      products += facts.get("products").getAsLong();
      if (!facts.get("residual").isJsonNull()) {
        double own = facts.get("residual").getAsDouble();
        residual = Double.isNaN(residual) ? own : Math.max(residual, own);
      }
      SignedSets sets = SignedSets.of(result.row(row));
      facts.addProperty("helpful", sets.helpful().length);
      facts.addProperty("harmful", sets.harmful().length);
      if (facts.has("original_factor")) {
        boolean same = facts.get("original_factor").getAsDouble() > 0;
        facts.addProperty("original_harmful_when", same ? "above 0" : "below 0");
      }
      queries.add(facts);
    }
    json.addProperty("products", products);
    json.add("largest_residual", Summary.number(residual));
    json.addProperty("seconds", result.seconds());
    json.add("queries", queries);
    return json;
  }
}
