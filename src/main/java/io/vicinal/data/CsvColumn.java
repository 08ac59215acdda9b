package io.vicinal.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One column of a text file, as texts. Stateless. */
final class CsvColumn {
  private static final Pattern LINE_END = Pattern.compile("\\r\\n|\\r|\\n");

  private CsvColumn() {}

  /**
   * The lines of a {@code .txt}, or a column of a table, without its name.
   *
   * @param column by name, or by number from 0; null for the only one
   */
  static List<String> read(Path file, String column) {
    return isLines(file, column) ? lines(file) : cells(file, column);
  }

  private static boolean isLines(Path file, String column) {
    return column == null && file.toString().toLowerCase(Locale.ROOT).endsWith(".txt");
  }

  private static List<String> lines(Path file) {
    try (InputFile in = InputFile.open(file);
        CsvReader.Lines reader = new CsvReader.Lines(in)) {
      List<String> lines = new ArrayList<>();
      for (String line = reader.next(); line != null; line = reader.next()) {
        lines.add(line.strip());
      }
      while (!lines.isEmpty() && lines.get(lines.size() - 1).isEmpty()) {
        lines.remove(lines.size() - 1);
      }
      return lines;
    }
  }

  private static List<String> cells(Path file, String column) {
    return cells(file, column, span -> {});
  }

  /**
   * @param spans receives where each cell stands, in characters, first the header's if there is one
   */
  private static List<String> cells(Path file, String column, Consumer<int[]> spans) {
    try (CsvReader in = new CsvReader(file, false)) {
      List<String> first = in.next();
      if (first == null) {
        return List.of();
      }
      int at = column == null ? only(file, first) : find(file, first, true, column);
      List<String> cells = new ArrayList<>();
      Map<String, String> shared = new HashMap<>();
      boolean named = column != null && first.get(at).equals(column);
      for (List<String> row = first; row != null; row = in.next()) {
        named |= cells.size() == 1 && CsvNumbers.isHeader(first, row, at);
        if (row.size() != first.size()) {
          throw in.problem(
              "has " + row.size() + " cells where the first has " + first.size(),
              "write the same number of cells on every line, those with commas in double quotes");
        }
        cells.add(shared.computeIfAbsent(row.get(at), cell -> cell));
        spans.accept(in.span(at));
      }
      return named || isHeader(cells) ? cells.subList(1, cells.size()) : cells;
    }
  }

  /**
   * The file's text with some of the column's cells replaced and every other character as it is.
   *
   * @param column as {@link #read}
   * @param changed by row, as {@link #read} counts them
   */
  static String replaced(Path file, String column, Map<Integer, String> changed) {
    String text = text(file);
    if (isLines(file, column)) {
      return replaced(text, lineSpans(text), changed, (before, label) -> label);
    }
    List<int[]> spans = new ArrayList<>();
    int rows = cells(file, column, spans::add).size();
    char separator = separator(file);
    return replaced(
        text,
        spans.subList(spans.size() - rows, spans.size()),
        changed,
        (before, label) -> {
          String written = CsvReader.cell(label, separator);
          return before.startsWith("\"") && written.equals(label) ? '"' + label + '"' : written;
        });
  }

  private static char separator(Path file) {
    try (CsvReader in = new CsvReader(file, false)) {
      return in.separator();
    }
  }

  private static String replaced(
      String text,
      List<int[]> spans,
      Map<Integer, String> changed,
      BinaryOperator<String> written) {
    StringBuilder out = new StringBuilder();
    int done = 0;
    for (Map.Entry<Integer, String> change : new TreeMap<>(changed).entrySet()) {
      int[] span = spans.get(change.getKey());
      String raw = text.substring(span[0], span[1]);
      String cell = raw.strip();
      int from = span[0] + raw.indexOf(cell);
      out.append(text, done, from).append(written.apply(cell, change.getValue()));
      done = from + cell.length();
    }
    return out.append(text.substring(done)).toString();
  }

  private static List<int[]> lineSpans(String text) {
    List<int[]> spans = new ArrayList<>();
    int from = text.startsWith("\uFEFF") ? 1 : 0;
    Matcher ends = LINE_END.matcher(text);
    while (ends.find(from)) {
      spans.add(new int[] {from, ends.start()});
      from = ends.end();
    }
    spans.add(new int[] {from, text.length()});
    return spans;
  }

  private static String text(Path file) {
    try (InputFile in = InputFile.open(file)) {
      if (in.size() > Integer.MAX_VALUE - 8) {
        throw in.problem("is larger than 2 GiB", "name a .npy or .txt file for the labels alone");
      }
      return new String(in.readFully((int) in.size()), StandardCharsets.UTF_8);
    }
  }

  private static int only(Path file, List<String> first) {
    if (first.size() > 1) {
      throw InputFile.problem(
          file,
          "has " + first.size() + " columns",
          "name one, such as " + InputFile.printable(file.getFileName() + ":" + first.get(0)));
    }
    return 0;
  }

  /** A word above numbers is a header; above words nobody can know, and it counts as a row. */
  private static boolean isHeader(List<String> cells) {
    return cells.size() > 1
        && !CsvNumbers.isNumber(cells.get(0))
        && cells.stream().skip(1).allMatch(CsvNumbers::isNumber);
  }

  /**
   * Position of a column.
   *
   * @param named whether the first line may hold names
   */
  static int find(Path file, List<String> first, boolean named, String column) {
    int at = named ? first.indexOf(column) : -1;
    if (at >= 0 && first.lastIndexOf(column) != at) {
      throw InputFile.problem(
          file,
          "has two columns '" + InputFile.printable(column) + "'",
          "name it by its number, from 0");
    }
    if (at < 0 && column.matches("[0-9]{1,6}")) {
      at = Integer.parseInt(column);
    }
    if (at < 0 || at >= first.size()) {
      throw InputFile.problem(
          file,
          "has no column '" + InputFile.printable(column) + "'",
          "its first line is: " + InputFile.printable(String.join(", ", first)));
    }
    return at;
  }
}
