package io.vicinal.cli.common;

import io.vicinal.data.AtomicFile;
import io.vicinal.data.CsvReader;
import io.vicinal.data.Names;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * A table as comma-separated values (RFC 4180 with line feeds), written whole or not at all.
 * Numbers are written so that they read back as themselves; NaN is empty. Not thread-safe.
 */
public final class CsvFile {
  private final StringBuilder text = new StringBuilder();
  private final int columns;
  private final Map<Integer, Names> names = new LinkedHashMap<>(); // by column of ids

  public CsvFile(String... header) {
    this(Map.of(), header);
  }

  /**
   * @param named names of the ids in some columns: they follow all columns, as {@code COLUMN_name}
   */
  public CsvFile(Map<String, Names> named, String... header) {
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

  /** Adds a row. */
  public CsvFile row(Object... cells) {
    if (cells.length != columns) {
      throw new IllegalArgumentException("a row needs " + columns + " cells");
    }
    StringJoiner line = new StringJoiner(",");
    for (Object cell : cells) {
      line.add(quoted(cell));
    }
    names.forEach(
        (column, list) ->
            line.add(quoted(cells[column] instanceof Number id ? list.get(id.longValue()) : null)));
    text.append(line).append('\n');
    return this;
  }

  private static String quoted(Object cell) {
    if (cell == null || cell instanceof Double d && d.isNaN()) {
      return "";
    }
    return CsvReader.cell(cell.toString(), ',');
  }

  public void write(Path file) {
    AtomicFile.writeText(file, text);
  }
}
