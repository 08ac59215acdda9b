package io.vicinal.data;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;
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
    return cells(file, column, (in, at) -> {});
  }

  /**
   * @param rows is told of every record, and where the column is, first the header if there is one
   */
  private static List<String> cells(Path file, String column, BiConsumer<CsvReader, Integer> rows) {
    try (CsvReader in = new CsvReader(file, false)) {
      List<String> first = in.next();
      if (first == null) {
        return List.of();
      }
      int at = column == null ? only(file, first) : CsvHeader.find(file, first, true, column);
      List<String> cells = new ArrayList<>();
      Map<String, String> shared = new HashMap<>();
      boolean named = column != null && first.get(at).equals(column) && !column.matches("[0-9]+");
      for (List<String> row = first; row != null; row = in.next()) {
        named |= cells.size() == 1 && CsvHeader.names(first, row, at);
        if (row.size() != first.size()) {
          throw in.problem(
              "has " + row.size() + " cells where the first has " + first.size(),
              "write the same number of cells on every line, those with commas in double quotes");
        }
        cells.add(shared.computeIfAbsent(row.get(at), cell -> cell));
        rows.accept(in, at);
      }
      return named || isHeader(cells) ? cells.subList(1, cells.size()) : cells;
    }
  }

  /**
   * The file's text with some of the column's cells replaced and every other character as it is.
   * Where the separator becomes another one, cells get quotes that then need them.
   *
   * @param column as {@link #read}
   * @param changed by row, as {@link #read} counts them
   * @param to the separator of a table
   */
  static String replaced(Path file, String column, Map<Integer, String> changed, char to) {
    String text = text(file);
    List<int[]> spans = new ArrayList<>(); // from, to, row or -1 for a cell of another column
    if (isLines(file, column)) {
      lineSpans(text).forEach(line -> spans.add(new int[] {line[0], line[1], spans.size()}));
      return replaced(text, spans, changed, false, (before, label) -> label, to, to);
    }
    char from = separator(file);
    int[] lines = {0};
    int rows =
        cells(
                file,
                column,
                (in, at) -> {
                  for (int j = 0; j < in.cells(); j++) {
                    if (j == at || from != to) {
                      int[] span = in.span(j);
                      spans.add(new int[] {span[0], span[1], j == at ? lines[0] : -1});
                    }
                  }
                  lines[0]++;
                })
            .size();
    int header = lines[0] - rows;
    spans.forEach(span -> span[2] = Math.max(-1, span[2] - header));
    return replaced(
        text,
        spans,
        changed,
        from != to,
        (before, label) -> {
          String written = CsvReader.cell(label, to);
          return before.startsWith("\"") && written.equals(label) ? '"' + label + '"' : written;
        },
        from,
        to);
  }

  /** What stands between two cells of a file. */
  static char separator(Path file) {
    try (CsvReader in = new CsvReader(file, false)) {
      return in.separator();
    }
  }

  private static String replaced(
      String text,
      List<int[]> spans,
      Map<Integer, String> changed,
      boolean all,
      BinaryOperator<String> written,
      char from,
      char to) {
    StringBuilder out = new StringBuilder();
    int done = 0;
    for (int[] span : spans) {
      String label = changed.get(span[2]);
      if (label == null && !all) {
        continue;
      }
      String raw = text.substring(span[0], span[1]);
      String cell = raw.strip();
      int start = all ? span[0] : span[0] + raw.indexOf(cell); // blanks may be the new separator
      out.append(text.substring(done, start).replace(from, all ? to : from));
      out.append(
          label != null
              ? written.apply(cell, label)
              : cell.startsWith("\"") ? cell : CsvReader.cell(cell, to));
      done = all ? span[1] : start + cell.length();
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
        && !NumberText.isNumber(cells.get(0))
        && cells.stream().skip(1).allMatch(NumberText::isNumber);
  }
}
