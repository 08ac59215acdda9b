package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.data.LabelDecisions;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.tensor.Arena;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal labels apply}: decisions about doubted labels make a cleaned file. */
@Command(
    name = "apply",
    sortOptions = false,
    header = "Write labels with decisions about doubted ones applied.",
    description = {
      "",
      "The decisions are a decisions.csv that was saved from the review in a report.html of",
      "'explain mislabel' or 'explain relabel', or its suspects.csv with the column decision filled",
      "in: accept (the proposed label is right), reject (the present one is) or other, with the right",
      "one in new_label. Rows without a decision change nothing. Whole numbers are written as int64,",
      "names as texts. A decision that was made for other labels than these is refused.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal labels apply --labels y.npy --decisions decisions.csv --out cleaned.npy"
    })
final class LabelsApplyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--labels",
      required = true,
      paramLabel = "y.npy",
      description = "The labels that were looked at, as 'explain' and 'train' take them.")
  private Path labels;

  @Option(
      names = "--decisions",
      required = true,
      paramLabel = "CSV",
      description = "sample, label, decision, and proposed or new_label.")
  private Path decisions;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Written: a .npy, or a .txt with a label a line.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    try (OutputFile written = new OutputFile(out, outputs, ".npy", ".txt")) {
      apply(written);
    }
    return 0;
  }

  private void apply(OutputFile written) {
    List<String> before;
    boolean names;
    try (Arena arena = Arena.host()) {
      Labels given = Labels.read(labels, arena, Names.none(), note -> {});
      names = given.classes().known();
      before = given.texts();
    }
    LabelDecisions decided = LabelDecisions.read(decisions, names);
    List<String> after = decided.apply(before, labels);
    if (!names) {
      checkNumbers(decided);
    }
    Labels.check(out, after);
    Labels.write(written.path(), after);
    written.commit();
    long changed = decided.rows().stream().filter(row -> !row.before().equals(row.after())).count();
    PrintWriter writer = written.console(spec.commandLine());
    writer.printf(
        Locale.ROOT,
        "%d decisions: %d of %d labels changed%n",
        decided.rows().size(),
        changed,
        before.size());
    Set<String> fresh = new TreeSet<>(after);
    fresh.removeAll(new HashSet<>(before));
    if (!fresh.isEmpty()) {
      writer.printf(
          Locale.ROOT, "classes that were not there before: %s%n", String.join(", ", fresh));
    }
    writer.println("written: " + out);
  }

  /** Where classes are numbers, a name among them is a slip. */
  private void checkNumbers(LabelDecisions decided) {
    for (LabelDecisions.Row row : decided.rows()) {
      if (!row.after().matches("\\d{1,9}")) {
        throw new InputException(
            String.format(
                Locale.ROOT,
                "%s: line %d: label '%s' is no whole number, as all in %s are; write the class's"
                    + " number",
                decisions,
                row.line(),
                row.after(),
                labels));
      }
    }
  }
}
