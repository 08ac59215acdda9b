package io.vicinal.data;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A table of numbers in a text file, read twice: to count, and to fill. One row is in memory at a
 * time. Immutable.
 *
 * @param header whether the first line names the columns
 * @param chosen columns to take, in order
 * @param width cells of a row of the file
 */
record CsvNumbers(Path file, boolean header, int[] chosen, int width, long rows) {

  /**
   * @param path a table, or {@code TABLE:A,B} for some of its columns
   */
  static CsvNumbers of(Path path) {
    ArrayFile.Located at = ArrayFile.Located.of(path);
    try (CsvReader in = reader(at.file())) {
      List<String> first = in.next();
      if (first == null) {
        throw InputFile.problem(at.file(), "is empty", "write a row of numbers per line");
      }
      boolean header = first.stream().anyMatch(cell -> !cell.isEmpty() && !isNumber(cell));
      int[] chosen =
          at.part() == null
              ? IntStream.range(0, first.size()).toArray()
              : Arrays.stream(at.part().split(",", -1))
                  .mapToInt(name -> CsvColumn.find(at.file(), first, header, name.strip()))
                  .toArray();
      long rows = header ? 0 : 1;
      while (in.next() != null) {
        rows++;
      }
      if (rows == 0) {
        throw InputFile.problem(
            at.file(), "has names of columns and no row", "write a row of numbers per line");
      }
      return new CsvNumbers(at.file(), header, chosen, first.size(), rows);
    }
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
        + (header ? ", its first line names the columns" : "");
  }

  Tensor read(Arena arena, DType type) {
    try (CsvReader in = reader(file)) {
      Tensor tensor = Npy.allocate(file, arena, type, shape());
      List<String> names = header ? in.next() : null;
      double[] row = new double[chosen.length];
      float[] single = new float[type == DType.F32 ? chosen.length : 0];
      for (long i = 0; i < rows; i++) {
        List<String> cells = in.next();
        if (cells == null || cells.size() != width) {
          throw cells == null
              ? InputFile.problem(file, "became shorter while it was read", "try again")
              : in.problem(
                  "has " + cells.size() + " cells where the first has " + width,
                  "write the same number of cells on every line");
        }
        for (int j = 0; j < row.length; j++) {
          row[j] = value(in, names, chosen[j], cells.get(chosen[j]));
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

  private double value(CsvReader in, List<String> names, int column, String cell) {
    try {
      return parsed(cell);
    } catch (NumberFormatException e) {
      String where = names == null ? "column " + column : "column '" + names.get(column) + "'";
      String said = cell.isEmpty() ? "has nothing in " : "has '" + cell + "' in ";
      throw in.problem(
          InputFile.printable(said + where),
          cell.matches("[-+]?[0-9.]*,[0-9]+")
              ? "write decimal points"
              : "give numbers only, or choose columns: " + file.getFileName() + ":NAME,NAME");
    }
  }

  static boolean isNumber(String cell) {
    try {
      parsed(cell);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /** Java's own parser takes hexadecimal and suffixes, which no table means, and no "nan". */
  static double parsed(String cell) {
    int last = cell.isEmpty() ? 'x' : cell.charAt(cell.length() - 1);
    if ((last < '0' || last > '9') && last != '.') {
      return switch (cell.toLowerCase(Locale.ROOT)) {
        case "nan" -> Double.NaN;
        case "inf", "+inf", "infinity" -> Double.POSITIVE_INFINITY;
        case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
        default -> throw new NumberFormatException(cell);
      };
    }
    if (cell.indexOf('x') >= 0 || cell.indexOf('X') >= 0) {
      throw new NumberFormatException(cell);
    }
    return Double.parseDouble(cell);
  }
}
