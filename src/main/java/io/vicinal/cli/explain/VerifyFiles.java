package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.explain.Verified;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.verify.Brittleness;
import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Stability;
import io.vicinal.statistics.Agreement;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What came of the experiments, as table, summary and text. */
record VerifyFiles(List<Query> queries, Verified verified) {

  private static final int LISTED = 50; // samples of an edit in one cell

  /** One row per experiment, method and query. */
  CsvFile csv(ModelInputs model) {
    CsvFile csv =
        model.csv(
            queries,
            "kind",
            "edit",
            "samples",
            "method",
            "query",
            "predicted",
            "actual",
            "converged",
            "count");
    for (Verified.Part part : verified.parts()) {
      for (int e = 0; e < part.outcomes().size(); e++) {
        Outcome outcome = part.outcomes().get(e);
        List<Long> samples =
            outcome.edit().changes().size() > LISTED
                ? null
                : outcome.edit().changes().stream()
                    .map(change -> model.subject().positions()[(int) change.id()])
                    .toList();
        for (Map.Entry<String, double[][]> method : part.predicted().entrySet()) {
          for (int q = 0; q < queries.size(); q++) {
            csv.row(
                part.kind(),
                text(outcome.edit(), model),
                samples,
                method.getKey(),
                queries.get(q).id(),
                method.getValue()[q][e],
                outcome.change(q),
                outcome.converged(),
                outcome.edit().changes().size());
          }
        }
      }
    }
    return csv;
  }

  /** One row per sample that was removed together with others, by dataset position. */
  CsvFile removed(ModelInputs model) {
    CsvFile csv = model.csv("kind", "edit", "sample");
    for (Verified.Part part : verified.parts()) {
      for (Outcome outcome : part.outcomes()) {
        List<Edit.Change> changes = outcome.edit().changes();
        for (Edit.Change change : changes.size() > 1 ? changes : List.<Edit.Change>of()) {
          csv.row(
              part.kind(), outcome.edit().name(), model.subject().positions()[(int) change.id()]);
        }
      }
    }
    return csv;
  }

  /** What is done to the samples, which the next column names; labels are the dataset's. */
  private static String text(Edit edit, ModelInputs model) {
    if (edit.changes().size() > 1) {
      return edit.name();
    }
    Edit.Change change = edit.changes().get(0);
    if (change.label() != Edit.OWN_LABEL) {
      return "relabel to "
          + (model.subject().classNames().known()
              ? model.subject().trainingClass(change.label())
              : Long.toString(model.subject().classId(change.label())));
    }
    return change.factor() == 0 ? "remove" : "weight x " + change.factor();
  }

  /** How a method's predictions agree with the experiments of a kind; means over the queries. */
  private record MeanAgreement(
      String kind,
      String method,
      int experiments,
      double pearson,
      double spearman,
      double pooledSizeError,
      double slope,
      double rightSigns) {}

  private List<MeanAgreement> agreements() {
    List<MeanAgreement> all = new ArrayList<>();
    for (Verified.Part part : verified.parts()) {
      for (String method : part.predicted().keySet()) {
        List<Agreement> own = part.agreement(method);
        all.add(
            new MeanAgreement(
                part.kind(),
                method,
                part.outcomes().size(),
                mean(own, Agreement::pearson),
                mean(own, Agreement::spearman),
                mean(own, Agreement::sizeError),
                mean(own, Agreement::slope),
                mean(own, Agreement::sign)));
      }
    }
    return all;
  }

  private static double mean(List<Agreement> all, ToDoubleFunction<Agreement> value) {
    return all.stream()
        .mapToDouble(value)
        .filter(v -> !Double.isNaN(v))
        .average()
        .orElse(Double.NaN);
  }

  void addTo(JsonObject summary, long[] positions) {
    summary.add("agreement", JsonFile.tree(agreements()));
    JsonArray badges = Badges.json(verified.miniature(), positions);
    for (Brittleness one : verified.brittleness()) {
      JsonObject json = badges.get(one.query()).getAsJsonObject();
      json.addProperty("fewest_removals", one.fewest());
      JsonArray curve = new JsonArray();
      for (Brittleness.Point point : one.points()) {
        curve.add(JsonFile.tree(List.of(point.removed(), point.reached())));
      }
      json.add("brittleness", curve);
    }
    summary.add("badges", badges);
    summary.add("stability_factors", JsonFile.tree(Stability.FACTORS));
  }

  void print(PrintWriter writer) {
    Table table =
        new Table(
            "experiment", "method", "n", "Pearson", "Spearman", "pooled size error", "right signs");
    for (MeanAgreement one : agreements()) {
      table.row(
          one.kind(),
          one.method(),
          Integer.toString(one.experiments()),
          Text.short3(one.pearson()),
          Text.short3(one.spearman()),
          Text.short3(one.pooledSizeError()),
          Text.short3(one.rightSigns()));
    }
    table.print(writer);
    writer.println();
    Badges.print(verified.miniature(), queries, writer);
    for (Brittleness one : verified.brittleness()) {
      writer.println(
          queries.get(one.query()).called()
              + (one.fewest() < 0
                  ? ": stays wrong"
                  : ": right after " + one.fewest() + " removals"));
    }
  }
}
