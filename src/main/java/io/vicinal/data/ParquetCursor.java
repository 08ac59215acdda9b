package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.parquet.column.impl.ColumnReaderImpl;

/** A column of a Parquet file, row by row. A page of it is in memory. For one thread. */
final class ParquetCursor {
  private static final int SHARED = 1 << 16; // texts; more are no classes

  private final ParquetFile file;
  private final ParquetColumn column;
  private final int full; // the definition level of a value that is there
  private final Map<String, String> shared = new HashMap<>();
  private ColumnReaderImpl reader;
  private int group = -1;
  private long rowsLeft; // of the row group
  private long left; // values of its chunk
  private long row = -1;

  ParquetCursor(ParquetFile file, ParquetColumn column) {
    if (column.other() != null) {
      throw file.problem(
          where(column) + " holds " + column.other(), "name a column of numbers or texts");
    }
    this.file = file;
    this.column = column;
    this.full = column.descriptor().getMaxDefinitionLevel();
  }

  private static String where(ParquetColumn column) {
    return "column '" + InputFile.printable(column.name()) + "'";
  }

  private String where() {
    return "row " + row + " of " + where(column);
  }

  /** Steps to the next row; the caller has compared their number with {@link ParquetFile#rows}. */
  private void step() {
    row++;
    while (rowsLeft == 0) {
      group++;
      rowsLeft = file.rows(group);
      reader = rowsLeft == 0 ? null : file.reader(group, column);
      left = reader == null ? 0 : file.values(group, column);
    }
    rowsLeft--;
    if (left == 0) {
      throw new IllegalArgumentException("fewer values than rows");
    }
    if (reader.getCurrentRepetitionLevel() != 0) {
      throw new IllegalArgumentException("a row that begins within a list");
    }
  }

  private void consume() {
    left--;
    if (left > 0) {
      reader.consume();
    }
  }

  /** The row is read: behind the last of a chunk nothing is left. */
  private void end() {
    if (rowsLeft == 0 && left > 0) {
      throw new IllegalArgumentException("more values than rows");
    }
  }

  private InputException damaged(Throwable e) {
    if (e instanceof OutOfMemoryError) {
      return file.problem(
          "takes more memory than Java has in " + where(column) + ", row " + row,
          "write it with smaller pages, or give Java more with JAVA_TOOL_OPTIONS=-Xmx4g");
    }
    Exception cause =
        e instanceof Exception exception
            ? exception
            : new IllegalArgumentException("structures within structures", e);
    return file.damaged("in " + where(column) + ", row " + row, cause);
  }

  /** How many numbers the next row has. */
  int width() {
    try {
      step();
      if (!column.list()) {
        return 1;
      }
      int count = 0;
      boolean more = reader.getCurrentDefinitionLevel() >= column.present();
      while (more) {
        count++;
        consume();
        more = left > 0 && reader.getCurrentRepetitionLevel() > 0;
      }
      return count;
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      throw damaged(e);
    }
  }

  /**
   * Puts the next row's numbers into a row's bytes.
   *
   * @param width how many it must have
   */
  void numbers(ByteBuffer target, int at, DType type, int width) {
    try {
      step();
      if (!column.list()) {
        if (reader.getCurrentDefinitionLevel() < full) {
          throw nothing(where() + " has nothing");
        }
        put(target, at, type);
        consume();
      } else {
        list(target, at, type, width);
      }
      end();
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      throw damaged(e);
    }
  }

  private void list(ByteBuffer target, int at, DType type, int width) {
    long count = 0;
    boolean empty = reader.getCurrentDefinitionLevel() < column.present();
    if (empty && reader.getCurrentDefinitionLevel() == 0 && column.present() > 1) {
      throw nothing(where() + " has nothing");
    }
    do {
      if (!empty && count < width) {
        if (reader.getCurrentDefinitionLevel() < full) {
          throw nothing(where() + " has nothing at number " + count);
        }
        put(target, at + (int) count * type.bytes(), type);
      }
      count += empty ? 0 : 1;
      consume();
    } while (left > 0 && reader.getCurrentRepetitionLevel() > 0);
    if (count != width) {
      throw file.problem(
          where() + " has " + count + " numbers where the first row has " + width,
          "write lists of one length");
    }
  }

  private InputException nothing(String what) {
    return file.problem(what, "give it a value or remove that row");
  }

  private void put(ByteBuffer target, int at, DType type) {
    Element element = column.element();
    if (element.isFloat()) {
      double value = real();
      if (type == DType.F64) {
        target.putDouble(at, value);
      } else {
        float single = (float) value;
        if (Float.isInfinite(single) && Double.isFinite(value)) {
          throw new TooLargeException(
              InputFile.printable(file.path() + ": " + where())
                  + " has "
                  + value
                  + ", too large for float32");
        }
        target.putFloat(at, single);
      }
      return;
    }
    long value = whole();
    boolean unsigned = element == Element.U64 && value < 0;
    if (type == DType.F64) {
      target.putDouble(at, unsigned ? 2.0 * (value >>> 1 | value & 1) : value);
    } else {
      target.putFloat(at, unsigned ? 2f * (value >>> 1 | value & 1) : value);
    }
  }

  private double real() {
    return switch (column.element()) {
      case F32 -> reader.getFloat();
      case F64 -> reader.getDouble();
      default ->
          Element.F16.number(
              reader.getBinary().toByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN), 0);
    };
  }

  /** An integer; of U64 the bits. */
  private long whole() {
    return switch (column.element()) {
      case BOOL -> reader.getBoolean() ? 1 : 0;
      case I64, U64 -> reader.getLong();
      case U32 -> reader.getInteger() & 0xffffffffL;
      case U16 -> reader.getInteger() & 0xffff;
      case U8 -> reader.getInteger() & 0xff;
      default -> reader.getInteger();
    };
  }

  /** The next row's cell as a text, null where nothing is. */
  String text() {
    try {
      step();
      String text = reader.getCurrentDefinitionLevel() < full ? null : present();
      consume();
      end();
      return text;
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      throw damaged(e);
    }
  }

  private String present() {
    Element element = column.element();
    if (element == null) {
      return shared(decoded(reader.getBinary().getBytesUnsafe()));
    }
    if (element == Element.F32) {
      return Float.toString(reader.getFloat());
    }
    if (element.isFloat()) {
      return Double.toString(real());
    }
    long value = whole();
    return shared(element == Element.U64 ? Long.toUnsignedString(value) : Long.toString(value));
  }

  private String decoded(byte[] bytes) {
    try { // strictly: two texts that cannot be read would be one class
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw file.problem(where() + " is not text in UTF-8", "name a column of texts");
    }
  }

  private String shared(String text) {
    return shared.size() < SHARED ? shared.computeIfAbsent(text, same -> same) : text;
  }
}
