package io.vicinal.data;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;

/**
 * The pages of one chunk of a column, read and unpacked one at a time: a chunk may be as large as
 * the file. For one thread.
 */
final class ParquetPages implements PageReader {
  /** Far more than writers put into a page: a guard against damage and bombs. */
  private static final int LARGEST = 256 << 20;

  private static final int LARGEST_PACKED = LARGEST + LARGEST / 4; // codecs add little

  private static final int HEADER = 4 << 10;
  private static final int LARGEST_HEADER = 16 << 20;

  private final InputFile file;
  private final ColumnMetaData chunk;
  private final long end;
  private long position;
  private long left; // values

  ParquetPages(InputFile file, ColumnMetaData chunk) {
    this.file = file;
    this.chunk = chunk;
    long first = chunk.getData_page_offset();
    long dictionary = chunk.isSetDictionary_page_offset() ? chunk.getDictionary_page_offset() : 0;
    position = dictionary > 0 ? Math.min(first, dictionary) : first;
    end = file.size();
    left = chunk.getNum_values();
    if (position < 4 || position >= end || left < 0) {
      throw damaged("begins outside of the file");
    }
  }

  private IllegalArgumentException damaged(String what) {
    return new IllegalArgumentException("a chunk that " + what);
  }

  /** The header at the position, which moves behind it. */
  private PageHeader header() {
    for (int size = HEADER; ; size *= 4) {
      byte[] bytes = bytes((int) Math.min(size, end - position));
      ByteArrayInputStream in = new ByteArrayInputStream(bytes);
      try {
        PageHeader header = Util.readPageHeader(in);
        position += bytes.length - in.available();
        return header;
      } catch (IOException e) {
        if (bytes.length < size || size >= LARGEST_HEADER) {
          throw new IllegalArgumentException("a page without a header", e);
        }
      }
    }
  }

  private byte[] bytes(int count) {
    file.seek(position);
    return file.readFully(count);
  }

  /** A page's bytes as the file has them; the position moves behind them. */
  private byte[] body(PageHeader header) {
    int packed = header.getCompressed_page_size();
    int unpacked = header.getUncompressed_page_size();
    if (packed < 0
        || packed > Math.min(end - position, LARGEST_PACKED)
        || unpacked < 0
        || unpacked > LARGEST) {
      throw new IllegalArgumentException(
          "a page that claims " + packed + " bytes for " + unpacked + " unpacked");
    }
    byte[] bytes = bytes(packed);
    position += packed;
    if (header.isSetCrc()) {
      CRC32 crc = new CRC32();
      crc.update(bytes);
      if ((int) crc.getValue() != header.getCrc()) {
        throw new IllegalArgumentException("a page whose checksum is another");
      }
    }
    return bytes;
  }

  private byte[] unpacked(byte[] packed, int from, int size) {
    CompressionCodec codec = chunk.getCodec();
    if (codec == CompressionCodec.UNCOMPRESSED || size == 0) {
      if (packed.length - from < size) {
        throw new IllegalArgumentException("a page that is shorter than it says");
      }
      return from == 0 && packed.length == size
          ? packed
          : Arrays.copyOfRange(packed, from, from + size);
    }
    byte[] bytes = new byte[size];
    int done =
        switch (codec) {
          case SNAPPY, ZSTD, LZ4_RAW ->
              decompressor(codec).decompress(packed, from, packed.length - from, bytes, 0, size);
          case GZIP -> inflated(packed, from, bytes);
          default ->
              throw file.problem(
                  "is packed with " + codec, "write it with compression='zstd' or 'snappy'");
        };
    if (done != size) {
      throw new IllegalArgumentException("a page of " + done + " bytes that claims " + size);
    }
    return bytes;
  }

  private static Decompressor decompressor(CompressionCodec codec) {
    return codec == CompressionCodec.ZSTD
        ? new ZstdDecompressor()
        : codec == CompressionCodec.SNAPPY ? new SnappyDecompressor() : new Lz4Decompressor();
  }

  private static int inflated(byte[] packed, int from, byte[] bytes) {
    try (InputStream in =
        new GZIPInputStream(new ByteArrayInputStream(packed, from, packed.length - from))) {
      return in.readNBytes(bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new IllegalArgumentException("a page that cannot be unpacked", e);
    }
  }

  @Override
  public DictionaryPage readDictionaryPage() {
    long before = position;
    PageHeader header = header();
    if (header.getType() != PageType.DICTIONARY_PAGE) {
      position = before;
      return null;
    }
    byte[] bytes = unpacked(body(header), 0, header.getUncompressed_page_size());
    int values = header.getDictionary_page_header().getNum_values();
    if (values < 0 || values > bytes.length / leastBytes()) { // there will be room for all of them
      throw new IllegalArgumentException(
          "a dictionary of " + values + " values in " + bytes.length + " bytes");
    }
    return new DictionaryPage(
        BytesInput.from(bytes), values, encoding(header.getDictionary_page_header().getEncoding()));
  }

  /** What a value takes in a dictionary; a text at least its length. */
  private int leastBytes() {
    return switch (chunk.getType()) {
      case INT64, DOUBLE -> 8;
      case INT96 -> 12;
      case BOOLEAN, FIXED_LEN_BYTE_ARRAY -> 1;
      default -> 4;
    };
  }

  private static Encoding encoding(org.apache.parquet.format.Encoding encoding) {
    return Encoding.valueOf(encoding.name());
  }

  @Override
  public long getTotalValueCount() {
    return chunk.getNum_values();
  }

  @Override
  public DataPage readPage() {
    while (left > 0) {
      PageHeader header = header();
      byte[] body = body(header);
      int size = header.getUncompressed_page_size();
      switch (header.getType()) {
        case DATA_PAGE -> {
          DataPageHeader page = header.getData_page_header();
          left -= counted(page.getNum_values());
          return new DataPageV1(
              BytesInput.from(unpacked(body, 0, size)),
              page.getNum_values(),
              size,
              null,
              encoding(page.getRepetition_level_encoding()),
              encoding(page.getDefinition_level_encoding()),
              encoding(page.getEncoding()));
        }
        case DATA_PAGE_V2 -> {
          DataPageHeaderV2 page = header.getData_page_header_v2();
          left -= counted(page.getNum_values());
          int repetition = page.getRepetition_levels_byte_length();
          int levels = Math.addExact(repetition, page.getDefinition_levels_byte_length());
          boolean packed = !page.isSetIs_compressed() || page.isIs_compressed();
          byte[] values =
              packed
                  ? unpacked(body, levels, size - levels)
                  : Arrays.copyOfRange(body, levels, body.length);
          return DataPageV2.uncompressed(
              page.getNum_rows(),
              page.getNum_nulls(),
              page.getNum_values(),
              BytesInput.from(body, 0, repetition),
              BytesInput.from(body, repetition, levels - repetition),
              encoding(page.getEncoding()),
              BytesInput.from(values),
              null);
        }
        default -> {} // an index, or what later versions may add
      }
    }
    return null;
  }

  private int counted(int values) {
    if (values < 0 || values > left) {
      throw new IllegalArgumentException(
          "a page of " + values + " values where " + left + " are left");
    }
    return values;
  }
}
