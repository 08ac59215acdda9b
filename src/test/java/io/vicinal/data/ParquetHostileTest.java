package io.vicinal.data;

import io.vicinal.Refusal;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parquet files of one column of int64 that no program writes, made by hand. */
class ParquetHostileTest {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path folder;

  private static byte[] numbers(int count) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putLong(i);
    }
    return bytes.array();
  }

  private static byte[] page(PageHeader header, byte[] body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Util.writePageHeader(header, bytes);
    bytes.write(body);
    return bytes.toByteArray();
  }

  private static byte[] data(int values) throws IOException {
    byte[] body = numbers(values);
    return page(
        new PageHeader(PageType.DATA_PAGE, body.length, body.length)
            .setData_page_header(
                new DataPageHeader(values, Encoding.PLAIN, Encoding.RLE, Encoding.RLE)),
        body);
  }

  private Path write(byte[] pages, byte[] footer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(MAGIC);
    bytes.write(pages);
    bytes.write(footer);
    bytes.write(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(footer.length).array());
    bytes.write(MAGIC);
    return Files.write(folder.resolve("x.parquet"), bytes.toByteArray());
  }

  private Path write(byte[] pages, long values, long rows) throws IOException {
    ColumnMetaData column =
        new ColumnMetaData(
            Type.INT64,
            List.of(Encoding.PLAIN),
            List.of("v"),
            CompressionCodec.UNCOMPRESSED,
            values,
            pages.length,
            pages.length,
            MAGIC.length);
    RowGroup group =
        new RowGroup(
            List.of(new ColumnChunk(MAGIC.length).setMeta_data(column)), pages.length, rows);
    SchemaElement root = new SchemaElement("schema").setNum_children(1);
    SchemaElement leaf = new SchemaElement("v").setType(Type.INT64);
    leaf.setRepetition_type(FieldRepetitionType.REQUIRED);
    ByteArrayOutputStream footer = new ByteArrayOutputStream();
    Util.writeFileMetaData(new FileMetaData(1, List.of(root, leaf), rows, List.of(group)), footer);
    return write(pages, footer.toByteArray());
  }

  private static void refused(Path file, String said) {
    try (Arena arena = Arena.host()) {
      Refusal.refused(() -> ArrayFile.read(file, arena, DType.F64, note -> {}), said);
      Refusal.refused(() -> Labels.read(Path.of(file + ":v"), arena), said);
    }
  }

  @Test
  void rowsAndValuesAgree() throws IOException {
    byte[] three = data(3);
    try (Arena arena = Arena.host()) {
      org.assertj.core.api.Assertions.assertThat(
              ArrayFile.read(write(three, 3, 3), arena, null, note -> {}).toDoubles())
          .containsExactly(0, 1, 2);
    }
    refused(write(three, 3, 2), "in column 'v', row 1 (more values than rows); write it again");
    refused(write(three, 3, 4), "in column 'v', row 3 (fewer values than rows); write it again");
  }

  /** Room would be made for all of them. */
  @Test
  void aDictionaryHasNoMoreValuesThanItsBytes() throws IOException {
    byte[] body = numbers(1);
    for (int count : new int[] {2, Integer.MAX_VALUE, -1}) {
      byte[] dictionary =
          page(
              new PageHeader(PageType.DICTIONARY_PAGE, 8, 8)
                  .setDictionary_page_header(new DictionaryPageHeader(count, Encoding.PLAIN)),
              body);
      ByteArrayOutputStream pages = new ByteArrayOutputStream();
      pages.write(dictionary);
      pages.write(data(3));
      refused(write(pages.toByteArray(), 3, 3), "a dictionary of " + count + " values in 8 bytes");
    }
  }

  /** Each is read by a call within the last. */
  @Test
  void structuresWithinStructuresAreASentence() throws IOException {
    byte[] nested = new byte[1 << 20];
    Arrays.fill(nested, (byte) 0x1c); // the next field is a structure
    refused(write(data(3), nested), "x.parquet: is damaged in its footer (");
    refused(write(nested, 3, 3), "x.parquet: is damaged in column 'v', row 0 (");
  }
}
