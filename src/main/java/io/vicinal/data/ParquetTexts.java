package io.vicinal.data;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A column of a Parquet file as texts. Immutable.
 *
 * @param column where they are from
 * @param cells as they are, numbers as they are spelt, empty where nothing is
 */
record ParquetTexts(ParquetColumn column, List<String> cells) {
  /** Reads a column; a path without one names the only one. */
  static ParquetTexts read(ArrayPath at) {
    try (ParquetFile in = ParquetFile.open(at.file())) {
      ParquetColumn column = in.columns().get(at.part() == null ? only(in) : in.find(at.part()));
      if (column.list()) {
        throw in.problem(
            "column '" + InputFile.printable(column.name()) + "' holds lists",
            "name a column with one value a row");
      }
      if (in.rows() > Integer.MAX_VALUE - 8) {
        throw in.problem("has more rows than can be numbered", "take some of them");
      }
      ParquetCursor cursor = new ParquetCursor(in, column);
      List<String> cells = new ArrayList<>();
      for (long row = 0; row < in.rows(); row++) {
        String cell = cursor.text();
        cells.add(cell == null ? "" : cell);
      }
      return new ParquetTexts(column, cells);
    }
  }

  private static int only(ParquetFile in) {
    int[] all =
        IntStream.range(0, in.columns().size())
            .filter(j -> !ParquetFile.isIndex(in.columns().get(j)))
            .toArray();
    if (all.length != 1) {
      String example =
          in.columns().stream()
              .filter(column -> column.other() == null && !column.list())
              .map(ParquetColumn::name)
              .findFirst()
              .orElse("COLUMN");
      throw in.problem(
          "has " + all.length + " columns",
          "name one, such as " + InputFile.printable(in.path().getFileName() + ":" + example));
    }
    return all[0];
  }

  boolean isNumbers() {
    return column.isNumbers();
  }

  /** Whether they are numbers that need not be whole. */
  boolean isReal() {
    return isNumbers() && column.element().isFloat();
  }
}
