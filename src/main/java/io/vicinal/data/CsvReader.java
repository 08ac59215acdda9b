package io.vicinal.data;

import io.vicinal.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Records of separated values (RFC 4180): cells in double quotes may hold separators, quotes, line
 * breaks and blanks around them, and are read as they are; blanks around other cells are left out.
 * The separator is a tab, a semicolon or a comma, whichever the first line has first in this order,
 * a tab in a {@code .tsv}; numbers in a {@code .txt} may be separated by spaces. Blank lines are
 * left out. One record is in memory at a time. For one thread.
 *
 * <p>No library does this: Commons CSV 1.14 does not say where a cell stands, which {@link
 * LabelEdits} needs to leave all others as they are, and FastCSV 4.2 takes a quote that is never
 * closed for the rest of the file.
 */
public final class CsvReader implements AutoCloseable {
  /** Far more than a row of features needs: a guard against a file that is something else. */
  private static final int MAX_RECORD = 64 << 20;

  private static final String UTF_8 = "save it as UTF-8, in a spreadsheet as 'CSV UTF-8'";

  private final InputFile file;
  private final Reader in;
  private final char separator; // ' ': any white space
  private final List<int[]> spans = new ArrayList<>(); // of the latest record's cells
  private final List<String> whole = new ArrayList<>(); // likewise, with the blanks around them
  private boolean quoted; // the latest cell
  private int next;
  private int at = -1; // of next, in characters
  private long line;
  private long started;

  /**
   * @param spaces whether white space separates where no other separator is
   */
  public CsvReader(Path path, boolean spaces) {
    separator = separator(path, spaces);
    file = InputFile.open(path);
    in = reader(file);
    advance();
    if (next == '\uFEFF') {
      advance();
    }
    line = 1;
  }

  private static BufferedReader reader(InputFile file) {
    return new BufferedReader(
        new InputStreamReader(file.stream(), StandardCharsets.UTF_8.newDecoder()), 64 << 10);
  }

  private static char separator(Path path, boolean spaces) {
    if (path.toString().toLowerCase(Locale.ROOT).endsWith(".tsv")) {
      return '\t';
    }
    try (InputFile file = InputFile.open(path)) {
      String bare = bareLine(new String(file.peek(1 << 20), StandardCharsets.UTF_8));
      for (char c : new char[] {'\t', ';', ','}) {
        if (bare.indexOf(c) >= 0) {
          return c;
        }
      }
      return spaces ? ' ' : ',';
    }
  }

