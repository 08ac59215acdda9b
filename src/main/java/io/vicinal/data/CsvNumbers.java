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
import java.util.function.ObjLongConsumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A table of numbers in a text file, read twice: to count, and to fill. One row is in memory at a
 * time. Immutable.
 *
 * @param names of the columns, null where the first line is a row
 * @param chosen columns to take, in order
 * @param leftOut columns that hold texts or are read as something else
 * @param codes chosen columns, not by name, whose numbers look like codes: 001
 * @param width cells of a row of the file
 */
record CsvNumbers(
    Path file, List<String> names, int[] chosen, int[] leftOut, int[] codes, int width, long rows)
    implements NumberTable {
  private static final List<String> BESIDE_MATRIX = List.of("name", "label");
  private static final Pattern CODE = Pattern.compile("0[0-9]+");

  /**
   * @param path a table, or {@code TABLE:A,B,F..K} for some of its columns. All columns are those
   *     of numbers: one whose every cell is a text is left out, and so is what {@link TableFile}
   *     writes before a matrix
   * @param beside what else is read with it: a column of this table named there is no feature of it
   */
  static CsvNumbers of(Path path, Path... beside) {
    ArrayPath at = ArrayPath.of(path);
    try (CsvReader in = reader(at.file())) {
      List<String> first = in.next();
      if (first == null) {
        throw InputFile.problem(at.file(), "is empty", "write a row of numbers per line");
      }
      List<String> second = in.next();
      boolean bare = first.stream().allMatch(cell -> cell.isEmpty() || NumberText.isWord(cell));
      boolean header = bare || CsvHeader.names(first, second, -1);
      if (header && second == null) {
        throw InputFile.problem(
            at.file(), "has names of columns and no row", "write a row of numbers per line");
      }
      List<String> start = header ? second : first;
      Kinds kinds = new Kinds(Math.min(first.size(), start.size()));
      kinds.see(start);
      long rows = second == null || header ? 1 : 2;
      for (List<String> row = second; row != null; row = in.next()) {
        kinds.see(row);
        rows += row == second ? 0 : 1;
      }
      BitSet left = new BitSet();
      if (at.part() == null) {
        left.or(kinds.texts());
        for (int j = 0; header && j < first.size(); j++) {
          left.set(j, left.get(j) || first.get(j).isEmpty()); // pandas writes its index so
        }
        left.set(0, header ? beforeMatrix(first) : 0);
        for (Path other : beside) {
          left.or(columns(at.file(), other, first));
        }
      }
      int[] chosen =
          at.part() == null
              ? IntStream.range(0, first.size()).filter(j -> !left.get(j)).toArray()
              : ColumnChoice.parse(
                  at.file(),
                  at.part(),
                  header ? first : List.of(),
                  word -> CsvHeader.find(at.file(), first, header, word));
      if (chosen.length == 0) {
        throw InputFile.problem(
            at.file(), "has no column of numbers for features", "add some, or name another table");
      }
      int[] codes = at.part() == null ? kinds.codes(chosen) : new int[0]; // else they are meant
      int[] out = left.stream().toArray();
      return new CsvNumbers(
          at.file(), header ? first : null, chosen, out, codes, first.size(), rows);
    }
  }

  /** What columns hold, told from all of their cells. An empty cell is no number, and no text. */
  private static final class Kinds {
    private final BitSet open = new BitSet(); // columns in which no number was seen yet
    private final BitSet texts = new BitSet(); // in which a text was
    private final BitSet codes = new BitSet(); // in which a number began with a needless 0

    Kinds(int columns) {
      open.set(0, columns);
    }

    void see(List<String> row) {
      for (int j = open.nextSetBit(0); j >= 0 && j < row.size(); j = open.nextSetBit(j + 1)) {
        String cell = row.get(j);
        if (NumberText.isWord(cell)) {
          texts.set(j);
        } else if (!cell.isEmpty()) {
          open.clear(j);
        }
      }
      for (int j = 0; j < row.size(); j++) {
        if (row.get(j).startsWith("0") && CODE.matcher(row.get(j)).matches()) {
          codes.set(j);
        }
      }
    }

    BitSet texts() {
      BitSet all = (BitSet) open.clone();
      all.and(texts);
      return all;
    }

    int[] codes(int[] among) {
      return Arrays.stream(among).filter(codes::get).toArray();
    }
  }

  /** Names and labels may look like numbers: how many columns of them stand before e0, e1, ... */
  private static int beforeMatrix(List<String> header) {
    int from = Math.max(0, header.indexOf("e0"));
    boolean known = BESIDE_MATRIX.containsAll(header.subList(0, from));
    boolean matrix =
        IntStream.range(from, header.size()).allMatch(j -> header.get(j).equals("e" + (j - from)));
    return known && matrix ? from : 0;
  }

  /** The column of this file that another path names. */
  private static BitSet columns(Path file, Path other, List<String> first) {
    BitSet named = new BitSet();
    ArrayPath at = other == null ? null : ArrayPath.of(other);
    try {
      if (at != null && at.part() != null && Files.isSameFile(at.file(), file)) {
        named.set(CsvHeader.find(file, first, true, at.part()));
      }
    } catch (IOException e) {
      // one that cannot be looked at will not be read either
    }
    return named;
  }

  private static CsvReader reader(Path file) {
    return new CsvReader(file, file.toString().endsWith(".txt"));
  }

  private ColumnChoice choice() {
    return new ColumnChoice(file, names, chosen);
  }

  @Override
  public Shape shape() {
    return Shape.of(rows, chosen.length);
  }

  @Override
  public DType number() {
    return DType.F64;
  }

  @Override
  public String words() {
    return "a table of "
        + rows
        + " rows of "
        + chosen.length
        + " numbers"
        + (leftOut.length > 0
            ? ", without its columns " + choice().said(leftOut)
            : names != null ? ", its first line names the columns" : "")
        + (codes.length == 0
            ? ""
            : "; "
                + choice().said(codes)
                + (codes.length == 1 ? " has" : " have")
                + " numbers such as 007, as codes do: if these are features, all is well, else take "
                + choice().without(codes));
  }

  @Override
  public TableColumns columns(int... features) {
    return choice().columns(features);
  }

  @Override
  public Tensor read(Arena arena, DType type) {
    Tensor tensor = InputFile.allocate(file, arena, type, shape());
    float[] single = new float[type == DType.F32 ? chosen.length : 0];
    each(
        type,
        (row, i) -> {
          Tensor target = tensor.rows(i, i + 1);
          if (type == DType.F32) {
            for (int j = 0; j < single.length; j++) {
              single[j] = (float) row[j];
            }
            target.set(single);
          } else {
            target.set(row);
          }
        });
    return tensor;
  }

  @Override
  public long check(DType type) {
    long[] found = {-1};
    each(
        type,
        (row, i) -> {
          for (int j = 0; j < row.length && found[0] < 0; j++) {
            found[0] = Double.isFinite(row[j]) ? -1 : i * row.length + j;
          }
        });
    return found[0];
  }

  private void each(DType type, ObjLongConsumer<double[]> taker) {
    try (CsvReader in = reader(file)) {
      if (names != null) {
        in.next();
      }
      double[] row = new double[chosen.length];
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
          if (type == DType.F32 && Float.isInfinite((float) row[j]) && Double.isFinite(row[j])) {
            throw new TooLargeException(
                InputFile.printable(file.toString())
                    + ": line "
                    + in.line()
                    + " has "
                    + row[j]
                    + " in "
                    + where(chosen[j])
                    + ", too large for float32");
          }
        }
        taker.accept(row, i);
      }
    }
  }

  private String where(int column) {
    return InputFile.printable(
        names == null ? "column " + column : "column '" + names.get(column) + "'");
  }

  private double value(CsvReader in, int column, String cell) {
    try {
      return NumberText.parsed(cell);
    } catch (NumberFormatException e) {
      String said = cell.isEmpty() ? "has nothing in " : "has '" + cell + "' in ";
      throw in.problem(
          InputFile.printable(said) + where(column),
          NumberText.hasDecimalComma(cell)
              ? "write decimal points"
                  + (in.separator() == ',' ? ", and nothing between thousands" : "")
              : "give a number, or leave that column out: " + choice().without(column));
    }
  }
}
