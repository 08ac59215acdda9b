package io.vicinal.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Columns of a table that were chosen, and how a path names them. Immutable.
 *
 * @param names of all columns, null where they have none
 * @param chosen in order
 */
record ColumnChoice(Path file, List<String> names, int[] chosen) {
  /**
   * Which columns {@code A,B,F..K} means.
   *
   * @param names of all columns, empty where they have none
   * @param find the position of a column, which it refuses where there is none
   */
  static int[] parse(Path file, String part, List<String> names, ToIntFunction<String> find) {
    return Arrays.stream(part.split(",", -1))
        .map(String::strip)
        .flatMapToInt(word -> range(file, word, names, find))
        .toArray();
  }

  /** One column, or all from one to another. */
  private static IntStream range(
      Path file, String word, List<String> names, ToIntFunction<String> find) {
    int dots = names.contains(word) ? -1 : word.indexOf("..");
    if (dots < 0) {
      return IntStream.of(find.applyAsInt(word));
    }
    int from = find.applyAsInt(word.substring(0, dots));
    int to = find.applyAsInt(word.substring(dots + 2));
    if (from > to) {
      throw InputFile.problem(
          file,
          "'" + InputFile.printable(word) + "' runs backwards",
          "name the first column first");
    }
    return IntStream.rangeClosed(from, to);
  }

  /**
   * @param features among the chosen columns
   */
  TableColumns columns(int... features) {
    int[] columns = Arrays.stream(features).map(j -> chosen[j]).toArray();
    return new TableColumns(
        Arrays.stream(columns).mapToObj(j -> CsvHeader.listed(List.of(name(j)))).toList(),
        without(columns));
  }

  /** Columns in a sentence. */
  String said(int... columns) {
    return CsvHeader.listed(Arrays.stream(columns).mapToObj(this::name).toList());
  }

  private String name(int column) {
    return names == null || names.get(column).isEmpty()
        ? Integer.toString(column)
        : names.get(column);
  }

  /** The path of the chosen columns but some. */
  String without(int... columns) {
    StringJoiner parts = new StringJoiner(",");
    int[] kept =
        Arrays.stream(chosen).filter(j -> Arrays.stream(columns).noneMatch(c -> c == j)).toArray();
    for (int i = 0, end; i < kept.length; i = end) {
      end = i + 1;
      while (end < kept.length && kept[end] == kept[end - 1] + 1) {
        end++;
      }
      parts.add(word(kept[i]) + (end - i > 1 ? ".." + word(kept[end - 1]) : ""));
    }
    return InputFile.printable(file.getFileName() + ":" + parts);
  }

  /** A column's name where it says which, else its number. */
  private String word(int column) {
    String name = name(column);
    boolean plain = name.matches("[\\w-]*[A-Za-z_-][\\w-]*");
    return plain && names != null && names.indexOf(name) == names.lastIndexOf(name)
        ? name
        : Integer.toString(column);
  }
}
