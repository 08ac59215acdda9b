package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.data.CsvReader;
import io.vicinal.data.InputFile;
import io.vicinal.data.Names;
import io.vicinal.influence.query.Pair;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs of test samples from comma-separated values whose header names the columns {@code i} and
 * {@code j}, their positions or what they are called; other columns are left alone, so that {@code
 * confusions.csv} is such a file.
 */
final class PairsFile {
  private static final String REMEDY = "; each row needs the positions of two test samples";

  private final Path file;
  private final long samples;
  private final Names names;

  private PairsFile(Path file, long samples, Names names) {
    this.file = file;
    this.samples = samples;
    this.names = names;
  }

  /**
   * @param samples of the test set
   * @param names of these, or none
   * @throws InputException naming the line that is wrong
   */
  static List<Pair> read(Path file, long samples, Names names) {
    return new PairsFile(file, samples, names).read();
  }

  private List<Pair> read() {
    Map<Pair, Long> found = new LinkedHashMap<>();
    try (CsvReader in = new CsvReader(file, false)) {
      List<String> header = in.next();
      int i = header == null ? -1 : header.indexOf("i");
      int j = header == null ? -1 : header.indexOf("j");
      if (i < 0 || j < 0) {
        throw new InputException(
            file + ": line 1: has no columns i and j; begin with a line \"i,j\"");
      }
      for (List<String> cells = in.next(); cells != null; cells = in.next()) {
        long line = in.line();
        if (cells.size() != header.size()) {
          throw wrong(
              line,
              cells.size() + " cells where the header has " + header.size() + " columns" + REMEDY);
        }
        Pair pair = new Pair(position(line, "i", cells.get(i)), position(line, "j", cells.get(j)));
        if (pair.i() == pair.j()) {
          throw wrong(
              line, "i and j are both " + pair.i() + "; a pair has two different test samples");
        }
        Long before = found.put(pair, line);
        if (before != null) {
          throw wrong(
              line,
              "pair " + pair.i() + "," + pair.j() + " is on line " + before + " too; keep one");
        }
      }
    }
    if (found.isEmpty()) {
      throw new InputException(file + ": has no pairs; add a line such as \"0,1\"");
    }
    return new ArrayList<>(found.keySet());
  }

  private long position(long line, String column, String text) {
    long value = names.idOf(text);
    if (value >= 0 && !text.matches("\\d+")) {
      if (names.list().lastIndexOf(text) != value) {
        throw wrong(
            line,
            column
                + " '"
                + InputFile.printable(text)
                + "' is the name of several test samples; give the position");
      }
      return value;
    }
    try {
      value = Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw wrong(
          line,
          column
              + " '"
              + text
              + (names.known()
                  ? "' is no test sample's name or position"
                  : "' is not a whole number")
              + REMEDY);
    }
    if (value < 0 || value >= samples) {
      throw wrong(
          line, column + " " + value + " is not a test sample; they are 0.." + (samples - 1));
    }
    return value;
  }

  private InputException wrong(long line, String what) {
    return new InputException(file + ": line " + line + ": " + what);
  }
}
