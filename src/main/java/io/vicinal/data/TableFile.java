package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.LongFunction;
import java.util.function.LongToDoubleFunction;
import java.util.function.LongUnaryOperator;

/**
 * A table that is written as its file's ending says: {@code .parquet}, {@code .tsv} or {@code
 * .csv}. Its cells are asked for row by row. Not thread-safe.
 */
public final class TableFile {
  private final long rows;
  private final List<TableColumn> columns = new ArrayList<>();

  /** A table without columns. */
  public TableFile(long rows) {
    this.rows = rows;
  }

  /** Adds a column of integers. */
  public TableFile wholes(String name, LongUnaryOperator at) {
    columns.add(new TableColumn(name, at, null, null, null));
    return this;
  }

  /** Adds a column of float64. */
  public TableFile numbers(String name, LongToDoubleFunction at) {
    columns.add(new TableColumn(name, null, at, null, null));
    return this;
  }

  /** Adds a column of texts; null is written as an empty one. */
  public TableFile texts(String name, LongFunction<String> at) {
    LongFunction<String> some =
        row -> {
          String text = at.apply(row);
          return text == null ? "" : text;
        };
    columns.add(new TableColumn(name, null, null, some, null));
    return this;
  }

  /**
   * Adds a matrix: a column of lists in Parquet, elsewhere columns e0, e1, ...
   *
   * @param matrix [rows, D]
   */
  public TableFile matrix(String name, Tensor matrix) {
    if (matrix.shape().rank() != 2 || matrix.dim(0) != rows) {
      throw new IllegalArgumentException(
          name + " is " + matrix.shape() + " in a table of " + rows + " rows");
    }
    columns.add(new TableColumn(name, null, null, null, matrix));
    return this;
  }

  /** Whether a file of this name is a table. */
  public static boolean isTable(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".csv") || name.endsWith(".tsv") || isParquet(path);
  }

  private static boolean isParquet(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).endsWith(".parquet");
  }

  /**
   * Writes the table, replacing {@code path} as a whole (see {@link AtomicFile}).
   *
   * @throws InputException if the file cannot be written, two columns have one name, or the
   *     libraries that Parquet needs are missing
   */
  public void write(Path path) {
    Set<String> names = new HashSet<>();
    for (TableColumn column : columns) {
      if (!names.add(column.name())) {
        throw InputFile.problem(
            path,
            "would have two columns '" + InputFile.printable(column.name()) + "'",
            "call one of them otherwise");
      }
    }
    if (isParquet(path)) {
      OptionalLibrary.requireParquet();
      AtomicFile.write(path, out -> ParquetTable.write(out, rows, columns));
    } else {
      char separator = path.toString().toLowerCase(Locale.ROOT).endsWith(".tsv") ? '\t' : ',';
      AtomicFile.write(path, out -> writeText(out, separator));
    }
  }

  private void writeText(OutputStream out, char separator) throws IOException {
    StringJoiner header = new StringJoiner(String.valueOf(separator));
    for (TableColumn column : columns) {
      if (column.matrix() == null) {
        header.add(CsvReader.cell(column.name(), separator));
      } else {
        for (long j = 0; j < column.matrix().dim(1); j++) {
          header.add("e" + j);
        }
      }
    }
    out.write((header + "\n").getBytes(StandardCharsets.UTF_8));
    for (long row = 0; row < rows; row++) {
      StringJoiner line = new StringJoiner(String.valueOf(separator));
      for (TableColumn column : columns) {
        if (column.whole() != null) {
          line.add(Long.toString(column.whole().applyAsLong(row)));
        } else if (column.number() != null) {
          line.add(Double.toString(column.number().applyAsDouble(row)));
        } else if (column.text() != null) {
          line.add(CsvReader.cell(column.text().apply(row), separator));
        } else {
          add(column.matrix().rows(row, row + 1), line);
        }
      }
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void add(Tensor row, StringJoiner line) {
    if (row.dtype() == DType.F32) {
      for (float value : row.toFloats()) {
        line.add(Float.toString(value));
      }
    } else if (row.dtype() == DType.F64) {
      for (double value : row.toDoubles()) {
        line.add(Double.toString(value));
      }
    } else {
      for (long value : row.toLongs()) {
        line.add(Long.toString(value));
      }
    }
  }
}
