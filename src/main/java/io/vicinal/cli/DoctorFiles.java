package io.vicinal.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.Version;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.curate.doctor.Diagnosis;
import io.vicinal.curate.doctor.Finding;
import io.vicinal.curate.doctor.FindingKind;
import io.vicinal.curate.doctor.Severity;
import io.vicinal.data.dataset.Dataset;
import java.nio.file.Path;
import java.util.Locale;

/** What the doctor found, for scripts. Stateless. */
final class DoctorFiles {
  private DoctorFiles() {}

  /** A row a finding, in the order in which they are best looked at. */
  static void findings(Diagnosis found, Path file) {
    CsvFile table =
        new CsvFile(
            "severity",
            "finding",
            "path",
            "class",
            "split",
            "other_path",
            "other_class",
            "other_split",
            "detail",
            "value",
            "leave_out",
            "file");
    Dataset data = found.data();
    found
        .findings()
        .forEach(
            (kind, list) -> {
              for (Finding finding : list) {
                int id = finding.sample();
                int other = finding.other();
                table.row(
                    DoctorWords.severity(kind),
                    kind.text(),
                    id >= 0 ? data.name(id) : of(finding, FindingKind.About.FILE),
                    id >= 0 ? label(data, id) : of(finding, FindingKind.About.CLASS),
                    id >= 0 ? data.split(id) : null,
                    other >= 0 ? data.name(other) : null,
                    other >= 0 ? label(data, other) : null,
                    other >= 0 ? data.split(other) : null,
                    kind.about() == FindingKind.About.WHOLE
                        ? finding.subject() + ": " + finding.detail()
                        : finding.detail(),
                    finding.value(),
                    leftOut(kind, finding),
                    id >= 0 && data.file(id) != null
                        ? data.file(id).toAbsolutePath().normalize()
                        : null);
              }
            });
    table.write(file);
  }

  private static String of(Finding finding, FindingKind.About about) {
    return finding.kind().about() == about ? finding.subject() : null;
  }

  private static String label(Dataset data, int id) {
    return data.classes().get(data.label(id));
  }

  /** Whether clean.csv does without it. */
  private static boolean leftOut(FindingKind kind, Finding finding) {
    return finding.redundant() || kind == FindingKind.UNREADABLE || kind == FindingKind.TRUNCATED;
  }

  static void json(Path path, Diagnosis found, Path file) {
    Dataset data = found.data();
    JsonObject json = new JsonObject();
    json.addProperty("version", Version.text());
    json.addProperty("path", path.toString());
    json.addProperty("format", data.formatName());
    json.addProperty("samples", data.size());
    json.addProperty("classes", DoctorWords.classes(data));
    json.addProperty("read", found.read());
    json.add("options", JsonFile.tree(found.options()));
    json.addProperty("near_by", found.by());
    json.addProperty("near_pairs", found.near());
    json.addProperty("near_pairs_looked_at", found.keptNear());
    JsonObject measures = new JsonObject();
    found.measures().forEach((name, values) -> measures.add(name, JsonFile.tree(values)));
    json.add("measures_at_1_5_50_95_99_percent", measures);
    JsonObject counts = new JsonObject();
    for (Severity severity : Severity.values()) {
      counts.addProperty(severity.name().toLowerCase(Locale.ROOT), found.count(severity));
    }
    json.add("counts", counts);
    JsonArray kinds = new JsonArray();
    found
        .findings()
        .forEach(
            (kind, list) -> {
              JsonObject one = new JsonObject();
              one.addProperty("finding", kind.text());
              one.addProperty("severity", DoctorWords.severity(kind));
              one.addProperty("advice", kind.advice());
              one.addProperty("count", list.size());
              JsonArray all = new JsonArray();
              list.forEach(finding -> all.add(json(data, finding)));
              one.add("findings", all);
              kinds.add(one);
            });
    json.add("findings", kinds);
    JsonFile.write(file, json);
  }

  private static JsonObject json(Dataset data, Finding finding) {
    JsonObject json = new JsonObject();
    if (finding.sample() < 0) {
      json.addProperty("subject", finding.subject());
    } else {
      sample(json, "", data, finding.sample());
    }
    if (finding.other() >= 0) {
      sample(json, "other_", data, finding.other());
    }
    json.addProperty("detail", finding.detail());
    json.addProperty("value", finding.value());
    return json;
  }

  private static void sample(JsonObject json, String prefix, Dataset data, int id) {
    json.addProperty(prefix + "path", data.name(id));
    json.addProperty(prefix + "class", label(data, id));
    json.addProperty(prefix + "split", data.split(id));
  }
}
