package io.vicinal.data;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The first line of a table: whether it names the columns, and which is meant. Stateless. */
final class CsvHeader {
  private static final int LISTED = 10;

  private CsvHeader() {}

  /**
   * Whether the first line names the columns: a word stands above a number, or they are numbered as
   * pandas does where they have no names.
   *
   * @param second null if there is none
   * @param except a column that does not count, -1 for none
   */
  static boolean names(List<String> first, List<String> second, int except) {
    return isNumbered(first, second)
        || second != null
            && IntStream.range(0, Math.min(first.size(), second.size()))
                .anyMatch(
                    j ->
                        j != except
                            && NumberText.isWord(first.get(j))
                            && NumberText.isNumber(second.get(j)));
  }

  /** 0, 1, 2, ... above numbers that are not all whole, behind the unnamed index or without one. */
  private static boolean isNumbered(List<String> first, List<String> second) {
    int index = first.get(0).isEmpty() ? 1 : 0;
    int count = 0;
    boolean whole = true;
    while (second != null
        && index + count < Math.min(first.size(), second.size())
        && first.get(index + count).equals(Integer.toString(count))) {
      whole &= second.get(index + count).matches("[-+]?[0-9]+");
      count++;
    }
    boolean named =
        first.stream()
            .skip(index + count)
            .allMatch(cell -> !cell.isEmpty() && NumberText.isWord(cell));
    return named && (index > 0 ? count > 0 && second.get(0).equals("0") : count >= 3 && !whole);
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
          "its first line is: " + listed(first));
    }
    return at;
  }

  /** Names of columns in a sentence, in quotes where it could be read otherwise. */
  static String listed(List<String> names) {
    String some =
        names.stream()
            .limit(LISTED)
            .map(name -> CsvReader.cell(name, ','))
            .collect(Collectors.joining(", "));
    return InputFile.printable(some) + (names.size() > LISTED ? ", ..." : "");
  }
}
