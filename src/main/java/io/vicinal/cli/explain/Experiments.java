package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Probe;
import io.vicinal.influence.verify.Retraining;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Re-solves the head after edits, each once; what is done is kept in the work folder, and a later
 * call takes it from there.
 */
final class Experiments implements AutoCloseable {
  private final Scoring scoring;
  private final WorkFolder work;
  private final Progress progress;
  private final List<Probe> gauges;
  private final Map<List<Edit.Change>, Outcome> done = new HashMap<>();
  private Retraining retraining;
  private long count;

  Experiments(Scoring scoring, List<Probe> gauges, WorkFolder work, Progress progress) {
    this.scoring = scoring;
    this.gauges = gauges;
    this.work = work;
    this.progress = progress;
  }

  /** What an edit does to the gauges. */
  Outcome run(Edit edit) {
    return run(edit, () -> false);
  }

  /** The same, given up once it is enough: null then, and nothing is kept. */
  Outcome run(Edit edit, BooleanSupplier enough) {
    Outcome known = done.get(edit.changes());
    if (known == null) {
      Key key = new Key().add("gauges", gauges.stream().map(Probe::name).toList());
      key.add("edit", edit.changes());
      try (Arena scratch = Arena.host()) {
        String name = "edit-" + key.hash().substring(0, 32);
        WorkFolder.Piece piece = work.piece(name, scratch, a -> solve(edit, enough));
        if (piece == null) {
          return null;
        }
        known = outcome(edit, piece.facts());
      }
      done.put(edit.changes(), known);
      progress.at("re-solving", ++count, 0, 0, Double.NaN);
    }
    return new Outcome(
        edit,
        known.before(),
        known.after(),
        known.error(),
        known.steps(),
        known.products(),
        known.gradientNorm(),
        known.converged(),
        known.seconds());
  }

  List<Outcome> run(List<Edit> edits) {
    List<Outcome> outcomes = new ArrayList<>();
    edits.forEach(edit -> outcomes.add(run(edit)));
    return outcomes;
  }

  /** Products spent on everything so far, by earlier calls too. */
  long products() {
    return done.values().stream().mapToLong(Outcome::products).sum();
  }

  double seconds() {
    return done.values().stream().mapToDouble(Outcome::seconds).sum();
  }

  int size() {
    return done.size();
  }

  private WorkFolder.Piece solve(Edit edit, BooleanSupplier enough) {
    if (retraining == null) {
      retraining = Retraining.of(scoring.explanation(), gauges, Retraining.options().until(enough));
      if (!retraining.base().converged() && enough.getAsBoolean()) {
        close();
        return null;
      }
    }
    Outcome outcome = retraining.run(edit, enough);
    if (outcome == null) {
      return null;
    }
    JsonObject json = new JsonObject();
    json.add("before", array(outcome.before()));
    json.add("after", array(outcome.after()));
    json.add("error", array(outcome.error()));
    json.addProperty("steps", outcome.steps());
    json.addProperty("products", outcome.products());
    json.add("gradient", Summary.number(outcome.gradientNorm()));
    json.addProperty("converged", outcome.converged());
    json.addProperty("seconds", outcome.seconds());
    return new WorkFolder.Piece(null, json);
  }

  private static JsonArray array(double[] values) {
    JsonArray array = new JsonArray();
    for (double value : values) {
      array.add(Summary.number(value));
    }
    return array;
  }

  private static Outcome outcome(Edit edit, JsonObject json) {
    return new Outcome(
        edit,
        doubles(json.getAsJsonArray("before")),
        doubles(json.getAsJsonArray("after")),
        doubles(json.getAsJsonArray("error")),
        json.get("steps").getAsInt(),
        json.get("products").getAsLong(),
        json.get("gradient").isJsonNull() ? Double.NaN : json.get("gradient").getAsDouble(),
        json.get("converged").getAsBoolean(),
        json.get("seconds").getAsDouble());
  }

  private static double[] doubles(JsonArray array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).isJsonNull() ? Double.NaN : array.get(i).getAsDouble();
    }
    return values;
  }

  @Override
  public void close() {
    if (retraining != null) {
      retraining.close();
      retraining = null;
    }
  }
}
