package io.vicinal.data;

import io.vicinal.InputException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What somebody decided about doubted labels: a table with the columns {@code sample} (position),
 * {@code label} (as it was when it was doubted), {@code decision}, and {@code proposed} and {@code
 * new_label} where a decision needs them. Where the labels are names, columns {@code label_name},
 * {@code proposed_name} and {@code new_label_name} take the place of those with numbers. A column
 * {@code made_for} says for which labels ({@link #madeFor}). Other columns are left alone, and so
 * are rows without a decision or a new label, so that a list of suspects that was filled in by hand
 * is such a file, as well as what a report's review saves. Immutable.
 *
 * @param file where they stand
 * @param rows those with a decision
 * @param madeFor the labels that they were made for, or null if the file does not say
 */
public record LabelDecisions(Path file, List<DecidedLine> rows, String madeFor) {
  private static final int DIGITS = 12; // of a hash

  /** What can be decided. */
  public enum Decision {
    /** The proposed label is right. */
    ACCEPT("accept", "relabel"),
    /** The present label is right. */
    KEEP("keep", "reject"),
    /** Neither: {@code new_label} is. */
    OTHER("other"),
    /** What a suggestion says where it decides nothing. */
    OPEN("", "left to a person", "none of these", "abstain");

    private final List<String> words;

    Decision(String... words) {
      this.words = List.of(words);
    }

    /** The decision of this word, or null. */
    static Decision of(String word) {
      return Stream.of(values())
          .filter(one -> one.words.contains(word.toLowerCase(Locale.ROOT)))
          .findFirst()
          .orElse(null);
    }
  }

  /**
   * One decision.
   *
   * @param line in the file, from 1
   * @param sample position of the label
   * @param name what the sample is called, or null
   * @param before the label that was doubted
   * @param after the label that is right
   */
  public record DecidedLine(long line, long sample, String name, String before, String after) {}

  /**
   * By which labels are known again: how many, and a hash over which samples are of one class. What
   * the classes are called does not matter. No spreadsheet takes it for a number.
   *
   * @param labels class ids of all samples
   */
  public static String madeFor(long[] labels) {
    Map<Long, Integer> classes = new HashMap<>();
    ByteBuffer bytes = ByteBuffer.allocate(4 * labels.length);
    for (long label : labels) {
      Integer known = classes.putIfAbsent(label, classes.size());
      bytes.putInt(known == null ? classes.size() - 1 : known);
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
      return labels.length + " labels " + HexFormat.of().formatHex(hash).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Reads decisions.
   *
   * @param classes what the labels are called where they are names, else none
   * @throws InputException naming the line that is wrong
   */
  public static LabelDecisions read(Path file, Names classes) {
    try (CsvReader csv = new CsvReader(file, false)) {
      List<String> header = csv.next();
      DecisionColumns columns =
          new DecisionColumns(csv, header == null ? List.of() : header, classes);
      Map<Long, DecidedLine> rows = new HashMap<>();
      List<DecidedLine> inOrder = new ArrayList<>();
      String madeFor = null;
      for (List<String> cells = csv.next(); cells != null; cells = csv.next()) {
        DecidedLine row = columns.row(cells);
        if (row == null) {
          continue;
        }
        String said = columns.madeFor(cells);
        if (madeFor != null && said != null && !said.equals(madeFor)) {
          throw csv.problem(
              "was made for other labels than the rows above",
              "keep the decisions on one file of labels");
        }
        madeFor = madeFor == null ? said : madeFor;
        DecidedLine earlier = rows.put(row.sample, row);
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
            file, "has no decision", "write accept, keep or other into its column decision");
      }
      return new LabelDecisions(file, List.copyOf(inOrder), madeFor);
    }
  }

  /**
   * The labels with the decisions applied.
   *
   * @param labels one per sample, as they stand in their file
   * @param now their {@link #madeFor}
   * @param labelsFile for messages
   * @return a fresh list
   * @throws InputException if a decision was made for other labels than these
   */
  public List<String> apply(List<String> labels, String now, Path labelsFile) {
    if (madeFor != null && !madeFor.equals(now)) {
      throw InputFile.problem(
          file,
          "was made for other labels ("
              + InputFile.printable(madeFor)
              + ") than those of "
              + labelsFile
              + " ("
              + now
              + ")",
          "give the labels that were looked at");
    }
    List<String> cleaned = new ArrayList<>(labels);
    for (DecidedLine row : rows) {
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

  /**
   * The same decisions for another table of these samples, in which they are found by what they are
   * called.
   *
   * @param names of that table's rows
   * @param alike what two names have to have in common
   * @param table for messages
   * @throws InputException if a sample has no name, or none or two of the rows have it
   */
  public LabelDecisions joined(List<String> names, UnaryOperator<String> alike, Path table) {
    Map<String, Integer> rowOf = new HashMap<>();
    Set<String> twice = new HashSet<>();
    for (int row = 0; row < names.size(); row++) {
      if (rowOf.put(alike.apply(names.get(row)), row) != null) {
        twice.add(alike.apply(names.get(row)));
      }
    }
    List<DecidedLine> moved = new ArrayList<>();
    Map<Integer, DecidedLine> decided = new HashMap<>();
    for (DecidedLine line : rows) {
      if (line.name == null) {
        throw InputFile.problem(
            file,
            "has no column 'sample_name', by which rows of " + table + " could be found",
            "give a decisions.csv, suspects.csv or proposals.csv of samples that have names");
      }
      String name = alike.apply(line.name);
      if (!rowOf.containsKey(name) || twice.contains(name)) {
        throw wrong(
            line,
            "decides on '"
                + InputFile.printable(line.name)
                + (twice.contains(name) ? "', which " : "', and ")
                + table
                + (twice.contains(name) ? " has more than once" : " has no such row"),
            "name the column that has the samples' names, or leave that line out");
      }
      int row = rowOf.get(name);
      DecidedLine earlier = decided.putIfAbsent(row, line);
      if (earlier != null && !earlier.after.equals(line.after)) {
        throw wrong(
            line,
            "decides on '"
                + InputFile.printable(line.name)
                + "' once more, otherwise than line "
                + earlier.line,
            "keep one of them");
      }
      if (earlier == null) {
        moved.add(new DecidedLine(line.line, row, line.name, line.before, line.after));
      }
    }
    return new LabelDecisions(file, List.copyOf(moved), null);
  }

  private InputException wrong(DecidedLine row, String what, String remedy) {
    return InputFile.problem(file, "line " + row.line + " " + what, remedy);
  }

  /** Where the columns are. */
  private static final class DecisionColumns {
    private final CsvReader csv;
    private final Names classes;
    private final int width;
    private final int sample;
    private final int name;
    private final int label;
    private final int decision;
    private final int proposed;
    private final int madeFor;
    private final List<Integer> newLabel; // the first that is filled in counts

    DecisionColumns(CsvReader csv, List<String> header, Names classes) {
      this.csv = csv;
      this.classes = classes;
      this.width = header.size();
      String suffix = classes.known() && header.contains("label_name") ? "_name" : "";
      this.sample = needed(header, "sample");
      this.name = header.indexOf("sample_name");
      this.label = needed(header, "label" + suffix);
      this.decision = needed(header, "decision");
      this.proposed = header.indexOf("proposed" + suffix);
      this.madeFor = header.indexOf("made_for");
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

    /** What a row says that it was made for, or null. */
    String madeFor(List<String> cells) {
      return madeFor < 0 || cells.get(madeFor).isEmpty() ? null : cells.get(madeFor);
    }

    /** A row's decision, or null if it has none. A new label alone decides for it. */
    DecidedLine row(List<String> cells) {
      if (cells.size() != width) {
        throw csv.problem(
            "has " + cells.size() + " cells where the first line has " + width,
            "put a cell that holds a comma in double quotes");
      }
      Decision decided = Decision.of(cells.get(decision).strip());
      if (decided == null) {
        throw csv.problem(
            "has decision '" + InputFile.printable(cells.get(decision)) + "'",
            "write accept, keep or other, or nothing");
      }
      String before = label(cells, label);
      if (classes.known() && classes.idOf(before) < 0 && before.matches("\\d+(\\.0+)?")) {
        throw csv.problem(
            "has label '" + before + "' where labels are names, such as '" + classes.shown(0) + "'",
            "keep the columns label_name and proposed_name, or write names into label, proposed and"
                + " new_label");
      }
      String proposal = proposed < 0 ? "" : label(cells, proposed);
      String written =
          newLabel.stream()
              .map(at -> label(cells, at))
              .filter(c -> !c.isEmpty())
              .findFirst()
              .orElse("");
      if (decided == Decision.OPEN) {
        if (written.isEmpty()) {
          return null;
        }
        decided = Decision.OTHER;
      }
      String after =
          switch (decided) {
            case ACCEPT -> filled(proposal, "accepts", "proposed");
            case KEEP -> before;
            default -> filled(written, "decides for another label", "new_label");
          };
      if (!written.isEmpty() && !written.equals(after)) {
        throw csv.problem(
            (decided == Decision.ACCEPT ? "accepts '" : "keeps '")
                + InputFile.printable(after)
                + "' and has new_label '"
                + InputFile.printable(written)
                + "'",
            "write other if the new label is right, or empty it");
      }
      String called = name < 0 ? null : csv.whole(name);
      return new DecidedLine(csv.line(), position(cells.get(sample)), called, before, after);
    }

    /**
     * A class: a name, of which the blanks around it may be a part though a spreadsheet took its
     * quotes, or a number as a table has it, 007, or as a table program may have written it, 7.0.
     */
    private String label(List<String> cells, int at) {
      if (classes.known()) {
        String whole = csv.whole(at);
        return classes.idOf(whole) >= 0 ? whole : cells.get(at);
      }
      String text = cells.get(at).strip();
      return text.matches("\\d{1,15}(\\.0+)?")
          ? Long.toString(Long.parseLong(text.replaceFirst("\\..*", "")))
          : text;
    }

    private String filled(String cell, String what, String name) {
      if (cell.isEmpty()) {
        throw csv.problem(
            what + " but has nothing in column '" + name + "'", "write the label there, or keep");
      }
      return cell;
    }

    private long position(String text) {
      String whole = text.strip().replaceFirst("\\.0+$", "");
      if (!whole.matches("\\d{1,18}")) {
        throw csv.problem(
            "has sample '" + InputFile.printable(text) + "'", "give the label's position, from 0");
      }
      return Long.parseLong(whole);
    }
  }
}
