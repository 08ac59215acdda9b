package io.vicinal.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One column of a text file, as texts. Stateless. */
final class CsvColumn {
  private CsvColumn() {}

  /**
   * The lines of a {@code .txt}, or a column of a table, without its name.
   *
   * @param column by name, or by number from 0; null for the only one
   */
  static List<String> read(Path file, String column) {
    boolean lines = file.toString().toLowerCase(Locale.ROOT).endsWith(".txt");
    return lines && column == null ? lines(file) : cells(file, column);
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
      }
      return named || isHeader(cells) ? cells.subList(1, cells.size()) : cells;
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
