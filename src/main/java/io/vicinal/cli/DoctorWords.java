package io.vicinal.cli;

import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.doctor.Diagnosis;
import io.vicinal.curate.doctor.Finding;
import io.vicinal.curate.doctor.FindingKind;
import io.vicinal.curate.doctor.Severity;
import io.vicinal.data.InputFile;
import io.vicinal.data.dataset.Dataset;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** What the doctor says on a terminal. Stateless. */
final class DoctorWords {
  private DoctorWords() {}

  static void print(Path path, Diagnosis found, int show, PrintWriter out) {
    Dataset data = found.data();
    out.println(
        Text.say(
            "%s: %s, %s, format %s; %s",
            InputFile.printable(path.toString()),
            Text.count(data.size(), "sample", "samples"),
            Text.count(classes(data), "class", "classes"),
            data.formatName(),
            found.read() == data.size()
                ? "every picture can be read"
                : Text.say("%,d pictures can be read", found.read())));
    out.println(summary(found) + ".");
    if (found.findings().isEmpty()) {
      return;
    }
    out.println();
    Table table = new Table("severity", "finding", "count", "what to do").withSentences();
    found
        .findings()
        .forEach(
            (kind, list) ->
                table.row(
                    severity(kind), kind.text(), Text.say("%,d", list.size()), kind.advice()));
    table.print(out);
    found.findings().forEach((kind, list) -> examples(found, kind, list, show, out));
    if (found.near() > found.keptNear()) {
      out.println();
      out.println(nearWords(found));
    }
  }

  static String nearWords(Diagnosis found) {
    return Text.say(
        "%s are near by %s; only the closest %,d were looked at (--pairs)",
        Text.count(found.near(), "pair", "pairs"), found.by(), found.keptNear());
  }

  static int classes(Dataset data) {
    return (int) IntStream.range(0, data.size()).map(data::label).distinct().count();
  }

  static String severity(FindingKind kind) {
    return kind.severity().name().toLowerCase(Locale.ROOT);
  }

  /** "2 errors, 1 warning and 3 notes"; "No errors and no warnings". */
  static String summary(Diagnosis found) {
    int errors = found.count(Severity.ERROR);
    int warnings = found.count(Severity.WARNING);
    int notes = found.count(Severity.NOTE);
    List<String> parts = new ArrayList<>();
    if (errors > 0) {
      parts.add(Text.count(errors, "error", "errors"));
    }
    if (warnings > 0) {
      parts.add(Text.count(warnings, "warning", "warnings"));
    }
    if (parts.isEmpty()) {
      parts.add("No errors and no warnings");
    }
    if (notes > 0) {
      parts.add(Text.count(notes, "note", "notes"));
    }
    return String.join(", ", parts);
  }

  private static void examples(
      Diagnosis found, FindingKind kind, List<Finding> list, int show, PrintWriter out) {
    if (show == 0) {
      return;
    }
    out.println();
    out.println(kind.text() + ":");
    list.stream().limit(show).forEach(finding -> out.println("  " + line(found.data(), finding)));
    if (list.size() > show) {
      out.println(Text.say("  and %,d more", list.size() - show));
    }
  }

  /** One line, whatever the names hold. */
  private static String line(Dataset data, Finding finding) {
    String first = finding.sample() < 0 ? finding.subject() : data.name(finding.sample());
    String text = InputFile.printable(first);
    if (finding.other() >= 0) {
      text += labelled(data, finding, finding.sample());
      text += " - " + InputFile.printable(data.name(finding.other()));
      text += labelled(data, finding, finding.other());
    }
    return text + ": " + finding.detail();
  }

  /** The class and the split where a finding is about two of them. */
  private static String labelled(Dataset data, Finding finding, int id) {
    boolean labels = data.label(finding.sample()) != data.label(finding.other());
    boolean splits = !data.split(finding.sample()).equals(data.split(finding.other()));
    List<String> parts = new ArrayList<>();
    if (labels) {
      parts.add(InputFile.printable(data.classes().get(data.label(id))));
    }
    if (splits) {
      parts.add(data.split(id));
    }
    return parts.isEmpty() ? "" : " (" + String.join(", ", parts) + ")";
  }
}
