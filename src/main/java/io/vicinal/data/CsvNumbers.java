package io.vicinal.data;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table of numbers in a text file, read twice: to count, and to fill. One row is in memory at a
 * time. Immutable.
 *
 * @param names of the columns, null where the first line is a row
 * @param chosen columns to take, in order
 * @param leftOut columns that hold texts or are read as something else
 * @param width cells of a row of the file
 */
record CsvNumbers(
    Path file, List<String> names, int[] chosen, int[] leftOut, int width, long rows) {
  private static final int LISTED = 10;
  private static final Map<String, Double> WORDS =
      Map.of(
          "nan", Double.NaN,
          "inf", Double.POSITIVE_INFINITY,
          "+inf", Double.POSITIVE_INFINITY,
          "infinity", Double.POSITIVE_INFINITY,
          "-inf", Double.NEGATIVE_INFINITY,
          "-infinity", Double.NEGATIVE_INFINITY);

  private static final Pattern DECIMAL_COMMA = Pattern.compile("[-+]?[0-9.]*,[0-9]+");

  /**
   * @param path a table, or {@code TABLE:A,B,F..K} for some of its columns. All columns are those
   *     of numbers: one whose every cell is a text is left out
   * @param beside what else is read with it: a column of this table named there is no feature of it
   */
  static CsvNumbers of(Path path, Path... beside) {
    ArrayFile.Located at = ArrayFile.Located.of(path);
    try (CsvReader in = reader(at.file())) {
      List<String> first = in.next();
      if (first == null) {
        throw InputFile.problem(at.file(), "is empty", "write a row of numbers per line");
      }
      List<String> second = in.next();
      boolean bare = first.stream().allMatch(cell -> cell.isEmpty() || isText(cell));
      boolean header = bare || isHeader(first, second, -1);
      if (header && second == null) {
        throw InputFile.problem(
            at.file(), "has names of columns and no row", "write a row of numbers per line");
      }
      List<String> start = header ? second : first;
      BitSet texts = new BitSet(); // columns in which nothing but texts was seen yet
      for (int j = 0; j < Math.min(first.size(), start.size()); j++) {
        texts.set(j, isText(start.get(j)));
      }
      long rows = second == null || header ? 1 : 2;
      for (List<String> row = second; row != null; row = in.next()) {
        for (int j = texts.nextSetBit(0); j >= 0 && j < row.size(); j = texts.nextSetBit(j + 1)) {
          texts.set(j, isText(row.get(j)));
        }
        rows += row == second ? 0 : 1;
      }
      BitSet left = new BitSet();
      if (at.part() == null) {
        left.or(texts);
        for (int j = 0; header && j < first.size(); j++) {
          left.set(j, left.get(j) || first.get(j).isEmpty()); // pandas writes its index so
        }
        for (Path other : beside) {
          left.or(columns(at.file(), other, first));
        }
      }
      int[] chosen =
          at.part() == null
              ? IntStream.range(0, first.size()).filter(j -> !left.get(j)).toArray()
              : chosen(at, first, header);
      if (chosen.length == 0) {
        throw InputFile.problem(
            at.file(), "has no column of numbers for features", "add some, or name another table");
      }
      return new CsvNumbers(
          at.file(), header ? first : null, chosen, left.stream().toArray(), first.size(), rows);
    }
  }

  /**
   * Whether the first line names the columns: a word stands above a number, or they are numbered as
   * pandas does where they have no names.
   *
   * @param second null if there is none
   * @param except a column that does not count, -1 for none
   */
  static boolean isHeader(List<String> first, List<String> second, int except) {
    return isNumbered(first, second)
        || second != null
            && IntStream.range(0, Math.min(first.size(), second.size()))
                .anyMatch(j -> j != except && isText(first.get(j)) && isNumber(second.get(j)));
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
        first.stream().skip(index + count).allMatch(cell -> !cell.isEmpty() && isText(cell));
    return named && (index > 0 ? count > 0 && second.get(0).equals("0") : count >= 3 && !whole);
  }

  private static int[] chosen(ArrayFile.Located at, List<String> first, boolean header) {
    return Arrays.stream(at.part().split(",", -1))
        .flatMapToInt(word -> range(at.file(), first, header, word.strip()))
        .toArray();
  }

  /** One column, or all from one to another: {@code A..B}. */
  private static IntStream range(Path file, List<String> first, boolean header, String word) {
    int dots = header && first.contains(word) ? -1 : word.indexOf("..");
    if (dots < 0) {
      return IntStream.of(CsvColumn.find(file, first, header, word));
    }
    int from = CsvColumn.find(file, first, header, word.substring(0, dots));
    int to = CsvColumn.find(file, first, header, word.substring(dots + 2));
    if (from > to) {
      throw InputFile.problem(
          file,
          "'" + InputFile.printable(word) + "' runs backwards",
          "name the first column first");
    }
    return IntStream.rangeClosed(from, to);
  }

  /** The column of this file that another path names. */
  private static BitSet columns(Path file, Path other, List<String> first) {
    BitSet named = new BitSet();
    ArrayFile.Located at = other == null ? null : ArrayFile.Located.of(other);
    try {
      if (at != null && at.part() != null && Files.isSameFile(at.file(), file)) {
        named.set(CsvColumn.find(file, first, true, at.part()));
      }
    } catch (IOException e) {
      // one that cannot be looked at will not be read either
    }
    return named;
  }

  private static CsvReader reader(Path file) {
    return new CsvReader(file, file.toString().endsWith(".txt"));
  }

  Shape shape() {
    return Shape.of(rows, chosen.length);
  }

  String words() {
    return "a table of "
        + rows
        + " rows of "
        + chosen.length
        + " numbers"
        + (leftOut.length > 0
            ? ", without its columns " + said(leftOut)
            : names != null ? ", its first line names the columns" : "");
  }

  private String said(int[] columns) {
    String some =
        Arrays.stream(columns).limit(LISTED).mapToObj(this::name).collect(Collectors.joining(", "));
    return InputFile.printable(some) + (columns.length > LISTED ? ", ..." : "");
  }

  private String name(int column) {
    return names == null || names.get(column).isEmpty()
        ? Integer.toString(column)
        : names.get(column);
  }

  /** The chosen columns but one, as a path names them. */
  private String without(int column) {
    StringJoiner parts = new StringJoiner(",");
    int[] kept = Arrays.stream(chosen).filter(j -> j != column).toArray();
    for (int i = 0, end; i < kept.length; i = end) {
      end = i + 1;
      while (end < kept.length && kept[end] == kept[end - 1] + 1) {
        end++;
      }
      parts.add(word(kept[i]) + (end - i > 1 ? ".." + word(kept[end - 1]) : ""));
    }
    return parts.toString();
  }

  /** A column's name where it says which, else its number. */
  private String word(int column) {
    String name = name(column);
    boolean plain = name.matches("[\\w-]*[A-Za-z_-][\\w-]*");
    return plain && names != null && names.indexOf(name) == names.lastIndexOf(name)
        ? name
        : Integer.toString(column);
  }

  Tensor read(Arena arena, DType type) {
    try (CsvReader in = reader(file)) {
      Tensor tensor = Npy.allocate(file, arena, type, shape());
      if (names != null) {
        in.next();
      }
      double[] row = new double[chosen.length];
      float[] single = new float[type == DType.F32 ? chosen.length : 0];
      for (long i = 0; i < rows; i++) {
        List<String> cells = in.next();
        if (cells == null || cells.size() != width) {
          throw cells == null
              ? InputFile.problem(file, "became shorter while it was read", "try again")
              : in.problem(
                  "has " + cells.size() + " cells where the first has " + width,
                  names != null && names.get(0).matches("(?s)#.*|sep=.*")
                      ? "remove the first line, which is no row"
                      : "write the same number of cells on every line");
        }
        for (int j = 0; j < row.length; j++) {
          row[j] = value(in, chosen[j], cells.get(chosen[j]));
          if (type == DType.F32) {
            single[j] = (float) row[j];
            if (Float.isInfinite(single[j]) && Double.isFinite(row[j])) {
              throw in.problem(
                  "has " + row[j] + ", too large for float32",
                  "use --dtype float64 or compute.dtype float64, or scale the numbers down");
            }
          }
        }
        Tensor target = tensor.rows(i, i + 1);
        if (type == DType.F32) {
          target.set(single);
        } else {
          target.set(row);
        }
      }
      return tensor;
    }
  }

  private double value(CsvReader in, int column, String cell) {
    try {
      return parsed(cell);
    } catch (NumberFormatException e) {
      String where = names == null ? "column " + column : "column '" + names.get(column) + "'";
      String said = cell.isEmpty() ? "has nothing in " : "has '" + cell + "' in ";
      throw in.problem(
          InputFile.printable(said + where),
          DECIMAL_COMMA.matcher(cell).matches()
              ? "write decimal points"
                  + (in.separator() == ',' ? ", and nothing between thousands" : "")
              : "give a number, or leave that column out: "
                  + InputFile.printable(file.getFileName() + ":" + without(column)));
    }
  }

  /** What nobody could mean for a number: neither nothing nor one with a decimal comma. */
  private static boolean isText(String cell) {
    return !cell.isEmpty() && !isNumber(cell) && !DECIMAL_COMMA.matcher(cell).matches();
  }

  static boolean isNumber(String quoted) {
    String cell = quoted.strip();
    return isDecimal(cell) || WORDS.containsKey(cell.toLowerCase(Locale.ROOT));
  }

  /** Java's own parser takes hexadecimal and suffixes, which no table means, and no "nan". */
  static double parsed(String quoted) {
    String cell = quoted.strip();
    if (isDecimal(cell)) {
      return Double.parseDouble(cell);
    }
    Double word = WORDS.get(cell.toLowerCase(Locale.ROOT));
    if (word == null) {
      throw new NumberFormatException(cell);
    }
    return word;
  }

  /** Looked at without trying: a table of texts would throw at every cell. */
  private static boolean isDecimal(String cell) {
    int at = sign(cell, 0);
    int whole = digits(cell, at);
    int end = whole < cell.length() && cell.charAt(whole) == '.' ? digits(cell, whole + 1) : whole;
    if (end - at < 1 || end - at == 1 && end > whole) {
      return false; // nothing, or a lone point
    }
    if (end < cell.length() && (cell.charAt(end) == 'e' || cell.charAt(end) == 'E')) {
      int power = sign(cell, end + 1);
      end = digits(cell, power);
      return end > power && end == cell.length();
    }
    return end == cell.length();
  }

  private static int sign(String cell, int at) {
    boolean signed = at < cell.length() && (cell.charAt(at) == '-' || cell.charAt(at) == '+');
    return signed ? at + 1 : at;
  }

  private static int digits(String cell, int at) {
    int end = at;
    while (end < cell.length() && cell.charAt(end) >= '0' && cell.charAt(end) <= '9') {
      end++;
    }
    return end;
  }
}
