package io.vicinal.cli.common;

import io.vicinal.data.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.StringJoiner;

/**
 * A table as comma-separated values (RFC 4180 with line feeds), written whole or not at all.
 * Numbers are written so that they read back as themselves; NaN is empty. Not thread-safe.
 */
public final class CsvFile {
  private final StringBuilder text = new StringBuilder();
  private final int columns;

  public CsvFile(String... header) {
    columns = header.length;
    row((Object[]) header);
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
    text.append(line).append('\n');
    return this;
  }

  private static String quoted(Object cell) {
    if (cell == null || cell instanceof Double d && d.isNaN()) {
      return "";
    }
    String said = cell.toString();
    return said.matches("[^,\"\\r\\n]*") ? said : '"' + said.replace("\"", "\"\"") + '"';
  }

  public void write(Path file) {
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }
}
