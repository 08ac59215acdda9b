package io.vicinal.data.dataset;

import io.vicinal.data.CsvReader;
import io.vicinal.data.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A list with cells between white space, a line each; blank lines are left out. For one thread. */
final class ListFile implements AutoCloseable {
  private final Path path;
  private final CsvReader.Lines lines;
  private long line;

  ListFile(Path path) {
    this.path = path;
    lines = new CsvReader.Lines(InputFile.open(path));
  }

  /**
   * The list among these places that is there.
   *
   * @throws io.vicinal.InputException if none is
   */
  static Path find(Path... places) {
    return Arrays.stream(places)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () ->
                InputFile.problem(
                    places[0], "does not exist", "name the folder as it was unpacked"));
  }

  /**
   * The cells of the next line that is not blank, or null at the end.
   *
   * @param cells how many there are; a path in the last may have blanks
   * @throws io.vicinal.InputException if there are fewer
   */
  List<String> next(int cells) {
    String text;
    do {
      text = lines.next();
      line++;
      if (text == null) {
        return null;
      }
    } while (text.isBlank());
    List<String> found = List.of(text.strip().split("\\s+", cells));
    if (found.size() < cells) {
      throw InputFile.problem(
          path,
          at() + " has " + found.size() + " cells where " + cells + " are expected",
          "unpack the list again");
    }
    return found;
  }

  /** The place of the latest line. */
  String at() {
    return "line " + line;
  }

  /**
   * A whole number of the latest line.
   *
   * @throws io.vicinal.InputException if it is none
   */
  int number(String cell) {
    try {
      return Integer.parseInt(cell);
    } catch (NumberFormatException e) {
      throw InputFile.problem(
          path,
          at() + " has '" + InputFile.printable(cell) + "' where a whole number is expected",
          "unpack the list again",
          e);
    }
  }

  /** Likewise of any number. */
  float real(String cell) {
    try {
      return Float.parseFloat(cell);
    } catch (NumberFormatException e) {
      throw InputFile.problem(
          path,
          at() + " has '" + InputFile.printable(cell) + "' where a number is expected",
          "unpack the list again",
          e);
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
