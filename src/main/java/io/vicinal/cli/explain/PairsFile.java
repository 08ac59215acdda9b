package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.influence.confusion.Pair;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs of test samples from comma-separated values whose header names the columns {@code i} and
 * {@code j}; other columns are left alone, so that {@code confusions.csv} is such a file.
 */
final class PairsFile {
  private static final String REMEDY = "; each row needs the positions of two test samples";

  private final Path file;
  private final long samples;

  private PairsFile(Path file, long samples) {
    this.file = file;
    this.samples = samples;
  }

  /**
   * @param samples of the test set
   * @throws InputException naming the line that is wrong
   */
  static List<Pair> read(Path file, long samples) {
    return new PairsFile(file, samples).read();
  }

  private List<Pair> read() {
    List<String> lines = lines();
    List<String> header = lines.isEmpty() ? List.of() : cells(lines.get(0));
    int i = header.indexOf("i");
    int j = header.indexOf("j");
    if (i < 0 || j < 0) {
      throw new InputException(
          file + ": line 1: has no columns i and j; begin with a line \"i,j\"");
    }
    Map<Pair, Integer> found = new LinkedHashMap<>();
    for (int k = 1; k < lines.size(); k++) {
      if (lines.get(k).isBlank()) {
        continue;
      }
      List<String> cells = cells(lines.get(k));
      if (cells.size() != header.size()) {
        throw wrong(
            k, cells.size() + " cells where the header has " + header.size() + " columns" + REMEDY);
      }
      Pair pair = new Pair(position(k, "i", cells.get(i)), position(k, "j", cells.get(j)));
      if (pair.i() == pair.j()) {
        throw wrong(k, "i and j are both " + pair.i() + "; a pair has two different test samples");
      }
      Integer before = found.put(pair, k);
      if (before != null) {
        throw wrong(
            k,
            "pair " + pair.i() + "," + pair.j() + " is on line " + (before + 1) + " too; keep one");
      }
    }
    if (found.isEmpty()) {
      throw new InputException(file + ": has no pairs; add a line such as \"0,1\"");
    }
    return new ArrayList<>(found.keySet());
  }

  private List<String> lines() {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new InputException(file + ": does not exist; name the file of pairs", e);
    } catch (CharacterCodingException e) {
      throw new InputException(file + ": is not text in UTF-8; give comma-separated values", e);
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read; name a file of comma-separated values", e);
    }
  }

  /** Enough of the format for numbers: a quoted cell may hold commas, not line breaks. */
  private static List<String> cells(String line) {
    return Arrays.stream(line.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1))
        .map(cell -> cell.strip().replace("\uFEFF", ""))
        .map(cell -> cell.matches("\".*\"") ? cell.substring(1, cell.length() - 1) : cell)
        .toList();
  }

  private long position(int line, String column, String text) {
    long value;
    try {
      value = Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw wrong(line, column + " '" + text + "' is not a whole number" + REMEDY);
    }
    if (value < 0 || value >= samples) {
      throw wrong(
          line, column + " " + value + " is not a test sample; they are 0.." + (samples - 1));
    }
    return value;
  }

  private InputException wrong(int line, String what) {
    return new InputException(file + ": line " + (line + 1) + ": " + what);
  }
}
