package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Npy;
import io.vicinal.explain.Mislabelled;
import io.vicinal.report.NoiseSections;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What detectors found: as files, parts of a report, and lines for a terminal. */
final class MislabelWords {
  private static final int POINTS = 201; // of a curve

  private final ModelInputs model;
  private final LabelAudit audit;
  private final List<DetectionCurve> curves; // none where no label is known to be wrong
  private final boolean[] wrong; // where that is known, else null

  /**
   * @param noise wrong labels that are known, or null
   */
  MislabelWords(ModelInputs model, Mislabelled found, LabelNoise noise) {
    this.model = model;
    audit = found.audit();
    curves = noise == null ? List.of() : found.curves(noise);
    wrong = noise == null ? null : noise.mask(audit.samples());
  }

  void writeScores(WorkFolder work) {
    try (Arena arena = Arena.host()) {
      Tensor all = arena.allocate(DType.F64, audit.detectors().size(), model.subject().samples());
      JsonArray rows = new JsonArray();
      for (String name : audit.detectors()) {
        double[] values = audit.scores(name);
        double[] row = new double[(int) model.subject().samples()];
        Arrays.fill(row, Double.NaN);
        for (int i = 0; i < values.length; i++) {
          row[(int) model.subject().labelled().positions()[i]] = values[i];
        }
        all.rows(rows.size(), rows.size() + 1L).set(row);
        JsonObject json = new JsonObject();
        json.addProperty("row", rows.size());
        json.addProperty("id", name);
        json.addProperty("text", Detectors.named(name).meaning());
        rows.add(json);
      }
      Npy.write(work.file("scores.npy"), all);
      JsonObject queries = new JsonObject();
      queries.add("queries", rows);
      JsonFile.write(work.file("queries.json"), queries);
    }
  }

  /** How well each detector does, for wrong labels that are known. */
  void writeCurves(WorkFolder work) {
    judged().write(work.file("detectors.csv"));
    DetectionCurve.write(work.file("curves.csv"), curves, POINTS);
  }

  private CsvFile judged() {
    int budget = audit.suspects().length;
    CsvFile csv =
        new CsvFile(
            "detector",
            "auc",
            "average_precision",
            "precision_at_budget",
            "found_at_budget",
            "budget");
    for (DetectionCurve curve : curves) {
      csv.row(
          curve.detector(),
          curve.auc(),
          curve.averagePrecision(),
          budget == 0 ? Double.NaN : curve.precisionAt(budget),
          curve.found(budget),
          budget);
    }
    return csv;
  }

  /**
   * Adds everything.
   *
   * @param looked the file of the labels that were looked at, or null
   * @param seed of the map
   */
  void addTo(Page page, List<String> remarks, Path looked, long seed) {
    int suspected = audit.suspects().length;
    String sentence = Audits.sentence(audit);
    if (!curves.isEmpty() && suspected > 0) {
      DetectionCurve best = NoiseSections.best(curves).get(0);
      sentence =
          Text.say(
              "Looking at %,d suspects, %s finds %.0f %% of the %,d wrong labels.",
              suspected, best.detector(), 100 * best.found(suspected), best.mislabelled());
    }
    Set<Integer> suspects = Arrays.stream(audit.suspects()).boxed().collect(Collectors.toSet());
    page.headline(sentence, remarks, List.of())
        .add(
            NoiseSections.detection(
                "Each detector ranks the samples that it can judge without knowing which labels are wrong; shown are"
                    + " the first by "
                    + audit.main()
                    + ".",
                curves,
                audit.scores(audit.main()),
                page.gallery(),
                suspected,
                Math.min(suspected, NoiseSections.SHOWN)))
        .add(Suspects.review(model, audit, page.gallery(), looked))
        .map(
            List.of(),
            row ->
                wrong == null
                    ? suspects.contains((int) row) ? "suspicious" : null
                    : wrong[(int) row] ? "wrong label" : null,
            seed);
  }

  void print(PrintWriter writer) {
    int suspected = audit.suspects().length;
    String where = suspected == 1 ? " It is in suspects.csv." : " They are in suspects.csv.";
    writer.println(Audits.sentence(audit) + (suspected == 0 ? "" : where));
    if (!curves.isEmpty()) {
      writer.printf(
          Locale.ROOT,
          "%,d of %,d labels are wrong; what each detector finds%n%n",
          curves.get(0).mislabelled(),
          curves.get(0).samples());
      Table table = new Table("detector", "AUC", "average precision", "found among " + suspected);
      for (DetectionCurve curve : curves) {
        table.row(
            curve.detector(),
            Text.say("%.3f", curve.auc()),
            Text.say("%.3f", curve.averagePrecision()),
            Text.say("%.1f %%", 100 * curve.found(suspected)));
      }
      table.print(writer);
    }
  }
}
