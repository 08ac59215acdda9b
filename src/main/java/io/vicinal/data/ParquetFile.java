package io.vicinal.data;

import io.vicinal.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.parquet.VersionParser;
import org.apache.parquet.VersionParser.ParsedVersion;
import org.apache.parquet.VersionParser.VersionParseException;
import org.apache.parquet.column.impl.ColumnReaderImpl;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.api.PrimitiveConverter;

/**
 * An open Parquet file: its columns and, page by page, what they hold. Apache's own classes decode
 * schema, pages and values; that pages are read one by one, where Apache's file reader holds a
 * column of a row group whole, is why they are not read by it. Format: Apache Parquet 2.12. For one
 * thread.
 */
public final class ParquetFile implements AutoCloseable {
  static final String MAGIC = "PAR1";
  private static final int TAIL = 8; // the footer's length and the magic again
  private static final Pattern INDEX = Pattern.compile("__index_level_\\d+__");

  private final InputFile file;
  private final List<ParquetColumn> columns;
  private final List<RowGroup> groups;
  private final ParsedVersion writer;
  private final long rows;

  private ParquetFile(InputFile file) {
    this.file = file;
    FileMetaData footer = footer();
    try {
      columns = ParquetColumn.of(footer.getSchema());
      groups = footer.getRow_groups();
      int leaves = ParquetColumn.leaves(footer.getSchema());
      long counted = 0;
      for (RowGroup group : groups) {
        if (group.getColumnsSize() != leaves || group.getNum_rows() < 0) {
          throw new IllegalArgumentException("a row group that does not fit its schema");
        }
        counted = Math.addExact(counted, group.getNum_rows());
      }
      rows = footer.getNum_rows();
      if (rows != counted) {
        throw new IllegalArgumentException(rows + " rows in groups of " + counted);
      }
    } catch (RuntimeException e) {
      throw damaged("in its footer", e);
    }
    writer = writer(footer.getCreated_by());
  }

  /**
   * Opens a file and reads what it says of itself.
   *
   * @throws InputException one sentence where it is missing, no Parquet file or damaged
   */
  public static ParquetFile open(Path path) {
    InputFile file = InputFile.open(path);
    try {
      return new ParquetFile(file);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private FileMetaData footer() {
    int fixed = MAGIC.length() + TAIL;
    if (file.size() < fixed || !magic(file.peek(MAGIC.length()), 0).equals(MAGIC)) {
      throw file.problem(
          "is not a Parquet file (" + file.size() + " bytes)",
          "name the Parquet file that is meant");
    }
    file.seek(file.size() - TAIL);
    byte[] tail = file.readFully(TAIL);
    if (magic(tail, 4).equals("PARE")) {
      throw file.problem("is encrypted", "write it again without encryption");
    }
    int length = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (!magic(tail, 4).equals(MAGIC) || length < 0 || length > file.size() - fixed) {
      throw file.problem(
          "is truncated: it does not end as a Parquet file does", "write or copy it again");
    }
    file.seek(file.size() - TAIL - length);
    try {
      return Util.readFileMetaData(new ByteArrayInputStream(file.readFully(length)));
    } catch (IOException | RuntimeException e) {
      throw damaged("in its footer", e);
    } catch (StackOverflowError e) {
      throw damaged(
          "in its footer", new IllegalArgumentException("structures within structures", e));
    }
  }

  private static String magic(byte[] bytes, int from) {
    return new String(bytes, from, MAGIC.length(), StandardCharsets.ISO_8859_1);
  }

  private static ParsedVersion writer(String createdBy) {
    try {
      return createdBy == null ? null : VersionParser.parse(createdBy);
    } catch (VersionParseException | RuntimeException e) {
      return null; // it only says which old writers had which defects
    }
  }

  InputException damaged(String where, Exception cause) {
    return cause instanceof InputException said
        ? said
        : InputFile.problem(
            file.path(),
            "is damaged " + where + " (" + InputFile.reason(cause) + ")",
            "write it again",
            cause);
  }

  InputException problem(String what, String remedy) {
    return file.problem(what, remedy);
  }

  Path path() {
    return file.path();
  }

  /** How many rows it has. */
  public long rows() {
    return rows;
  }

  List<ParquetColumn> columns() {
    return columns;
  }

  /** What its columns are called, in their order. */
  List<String> names() {
    return columns.stream().map(ParquetColumn::name).toList();
  }

  /** Whether a column is the index that pandas writes. */
  static boolean isIndex(ParquetColumn column) {
    return INDEX.matcher(column.name()).matches();
  }

  /** A column by its name, or else its number from 0. */
  int find(String name) {
    int at = names().indexOf(name);
    if (at >= 0 && names().lastIndexOf(name) != at) {
      throw problem(
          "has two columns '" + InputFile.printable(name) + "'", "name it by its number, from 0");
    }
    if (at < 0 && name.matches("[0-9]{1,6}")) {
      at = Integer.parseInt(name);
    }
    if (at < 0 || at >= columns.size()) {
      throw problem(
          "has no column '" + InputFile.printable(name) + "'",
          "its columns are: " + CsvHeader.listed(names()));
    }
    return at;
  }

  int groups() {
    return groups.size();
  }

  long rows(int group) {
    return groups.get(group).getNum_rows();
  }

  /** How many values a column of a row group has, those that are missing with them. */
  long values(int group, ParquetColumn column) {
    return groups.get(group).getColumns().get(column.leaf()).getMeta_data().getNum_values();
  }

  /** What decodes a column of a row group. */
  ColumnReaderImpl reader(int group, ParquetColumn column) {
    ColumnChunk chunk = groups.get(group).getColumns().get(column.leaf());
    if (chunk.isSetCrypto_metadata() || !chunk.isSetMeta_data()) {
      throw problem("is encrypted", "write it again without encryption");
    }
    if (chunk.isSetFile_path()) {
      throw problem("has its columns in other files", "name a file that holds its own columns");
    }
    return new ColumnReaderImpl(
        column.descriptor(),
        new ParquetPages(file, chunk.getMeta_data()),
        new PrimitiveConverter() {},
        writer);
  }

  @Override
  public void close() {
    file.close();
  }
}
