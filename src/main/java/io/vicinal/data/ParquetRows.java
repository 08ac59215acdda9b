package io.vicinal.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows of a Parquet file as texts: numbers as they are spelt, true and false, nothing as an
 * empty text. For one thread.
 */
public final class ParquetRows implements AutoCloseable {
  private final ParquetFile file;
  private final List<ParquetColumn> columns;
  private final List<ParquetCursor> cursors;
  private long next;

  /**
   * Opens a file.
   *
   * @throws io.vicinal.InputException as {@link ParquetFile#open}
   */
  public ParquetRows(Path path) {
    file = ParquetFile.open(path);
    columns =
        file.columns().stream()
            .filter(column -> column.other() == null && !column.list())
            .filter(column -> !ParquetFile.isIndex(column))
            .toList();
    cursors = columns.stream().map(column -> new ParquetCursor(file, column)).toList();
  }

  /** What the columns are called. */
  public List<String> header() {
    return columns.stream().map(ParquetColumn::name).toList();
  }

  /** Columns that are no texts and so left out: lists, structs, times. */
  public List<String> leftOut() {
    return file.columns().stream()
        .filter(column -> !columns.contains(column) && !ParquetFile.isIndex(column))
        .map(ParquetColumn::name)
        .toList();
  }

  /** The next row's cells; null at the end. */
  public List<String> next() {
    if (next == file.rows()) {
      return null;
    }
    next++;
    List<String> cells = new ArrayList<>(cursors.size());
    for (int j = 0; j < cursors.size(); j++) {
      String cell = cursors.get(j).text();
      boolean flag = columns.get(j).element() == Element.BOOL && cell != null;
      cells.add(cell == null ? "" : flag ? Boolean.toString(cell.equals("1")) : cell);
    }
    return cells;
  }

  /** The position of the latest row, from 0. */
  public long row() {
    return next - 1;
  }

  @Override
  public void close() {
    file.close();
  }
}
