package io.vicinal.cli.common;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jline.utils.WCWidth;

/**
 * Rows of text in aligned columns: texts to the left, numbers to the right. Where the lines would
 * be wider than the terminal, long texts lose their middle, and sentences go on in the next line;
 * files have them whole.
 */
public final class Table {
  private static final String GAP = "  ";
  private static final int NARROWEST = 12; // of a shortened column
  private static final int NARROWEST_SENTENCE = 28;
  private static final Pattern NUMBER =
      Pattern.compile("[-+−]?[\\d.,]+(e[-+]?\\d+)?( %)?|[-+−]?(∞|NaN)|over \\d+|-|");

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

  /** How many there are, without the header. */
  public int rows() {
    return rows.size() - 1;
  }

  public void print(PrintWriter out) {
    print(out, terminal(System.getenv("COLUMNS")));
  }

  /** The terminal's width, which the launcher passes on; without one nothing is too wide. */
  private static int terminal(String columns) {
    try {
      return columns == null ? Integer.MAX_VALUE : Integer.parseInt(columns.strip());
    } catch (NumberFormatException e) {
      return Integer.MAX_VALUE;
    }
  }

  /**
   * @param most columns of the terminal
   */
  void print(PrintWriter out, int most) {
    int columns = rows.get(0).length;
    boolean[] texts = new boolean[columns];
    int[] widths = new int[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      texts[c] = rows.stream().skip(1).anyMatch(row -> !NUMBER.matcher(row[column]).matches());
      widths[c] = rows.stream().mapToInt(row -> width(row[column])).max().orElse(0);
    }
    texts[0] |= rows.size() == 1;
    fit(widths, texts, most);
    for (int r = 0; r < rows.size(); r++) {
      lines(rows.get(r), widths, texts).forEach(out::println);
      if (r == 0) {
        out.println(rule(widths));
      }
    }
  }

  /**
   * Takes from the widest column of texts, again and again, as far as there is something to take.
   */
  private void fit(int[] widths, boolean[] texts, int most) {
    int[] least = new int[widths.length];
    for (int c = 0; c < widths.length; c++) {
      int own = sentences && c == widths.length - 1 ? NARROWEST_SENTENCE : NARROWEST;
      least[c] = texts[c] ? Math.max(own, width(rows.get(0)[c])) : widths[c];
    }
    int all = Arrays.stream(widths).sum() + GAP.length() * (widths.length - 1);
    for (; all > most; all--) {
      int widest =
          IntStream.range(0, widths.length)
              .filter(c -> widths[c] > least[c])
              .reduce(-1, (a, b) -> a < 0 || widths[b] > widths[a] ? b : a);
      if (widest < 0) {
        return;
      }
      widths[widest]--;
    }
  }

  private List<String> lines(String[] row, int[] widths, boolean[] texts) {
    int last = row.length - 1;
    List<String> pieces = List.of();
    StringBuilder line = new StringBuilder();
    for (int c = 0; c <= last; c++) {
      String cell = row[c];
      if (sentences && c == last) {
        pieces = wrapped(cell, widths[c]);
        cell = pieces.get(0);
      } else if (texts[c]) {
        cell = shortened(cell, widths[c]);
      }
      String pad = " ".repeat(Math.max(0, widths[c] - width(cell)));
      line.append(c == 0 ? "" : GAP).append(texts[c] ? cell + pad : pad + cell);
    }
    List<String> lines = new ArrayList<>(List.of(line.toString().stripTrailing()));
    int indent = Arrays.stream(widths).limit(last).map(w -> w + GAP.length()).sum();
    pieces.stream().skip(1).forEach(piece -> lines.add(" ".repeat(indent) + piece));
    return lines;
  }

  /** At most so wide: its beginning and its end. */
  private static String shortened(String text, int most) {
    if (width(text) <= most) {
      return text;
    }
    int[] points = text.codePoints().toArray();
    int from = 0;
    int to = points.length;
    int room = most - 1;
    for (boolean front = true; from < to; front = !front) {
      int point = front ? points[from] : points[to - 1];
      room -= width(point);
      if (room < 0) {
        break;
      }
      from += front ? 1 : 0;
      to -= front ? 0 : 1;
    }
    return new String(points, 0, from) + "…" + new String(points, to, points.length - to);
  }

  private static List<String> wrapped(String text, int most) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (line.length() > 0 && width(line.toString()) + 1 + width(word) > most) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** Columns of a terminal: a letter of China takes two, an accent of its own none. */
  private static int width(String text) {
    return text.codePoints().map(Table::width).sum();
  }

  private static int width(int point) {
    return Math.max(0, WCWidth.wcwidth(point));
  }

  private static String rule(int[] widths) {
    List<String> parts = new ArrayList<>();
    for (int width : widths) {
      parts.add("-".repeat(width));
    }
    return String.join(GAP, parts);
  }
}
