package io.vicinal.cli.common;

import io.vicinal.data.AtomicFile;
import io.vicinal.data.CsvReader;
import io.vicinal.data.Names;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A table as comma-separated values (RFC 4180 with line feeds), written whole or not at all.
 * Numbers are written so that they read back as themselves; NaN is empty. Not thread-safe.
 */
public final class CsvFile {
  private final StringBuilder text = new StringBuilder();
  private final int columns;
  private final Map<Integer, Function<Object, String>> names = new LinkedHashMap<>(); // by column

  public CsvFile(String... header) {
    this(Map.of(), header);
  }

  /**
   * @param named what cells of some columns are called: that follows all columns, as {@code
   *     COLUMN_name}
   */
  public CsvFile(Map<String, Function<Object, String>> named, String... header) {
    columns = header.length;
    StringJoiner line = new StringJoiner(",");
    List.of(header).forEach(cell -> line.add(quoted(cell)));
    for (int c = 0; c < columns; c++) {
      if (named.containsKey(header[c])) {
        names.put(c, named.get(header[c]));
        line.add(header[c] + "_name");
      }
    }
    text.append(line).append('\n');
  }

  /** What ids, or lists of some, are called. */
  public static Function<Object, String> byId(Names names) {
    return cell ->
        cell instanceof Number id
            ? names.get(id.longValue())
            : cell instanceof List<?> ids
                ? Names.listed(
                    ids.stream().map(id -> names.get(((Number) id).longValue())).toList())
                : null;
  }

  /** Adds a row. */
  public CsvFile row(Object... cells) {
    if (cells.length != columns) {
      throw new IllegalArgumentException("a row needs " + columns + " cells");
    }
    StringJoiner line = new StringJoiner(",");
    for (Object cell : cells) {
      line.add(quoted(cell));
    }
    names.forEach((column, called) -> line.add(quoted(called.apply(cells[column]))));
    text.append(line).append('\n');
    return this;
  }

  private static String quoted(Object cell) {
    if (cell == null || cell instanceof Double d && d.isNaN()) {
      return "";
    }
    String text =
        cell instanceof List<?> ids
            ? ids.stream().map(String::valueOf).collect(Collectors.joining(" "))
            : cell.toString();
    return CsvReader.cell(text, ',');
  }

  public void write(Path file) {
    AtomicFile.writeText(file, text);
  }
}
