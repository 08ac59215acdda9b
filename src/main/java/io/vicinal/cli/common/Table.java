package io.vicinal.cli.common;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Rows of text in aligned columns: the first column to the left, the others to the right; the last
 * one to the left, too, if it is a sentence.
 */
public final class Table {
  private static final String GAP = "  ";

  private final List<String[]> rows = new ArrayList<>();
  private boolean sentences;

  public Table(String... header) {
    rows.add(header);
  }

  /** The last column holds sentences. */
  public Table withSentences() {
    sentences = true;
    return this;
  }

  public Table row(String... cells) {
    if (cells.length != rows.get(0).length) {
      throw new IllegalArgumentException("a row needs " + rows.get(0).length + " cells");
    }
    rows.add(cells);
    return this;
  }

  public void print(PrintWriter out) {
    int columns = rows.get(0).length;
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row[c].length());
      }
    }
    for (int r = 0; r < rows.size(); r++) {
      out.println(line(rows.get(r), widths));
      if (r == 0) {
        out.println(rule(widths));
      }
    }
  }

  private String line(String[] row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < row.length; c++) {
      String pad = " ".repeat(widths[c] - row[c].length());
      boolean left = c == 0 || sentences && c == row.length - 1;
      line.append(c == 0 ? "" : GAP).append(left ? row[c] + pad : pad + row[c]);
    }
    return line.toString().stripTrailing();
  }

  private static String rule(int[] widths) {
    List<String> parts = new ArrayList<>();
    for (int width : widths) {
      parts.add("-".repeat(width));
    }
    return String.join(GAP, parts);
  }
}
