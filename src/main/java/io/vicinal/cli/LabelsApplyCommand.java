package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.data.ArrayPath;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.LabelDecisions;
import io.vicinal.data.LabelEdits;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.tensor.Arena;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
      "in: accept (the proposed label is right), keep (the present one is) or other, with the right",
      "one in new_label; a new_label alone means other. Rows without either change nothing. Decisions",
      "that were made for other labels than these are refused.",
      "",
      "Written is what the labels were read from with the labels changed and all else as it is: a",
      "table with its other columns, header and quotes, an array of its type and shape. With --join",
      "another table of the same samples is, such as the list that a dataset was read from.",
      "Folders of classes are not touched: --moves lists which pictures belong elsewhere. Of a table",
      "in Parquet the labels alone are written, row by row.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal labels apply --labels y.npy --decisions decisions.csv --out cleaned.npy",
      "  vicinal labels apply --labels list.csv:label --join path --decisions decisions.csv \\",
      "      --out cleaned.csv"
    })
final class LabelsApplyCommand implements Callable<Integer> {
  private static final int LISTED = 8;

  @Spec private CommandSpec spec;

  @Option(
      names = "--labels",
      required = true,
      paramLabel = "y.npy",
      description = {
        "The labels that were looked at, as 'explain' and 'train' take them; of a folder of",
        "'features' its table is written."
      })
  private Path labels;

  @Option(
      names = "--decisions",
      required = true,
      paramLabel = "CSV",
      description = {
        "sample, label, decision, and proposed or new_label, these with names where the labels are",
        "names; or label_name, proposed_name and new_label_name with them."
      })
  private Path decisions;

  @Option(
      names = "--join",
      paramLabel = "COLUMN",
      description = {
        "--labels is a column of another table of these samples, TABLE.csv:COLUMN: its rows are found",
        "by the names in this column, such as path, which are the decisions' sample_name; paths may",
        "be spelt otherwise, as ./a.png, or absolute."
      })
  private String join;

  @Option(
      names = "--moves",
      paramLabel = "FILE.csv",
      description = {
        "Written: from and to of every picture that belongs into the folder of another class. Labels",
        "are a folder of 'features' of a folder of pictures. Nothing is moved."
      })
  private Path moves;

  @Option(
      names = "--images",
      paramLabel = "PATH",
      description = "With --moves: where that folder of pictures is now, if it was moved.")
  private Path images;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = {
        "Written: a .csv or .tsv where the labels are a column of a table, a .npy, or a .txt with a",
        "label a line. A pipe gets what the labels are."
      })
  private Path out;

  @Option(
      names = "--new-classes",
      description = "Take new labels that no sample has yet; else they are slips, and refused.")
  private boolean newClasses;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    if (out == null && moves == null) {
      throw new InputException("--out: is missing; name the file to write, or --moves");
    }
    ClassMoves classes = moves == null ? null : ClassMoves.of(labels, images);
    if (images != null && moves == null) {
      throw new InputException("--images: belongs to --moves; leave it out");
    }
    try (OutputFile written =
            out == null ? null : new OutputFile(out, outputs, ".npy", ".txt", ".csv", ".tsv");
        OutputFile list = moves == null ? null : new OutputFile(moves, outputs, ".csv")) {
      LabelEdits.Kind as =
          written == null ? null : LabelEdits.written(labels, out, written.isStream());
      apply(written, as, list, classes);
    }
    return 0;
  }

  private void apply(OutputFile written, LabelEdits.Kind as, OutputFile list, ClassMoves folders) {
    PrintWriter writer = (written != null ? written : list).console(spec.commandLine());
    List<String> before;
    Names classes;
    String now;
    try (Arena arena = Arena.host()) {
      Labels given = Labels.read(labels, arena, Names.none(), writer::println);
      classes = given.classes();
      before = given.texts();
      now = LabelDecisions.madeFor(given.ids().toLongs());
    }
    LabelDecisions decided = LabelDecisions.read(decisions, classes);
    decided = join == null ? decided : joined(decided, before.size());
    List<String> after = decided.apply(before, now, labels);
    Set<String> fresh = checkClasses(decided, new TreeSet<>(before), classes.known());
    LabelEdits edits = written == null ? null : new LabelEdits(labels, before);
    if (edits != null) {
      edits.write(after, as, written.path(), out);
    }
    if (list != null) {
      folders.csv(before, after).write(list.path());
      list.commit();
    }
    if (edits != null) {
      written.commit();
    }
    long changed = decided.rows().stream().filter(row -> !row.before().equals(row.after())).count();
    writer.printf(
        Locale.ROOT,
        "%s: %,d of %s changed%n",
        Text.count(decided.rows().size(), "decision", "decisions"),
        changed,
        Text.count(before.size(), "label", "labels"));
    if (!fresh.isEmpty()) {
      writer.printf(
          Locale.ROOT, "classes that were not there before: %s%n", String.join(", ", fresh));
    }
    if (edits != null) {
      String separator = edits.otherSeparator(out);
      writer.println(
          "written: "
              + out
              + (separator == null
                  ? ""
                  : " (separated by " + separator + ", as the labels' file)"));
    }
    if (list != null) {
      writer.println("written: " + moves + ", and nothing was moved");
    }
  }

  /** The decisions by the rows of another table. */
  private LabelDecisions joined(LabelDecisions decided, int rows) {
    if (LabelEdits.kind(labels) != LabelEdits.Kind.TABLE || FeatureFolder.of(labels) != null) {
      throw new InputException(
          "--join: is for a column of a .csv or .tsv as --labels; " + labels + " is none");
    }
    Path table = ArrayPath.of(labels).file();
    List<String> names = Names.read(Path.of(table + ":" + join), rows, "rows of " + table).list();
    Path folder = table.toAbsolutePath().getParent();
    return decided.joined(
        names,
        name -> {
          try {
            return folder.resolve(name).normalize().toString();
          } catch (InvalidPathException e) {
            return name;
          }
        },
        table);
  }

  /**
   * A class that no sample has is a slip unless it is asked for, and so is a name among numbers.
   *
   * @return the new ones
   */
  private Set<String> checkClasses(LabelDecisions decided, Set<String> classes, boolean names) {
    Set<String> fresh = new TreeSet<>();
    for (LabelDecisions.DecidedLine row : decided.rows()) {
      if (!names && !row.after().matches("\\d{1,9}")) {
        throw wrong(
            row, "is no whole number, as all in " + labels + " are", "write the class's number");
      }
      if (!classes.contains(row.after()) && fresh.add(row.after()) && !newClasses) {
        throw wrong(
            row,
            "is no class of " + labels,
            "write one of "
                + classes.stream().limit(LISTED).collect(Collectors.joining(", "))
                + (classes.size() > LISTED ? ", ..." : "")
                + ", or add --new-classes");
      }
    }
    return fresh;
  }

  private InputException wrong(LabelDecisions.DecidedLine row, String what, String remedy) {
    return new InputException(
        Text.say(
            "%s: line %d: label '%s' %s; %s", decisions, row.line(), row.after(), what, remedy));
  }
}
