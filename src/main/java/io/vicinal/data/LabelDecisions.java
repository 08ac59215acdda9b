package io.vicinal.data;

import io.vicinal.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What somebody decided about doubted labels: a table with the columns {@code sample} (position),
 * {@code label} (as it was when it was doubted), {@code decision}, and {@code proposed} and {@code
 * new_label} where a decision needs them. Where the labels are names, columns {@code label_name},
 * {@code proposed_name} and {@code new_label_name} take the place of those with numbers. Other
 * columns are left alone, and so are rows without a decision, so that a list of suspects that was
 * filled in by hand is such a file, as well as what a report's review saves. Immutable.
 *
 * @param file where they stand
 * @param rows those with a decision
 */
public record LabelDecisions(Path file, List<Row> rows) {
  /** What can be decided. */
  public enum Decision {
    /** The proposed label is right. */
    ACCEPT,
    /** The present label is right. */
    REJECT,
    /** Neither: {@code new_label} is. */
    OTHER
  }

  /**
   * One decision.
   *
   * @param line in the file, from 1
   * @param sample position of the label
   * @param before the label that was doubted
   * @param after the label that is right
   */
  public record Row(long line, long sample, String before, String after) {}

  /**
   * Reads decisions.
   *
   * @param names whether the labels are names
   * @throws InputException naming the line that is wrong
   */
  public static LabelDecisions read(Path file, boolean names) {
    try (CsvReader csv = new CsvReader(file, false)) {
      List<String> header = csv.next();
      Columns columns = new Columns(csv, header == null ? List.of() : header, names);
      Map<Long, Row> rows = new HashMap<>();
      List<Row> inOrder = new ArrayList<>();
      for (List<String> cells = csv.next(); cells != null; cells = csv.next()) {
        Row row = columns.row(cells);
        if (row == null) {
          continue;
        }
        Row earlier = rows.put(row.sample, row);
        if (earlier != null && !earlier.after.equals(row.after)) {
          throw csv.problem(
              "decides on sample " + row.sample + " once more, otherwise than line " + earlier.line,
              "keep one of them");
        }
        if (earlier == null) {
          inOrder.add(row);
        }
      }
      if (inOrder.isEmpty()) {
        throw InputFile.problem(
            file, "has no decision", "write accept, reject or other into its column decision");
      }
      return new LabelDecisions(file, List.copyOf(inOrder));
    }
  }

  /**
   * The labels with the decisions applied.
   *
   * @param labels one per sample, as they stand in their file
   * @param labelsFile for messages
   * @return a fresh list
   * @throws InputException if a decision was made for other labels than these
   */
  public List<String> apply(List<String> labels, Path labelsFile) {
    List<String> cleaned = new ArrayList<>(labels);
    for (Row row : rows) {
      if (row.sample >= labels.size()) {
        throw wrong(
            row,
            "decides on sample " + row.sample + ", but " + labelsFile + " has " + labels.size(),
            "give the labels that were looked at");
      }
      String present = labels.get((int) row.sample);
      if (!present.equals(row.before)) {
        throw wrong(
            row,
            "found label '"
                + InputFile.printable(row.before)
                + "' at sample "
                + row.sample
                + ", where "
                + labelsFile
                + " has '"
                + InputFile.printable(present)
                + "'",
            "give the labels that were looked at; a file of decisions fits no other");
      }
      cleaned.set((int) row.sample, row.after);
    }
    return cleaned;
  }

  private InputException wrong(Row row, String what, String remedy) {
    return InputFile.problem(file, "line " + row.line + " " + what, remedy);
  }

  /** Where the columns are. */
  private static final class Columns {
    private final CsvReader csv;
    private final int width;
    private final int sample;
    private final int label;
    private final int decision;
    private final int proposed;
    private final List<Integer> newLabel; // the first that is filled in counts

    Columns(CsvReader csv, List<String> header, boolean names) {
      this.csv = csv;
      this.width = header.size();
      String suffix = names && header.contains("label_name") ? "_name" : "";
      this.sample = needed(header, "sample");
      this.label = needed(header, "label" + suffix);
      this.decision = needed(header, "decision");
      this.proposed = header.indexOf("proposed" + suffix);
      this.newLabel =
          Stream.of("new_label" + suffix, "new_label")
              .map(header::indexOf)
              .filter(at -> at >= 0)
              .distinct()
              .toList();
    }

    private int needed(List<String> header, String name) {
      int at = header.indexOf(name);
      if (at < 0) {
        throw csv.problem(
            "has no column '" + name + "'",
            "begin with the line sample,label,proposed,decision,new_label, or save the file from"
                + " the report's review");
      }
      return at;
    }

    /** A row's decision, or null if it has none. */
    Row row(List<String> cells) {
      if (cells.size() != width) {
        throw csv.problem(
            "has " + cells.size() + " cells where the first line has " + width,
            "put a cell that holds a comma in double quotes");
      }
      String word = cells.get(decision).toUpperCase(Locale.ROOT);
      if (word.isEmpty()) {
        return null;
      }
      Decision decided;
      try {
        decided = Decision.valueOf(word);
      } catch (IllegalArgumentException e) {
        throw csv.problem(
            "has decision '" + InputFile.printable(cells.get(decision)) + "'",
            "write accept, reject or other, or nothing");
      }
      String before = cells.get(label);
      String after =
          switch (decided) {
            case REJECT -> before;
            case ACCEPT -> cell(cells, List.of(proposed), "accepts", "proposed");
            case OTHER -> cell(cells, newLabel, "decides for another label", "new_label");
          };
      return new Row(csv.line(), position(cells.get(sample)), before, after);
    }

    private String cell(List<String> cells, List<Integer> columns, String what, String name) {
      return columns.stream()
          .filter(at -> at >= 0 && !cells.get(at).isEmpty())
          .map(cells::get)
          .findFirst()
          .orElseThrow(
              () ->
                  csv.problem(
                      what + " but has nothing in column '" + name + "'",
                      "write the label there, or reject"));
    }

    private long position(String text) {
      if (!text.matches("\\d{1,18}")) {
        throw csv.problem(
            "has sample '" + InputFile.printable(text) + "'", "give the label's position, from 0");
      }
      return Long.parseLong(text);
    }
  }
}