  /** The first line that is not blank, without what stands in quotes. */
  private static String bareLine(String text) {
    StringBuilder bare = new StringBuilder();
    boolean within = false;
    char before = '\n';
    for (int i = text.startsWith("\uFEFF") ? 1 : 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' && (within || "\n\t;,\"".indexOf(before) >= 0)) { // a cell begins with it
        within = !within;
      } else if (!within && (c == '\n' || c == '\r')) {
        if (!bare.toString().isBlank()) {
          break;
        }
      } else if (!within) {
        bare.append(c);
      }
      before = c == ' ' ? before : c;
    }
    return bare.toString().strip();
  }

  /**
   * A cell as it is written so that it is read as it is: in quotes where it needs them.
   *
   * @param separator what stands between two cells
   */
  public static String cell(String text, char separator) {
    boolean plain =
        text.indexOf(separator) < 0
            && text.chars().noneMatch(c -> c == '"' || c == '\r' || c == '\n' || c == '\uFEFF')
            && text.equals(text.strip());
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  /** What stands between two cells; a blank for any white space. */
  char separator() {
    return separator;
  }

  /**
   * Where a cell of the latest record begins and ends, in characters, blanks and quotes with it.
   */
  int[] span(int cell) {
    return spans.get(cell);
  }

  /** How many cells the latest record has. */
  int cells() {
    return spans.size();
  }

  /** The line on which the latest record starts, from 1. */
  public long line() {
    return started;
  }

  /**
   * A cell of the latest record as RFC 4180 has it: blanks are part of it without quotes, too. A
   * spreadsheet writes them so.
   */
  String whole(int cell) {
    return whole.get(cell);
  }

  /**
   * The next record's cells, or null at the end: those in quotes as they are, others without white
   * space around them.
   */
  public List<String> next() {
    List<String> cells;
    do {
      started = line;
      if (next < 0) {
        return null;
      }
      cells = record();
    } while (cells.isEmpty() || cells.size() == 1 && cells.get(0).isEmpty() && !quoted);
    return cells;
  }

  private List<String> record() {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    spans.clear();
    whole.clear();
    quoted = false;
    int from = at;
    for (long length = 0; next >= 0 && next != '\n' && next != '\r'; length++) {
      if (length > MAX_RECORD) {
        throw problem("is longer than " + MAX_RECORD + " characters", "this is no table");
      }
      if (next == '"' && !quoted && cell.toString().isBlank()) {
        quoted(cell);
        quoted = true;
      } else if (separator == ' ' ? Character.isWhitespace(next) : next == separator) {
        spans.add(new int[] {from, at});
        add(cells, cell);
        advance();
        from = at;
        quoted = false;
      } else if (!quoted) {
        cell.append((char) next);
        advance();
      } else if (Character.isWhitespace(next)) {
        advance();
      } else {
        throw problem(
            "has a cell that goes on after its closing quote",
            "double the quotes within a cell in quotes");
      }
    }
    spans.add(new int[] {from, at});
    lineBreak();
    add(cells, cell);
    return cells;
  }

  private void add(List<String> cells, StringBuilder cell) {
    if (separator != ' ' || quoted || cell.length() > 0) {
      String text = cell.toString();
      whole.add(text);
      cells.add(quoted ? text : text.strip());
    }
    cell.setLength(0);
  }

  private void quoted(StringBuilder cell) {
    cell.setLength(0);
    advance();
    while (true) {
      if (next < 0) {
        throw problem("has a quote that is never closed", "close it");
      }
      if (next == '"') {
        advance();
        if (next != '"') {
          return;
        }
      }
      if (next == '\n') {
        line++;
      }
      cell.append((char) next);
      if (cell.length() > MAX_RECORD) {
        throw problem("has a cell of more than " + MAX_RECORD + " characters", "close its quote");
      }
      advance();
    }
  }

  private void lineBreak() {
    if (next == '\r') {
      advance();
      if (next != '\n') {
        line++;
        return;
      }
    }
    if (next == '\n') {
      line++;
      advance();
    }
  }

  private void advance() {
    try {
      next = in.read();
      at++;
    } catch (CharacterCodingException e) {
      throw notText(file, e);
    } catch (IOException e) {
      throw file.unreadable(e);
    }
  }

  /** Readers decode far ahead of the line that they are at: the file is looked at again. */
  private static InputException notText(InputFile file, CharacterCodingException cause) {
    long line = 1;
    try (InputFile again = InputFile.open(file.path())) {
      InputStream in = again.stream();
      CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
      ByteBuffer bytes = ByteBuffer.allocate(8 << 10);
      CharBuffer chars = CharBuffer.allocate(8 << 10);
      char before = 0;
      boolean going = true;
      while (going) {
        int count = in.read(bytes.array(), bytes.position(), bytes.remaining());
        bytes.position(bytes.position() + Math.max(0, count)).flip();
        going = !decoder.decode(bytes, chars, count < 0).isError() && count >= 0;
        bytes.compact();
        for (char c : chars.flip().toString().toCharArray()) {
          line += c == '\r' || c == '\n' && before != '\r' ? 1 : 0;
          before = c;
        }
        chars.clear();
      }
    } catch (IOException e) {
      throw file.unreadable(e);
    }
    return InputFile.problem(file.path(), "line " + line + " is not text in UTF-8", UTF_8, cause);
  }

  InputException problem(String what, String remedy) {
    return file.problem("line " + started + " " + what, remedy);
  }

  @Override
  public void close() {
    file.close();
  }

  /** The lines of a text file, for a list with one entry a line. */
  public static final class Lines implements AutoCloseable {
    private final InputFile file;
    private final BufferedReader in;
    private boolean first = true;

    /** Takes an open file, which it closes. */
    public Lines(InputFile file) {
      this.file = file;
      this.in = reader(file);
    }

    /** The next line, or null at the end. */
    public String next() {
      try {
        String line = in.readLine();
        boolean mark = first && line != null && line.startsWith("\uFEFF");
        first = false;
        return mark ? line.substring(1) : line;
      } catch (CharacterCodingException e) {
        throw notText(file, e);
      } catch (IOException e) {
        throw file.unreadable(e);
      }
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
