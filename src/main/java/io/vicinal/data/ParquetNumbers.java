package io.vicinal.data;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Columns of a Parquet file as a matrix: a list is as many numbers as it has, in every row alike.
 * Few columns are read at a time, a page of each. Immutable.
 *
 * @param chosen which columns, in order
 * @param widths how many numbers each has
 * @param leftOut whether there are others
 */
record ParquetNumbers(
    Path file, List<ParquetColumn> columns, int[] chosen, int[] widths, boolean leftOut, long rows)
    implements NumberTable {
  /** Columns that are read together: their pages are in memory. */
  private static final int TOGETHER = 32;

  /**
   * @param path a file, or {@code FILE:A,B,F..K} for some of its columns. All columns are its one
   *     column of lists, or else those of numbers
   * @param beside what else is read with it: a column of this file named there is no feature of it
   */
  static ParquetNumbers of(Path path, Path... beside) {
    ArrayPath at = ArrayPath.of(path);
    try (ParquetFile in = ParquetFile.open(at.file())) {
      List<ParquetColumn> columns = in.columns();
      int[] chosen =
          at.part() == null
              ? all(in, beside)
              : ColumnChoice.parse(at.file(), at.part(), in.names(), in::find);
      if (in.rows() == 0) {
        throw in.problem("has no rows", "write a row for each sample");
      }
      int[] widths = new int[chosen.length];
      for (int k = 0; k < chosen.length; k++) {
        ParquetColumn column = columns.get(chosen[k]);
        if (!column.isNumbers()) {
          throw in.problem(
              "column '"
                  + InputFile.printable(column.name())
                  + "' holds "
                  + (column.isText() ? "texts" : column.other()),
              "name columns of numbers or of lists of numbers"
                  + (names(columns).isEmpty() ? "" : ": " + CsvHeader.listed(names(columns))));
        }
        widths[k] = new ParquetCursor(in, column).width();
        if (widths[k] == 0) {
          throw in.problem(
              "row 0 of column '" + InputFile.printable(column.name()) + "' has no numbers",
              "give it a value or remove that row");
        }
      }
      return new ParquetNumbers(
          at.file(),
          columns,
          chosen,
          widths,
          at.part() == null && chosen.length < columns.size(),
          in.rows());
    }
  }

  private static List<String> names(List<ParquetColumn> columns) {
    return columns.stream().filter(ParquetColumn::isNumbers).map(ParquetColumn::name).toList();
  }

  private static int[] all(ParquetFile in, Path... beside) {
    List<ParquetColumn> columns = in.columns();
    List<Integer> other = besides(in, beside);
    int[] numbers =
        IntStream.range(0, columns.size())
            .filter(j -> columns.get(j).isNumbers() && !ParquetFile.isIndex(columns.get(j)))
            .filter(j -> !other.contains(j))
            .toArray();
    int[] lists = IntStream.of(numbers).filter(j -> columns.get(j).list()).toArray();
    if (lists.length > 1) {
      String names =
          IntStream.of(lists).mapToObj(j -> columns.get(j).name()).collect(Collectors.joining(","));
      throw in.problem(
          "has " + lists.length + " columns of lists",
          "name one, such as "
              + InputFile.printable(in.path().getFileName() + ":" + columns.get(lists[0]).name())
              + ", of "
              + InputFile.printable(names));
    }
    if (numbers.length == 0) {
      throw in.problem(
          "has no column of numbers or of lists of numbers",
          "its columns are: " + CsvHeader.listed(in.names()));
    }
    return lists.length == 1 ? lists : numbers;
  }

  /** The columns of this file that other paths name. */
  private static List<Integer> besides(ParquetFile in, Path... beside) {
    List<Integer> named = new ArrayList<>();
    for (Path other : beside) {
      ArrayPath at = other == null ? null : ArrayPath.of(other);
      try {
        if (at != null && at.part() != null && Files.isSameFile(at.file(), in.path())) {
          named.add(in.find(at.part()));
        }
      } catch (IOException e) {
        // one that cannot be looked at will not be read either
      }
    }
    return named;
  }

  private int width() {
    return IntStream.of(widths).reduce(0, Math::addExact);
  }

  @Override
  public Shape shape() {
    return Shape.of(rows, width());
  }

  @Override
  public DType number() {
    return IntStream.of(chosen).allMatch(j -> columns.get(j).element().number() == DType.F32)
        ? DType.F32
        : DType.F64;
  }

  private ColumnChoice choice() {
    return new ColumnChoice(file, columns.stream().map(ParquetColumn::name).toList(), chosen);
  }

  @Override
  public String words() {
    return "a table of "
        + rows
        + " rows of "
        + width()
        + " numbers"
        + (leftOut
            ? ", its " + (chosen.length == 1 ? "column " : "columns ") + choice().said(chosen)
            : "");
  }

  @Override
  public TableColumns columns(int... features) {
    boolean plain = IntStream.of(chosen).noneMatch(j -> columns.get(j).list());
    return plain ? choice().columns(features) : null;
  }

  @Override
  public Tensor read(Arena arena, DType type) {
    Tensor tensor = InputFile.allocate(file, arena, type, shape());
    each(
        type, (row, from, numbers) -> tensor.write((row * width() + from) * type.bytes(), numbers));
    return tensor;
  }

  @Override
  public long check(DType type) {
    long[] first = {-1};
    each(
        type,
        (row, from, numbers) -> {
          int count = numbers.limit() / type.bytes();
          for (int k = 0; k < count; k++) {
            double value = type == DType.F32 ? numbers.getFloat(4 * k) : numbers.getDouble(8 * k);
            long at = row * width() + from + k;
            if (!Double.isFinite(value) && (first[0] < 0 || at < first[0])) {
              first[0] = at;
            }
          }
        });
    return first[0];
  }

  private interface Stretch {
    /**
     * @param from the first number of the row that these are
     * @param numbers from 0 to their limit
     */
    void take(long row, int from, ByteBuffer numbers);
  }

  private void each(DType type, Stretch taker) {
    try (ParquetFile in = ParquetFile.open(file)) {
      if (in.rows() != rows) {
        throw in.problem("was changed while it was read", "try again");
      }
      int from = 0;
      for (int first = 0; first < chosen.length; first += TOGETHER) {
        int count = Math.min(TOGETHER, chosen.length - first);
        from = stretch(in, type, first, count, from, taker);
      }
    }
  }

  /** Some of the columns, all rows; gives the number of a row that follows them. */
  private int stretch(ParquetFile in, DType type, int first, int count, int from, Stretch taker) {
    ParquetCursor[] cursors = new ParquetCursor[count];
    for (int k = 0; k < count; k++) {
      cursors[k] = new ParquetCursor(in, in.columns().get(chosen[first + k]));
    }
    int width = Arrays.stream(widths, first, first + count).sum();
    ByteBuffer numbers =
        ByteBuffer.allocate(Math.multiplyExact(width, type.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    for (long row = 0; row < rows; row++) {
      for (int k = 0, at = 0; k < count; at += widths[first + k] * type.bytes(), k++) {
        cursors[k].numbers(numbers, at, type, widths[first + k]);
      }
      taker.take(row, from, numbers.clear());
    }
    return from + width;
  }
}
