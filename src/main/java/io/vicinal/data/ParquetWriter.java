package io.vicinal.data;

import io.vicinal.Version;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.column.impl.ColumnWriteStoreV1;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.statistics.geospatial.GeospatialStatistics;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.ListType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.StringType;
import org.apache.parquet.format.Util;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/**
 * Writes a Parquet file, a row group at a time in memory: pages of the first version, plain, not
 * packed (numbers of embeddings hardly get smaller), with checksums, which every reader knows. For
 * one thread.
 */
final class ParquetWriter {
  /** Writes the values of a row, in the order of the schema's columns. */
  interface Row {
    void write(ColumnWriteStore columns, long row);
  }

  private static final byte[] MAGIC = ParquetFile.MAGIC.getBytes(StandardCharsets.US_ASCII);

  private final OutputStream out;
  private final MessageType schema;
  private final List<RowGroup> groups = new ArrayList<>();
  private long position;

  private ParquetWriter(OutputStream out, MessageType schema) {
    this.out = out;
    this.schema = schema;
  }

  /**
   * Writes all rows.
   *
   * @param group rows of a row group
   */
  static void write(OutputStream out, MessageType schema, long rows, long group, Row row)
      throws IOException {
    ParquetWriter writer = new ParquetWriter(out, schema);
    writer.put(MAGIC);
    for (long from = 0; from < rows; from += group) {
      writer.group(from, Math.min(rows, from + group), row);
    }
    writer.footer(rows);
  }

  private void put(byte[] bytes) throws IOException {
    out.write(bytes);
    position += bytes.length;
  }

  private void group(long from, long to, Row row) throws IOException {
    Map<ColumnDescriptor, Chunk> chunks = new HashMap<>();
    ParquetProperties properties =
        ParquetProperties.builder()
            .withDictionaryEncoding(false)
            .withStatisticsEnabled(false)
            .withSizeStatisticsEnabled(false)
            .build();
    try (ColumnWriteStore store =
        new ColumnWriteStoreV1(
            schema, column -> chunks.computeIfAbsent(column, c -> new Chunk()), properties)) {
      for (long i = from; i < to; i++) {
        row.write(store, i);
        store.endRecord();
      }
      store.flush();
    }
    List<ColumnChunk> columns = new ArrayList<>();
    long start = position;
    for (ColumnDescriptor column : schema.getColumns()) {
      Chunk chunk = chunks.get(column);
      long at = position;
      chunk.pages.writeTo(out);
      position += chunk.pages.size();
      ColumnMetaData meta =
          new ColumnMetaData(
              type(column.getPrimitiveType().getPrimitiveTypeName()),
              List.copyOf(chunk.encodings),
              List.of(column.getPath()),
              CompressionCodec.UNCOMPRESSED,
              chunk.values,
              position - at,
              position - at,
              at);
      columns.add(new ColumnChunk(at).setMeta_data(meta));
    }
    groups.add(new RowGroup(columns, position - start, to - from));
  }

  private void footer(long rows) throws IOException {
    List<SchemaElement> elements = new ArrayList<>();
    elements.add(new SchemaElement(schema.getName()).setNum_children(schema.getFieldCount()));
    schema.getFields().forEach(field -> add(field, elements));
    FileMetaData footer = new FileMetaData(1, elements, rows, groups);
    footer.setCreated_by("vicinal version " + Version.text() + " (build 0)");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Util.writeFileMetaData(footer, bytes);
    put(bytes.toByteArray());
    put(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(bytes.size()).array());
    put(MAGIC);
  }

  private static void add(Type field, List<SchemaElement> elements) {
    SchemaElement element = new SchemaElement(field.getName());
    element.setRepetition_type(FieldRepetitionType.valueOf(field.getRepetition().name()));
    elements.add(element);
    LogicalTypeAnnotation meaning = field.getLogicalTypeAnnotation();
    if (field.isPrimitive()) {
      element.setType(type(field.asPrimitiveType().getPrimitiveTypeName()));
      if (LogicalTypeAnnotation.stringType().equals(meaning)) {
        element.setConverted_type(ConvertedType.UTF8);
        element.setLogicalType(LogicalType.STRING(new StringType()));
      }
      return;
    }
    GroupType group = field.asGroupType();
    element.setNum_children(group.getFieldCount());
    if (LogicalTypeAnnotation.listType().equals(meaning)) {
      element.setConverted_type(ConvertedType.LIST);
      element.setLogicalType(LogicalType.LIST(new ListType()));
    }
    group.getFields().forEach(child -> add(child, elements));
  }

  private static org.apache.parquet.format.Type type(PrimitiveTypeName name) {
    return name == PrimitiveTypeName.BINARY
        ? org.apache.parquet.format.Type.BYTE_ARRAY
        : org.apache.parquet.format.Type.valueOf(name.name());
  }

  /** The pages of a column of a row group. */
  private static final class Chunk implements PageWriter {
    private final ByteArrayOutputStream pages = new ByteArrayOutputStream();
    private final Set<org.apache.parquet.format.Encoding> encodings = new LinkedHashSet<>();
    private long values;

    private static org.apache.parquet.format.Encoding encoding(Encoding encoding) {
      return org.apache.parquet.format.Encoding.valueOf(encoding.name());
    }

    private void page(
        BytesInput bytes, int count, Encoding repetition, Encoding definition, Encoding encoding)
        throws IOException {
      ByteArrayOutputStream copy = new ByteArrayOutputStream();
      bytes.writeAllTo(copy);
      byte[] page = copy.toByteArray();
      CRC32 crc = new CRC32();
      crc.update(page);
      PageHeader header =
          new PageHeader(PageType.DATA_PAGE, page.length, page.length)
              .setCrc((int) crc.getValue())
              .setData_page_header(
                  new DataPageHeader(
                      count, encoding(encoding), encoding(definition), encoding(repetition)));
      for (Encoding one : List.of(repetition, definition, encoding)) {
        encodings.add(encoding(one));
      }
      values += count;
      Util.writePageHeader(header, pages);
      pages.write(page);
    }

    @Deprecated
    @Override
    public void writePage(
        BytesInput bytes,
        int count,
        Statistics<?> statistics,
        Encoding repetition,
        Encoding definition,
        Encoding encoding)
        throws IOException {
      page(bytes, count, repetition, definition, encoding);
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int count,
        int rows,
        Statistics<?> statistics,
        Encoding repetition,
        Encoding definition,
        Encoding encoding)
        throws IOException {
      page(bytes, count, repetition, definition, encoding);
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int count,
        int rows,
        Statistics<?> statistics,
        SizeStatistics sizes,
        GeospatialStatistics places,
        Encoding repetition,
        Encoding definition,
        Encoding encoding)
        throws IOException {
      page(bytes, count, repetition, definition, encoding);
    }

    @Override
    public void writePageV2(
        int rows,
        int nulls,
        int count,
        BytesInput repetition,
        BytesInput definition,
        Encoding encoding,
        BytesInput data,
        Statistics<?> statistics) {
      throw new IllegalStateException("pages of the second version are not written");
    }

    @Override
    public void writeDictionaryPage(DictionaryPage page) {
      throw new IllegalStateException("dictionaries are not written");
    }

    @Override
    public long getMemSize() {
      return pages.size();
    }

    @Override
    public long allocatedSize() {
      return pages.size();
    }

    @Override
    public String memUsageString(String prefix) {
      return prefix + " " + pages.size();
    }
  }
}
