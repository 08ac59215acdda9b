package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * NumPy's {@code .npy} arrays: formats 1.0, 2.0 and 3.0 in, 1.0 out; every type of real numbers,
 * either byte order, C and Fortran order. What has no meaning as numbers is refused with the line
 * of Python that helps; pickled objects are never read. The header is compared with the file's real
 * size before a byte is allocated. Format: NumPy Enhancement Proposal 1. {@link ArrayFile} reads
 * other files too. Stateless, so safe for any thread.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** Ours have three short entries; a longer header is damage or malice. */
  private static final int MAX_HEADER = 64 << 10;

  private Npy() {}

  /**
   * What a file says about itself, checked against its size.
   *
   * @param descr NumPy's type string, such as {@code "<f4"}
   * @param shape lengths of the dimensions
   * @param dataOffset where the elements start, in bytes
   * @param itemBytes bytes of one element; 0 of objects, which are a pickle
   * @param fortranOrder whether a matrix is stored column by column
   */
  record Header(String descr, Shape shape, long dataOffset, int itemBytes, boolean fortranOrder) {
    /** The type of real numbers, or null if these are none. */
    Element element() {
      return Element.ofNumpy(descr.substring(1));
    }
  }

  /**
   * Reads only the header, and checks that the file has exactly the bytes that it promises.
   *
   * @throws InputException if it is not a well-formed array
   */
  static Header header(Path path) {
    try (InputFile file = InputFile.open(path)) {
      return header(file);
    }
  }

  static Header header(InputFile file) {
    int fixed = MAGIC.length + 2;
    if (file.size() < fixed + 2) {
      throw file.problem(
          "is not a .npy file (" + file.size() + " bytes)", "write it with numpy.save");
    }
    byte[] start = file.readFully(fixed);
    if (!Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw file.problem(
          "is not a .npy file (its first bytes are not \\x93NUMPY)", "write it with numpy.save");
    }
    int major = start[6] & 0xff;
    if (major < 1 || major > 3) {
      throw file.problem(
          "has the .npy format version " + major,
          "write it with numpy.save, version 1.0, 2.0 or 3.0");
    }
    int lengthBytes = major == 1 ? 2 : 4;
    if (file.size() < fixed + lengthBytes) {
      throw file.problem("is truncated inside its header", "write it again with numpy.save");
    }
    long length = littleEndian(file.readFully(lengthBytes));
    long dataOffset = fixed + lengthBytes + length;
    if (length > MAX_HEADER) {
      throw file.problem(
          "claims a header of " + length + " bytes, and " + MAX_HEADER + " are read at most",
          "write it again with numpy.save, as a plain array");
    }
    if (dataOffset > file.size()) {
      throw file.problem(
          "claims a header of " + length + " bytes, of a file of " + file.size(),
          "write it again with numpy.save");
    }
    byte[] bytes = file.readFully((int) length);
    // From 3.0 on names of fields are UTF-8; what is not is for the parser to refuse.
    String text = major == 3 ? new String(bytes, StandardCharsets.UTF_8) : ascii(file, bytes);
    NpyHeader.Fields fields;
    try {
      fields = NpyHeader.parse(text);
    } catch (IllegalArgumentException e) {
      throw InputFile.problem(
          file.path(), "the .npy header " + e.getMessage(), "write it again with numpy.save", e);
    }
    return checked(file, fields, dataOffset);
  }

  private static Header checked(InputFile file, NpyHeader.Fields fields, long dataOffset) {
    String descr = fields.descr();
    if (!descr.matches("[<>|=][a-zA-Z][0-9]{1,6}(\\[[a-zA-Z0-9]*\\])?|\\|O")) {
      throw file.problem(
          "has the unknown dtype '" + InputFile.printable(descr) + "'",
          "in Python save np.array(a.tolist())");
    }
    if (fields.fortranOrder() && fields.shape().length > 2) {
      throw file.problem(
          "has " + fields.shape().length + " dimensions in Fortran order",
          "save np.ascontiguousarray(a).reshape(len(a), -1), its rows");
    }
    Shape shape;
    try {
      shape = Shape.of(fields.shape());
    } catch (InputException e) {
      throw InputFile.problem(
          file.path(),
          "the .npy header has a shape that overflows",
          "write it again with numpy.save",
          e);
    }
    boolean fortran = fields.fortranOrder() && shape.rank() == 2;
    if ("OT".indexOf(descr.charAt(1)) >= 0) {
      return new Header(descr, shape, dataOffset, 0, fortran); // a pickle of any length
    }
    int itemBytes = itemBytes(file, descr);
    long available = file.size() - dataOffset;
    if (shape.size() > available / itemBytes) {
      throw file.problem(
          "is truncated: shape "
              + shape
              + " of "
              + descr
              + " needs more than the "
              + available
              + " bytes that follow its header",
          "write it again with numpy.save");
    }
    if (shape.size() * itemBytes != available) {
      throw file.problem(
          "has "
              + (available - shape.size() * itemBytes)
              + " bytes after the array of shape "
              + shape,
          "write it again with numpy.save");
    }
    return new Header(descr, shape, dataOffset, itemBytes, fortran);
  }

  private static int itemBytes(InputFile file, String descr) {
    char kind = descr.charAt(1);
    if (kind == 'M' || kind == 'm') {
      return 8; // datetime64 and timedelta64: refused later, by their type
    }
    int count = Integer.parseInt(descr.substring(2));
    int bytes = kind == 'U' ? 4 * count : count;
    if (bytes < 1) {
      throw file.problem(
          "has the dtype '" + descr + "' of no bytes", "save it with .astype('<f4')");
    }
    return bytes;
  }

  private static long littleEndian(byte[] bytes) {
    long value = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      value = value << 8 | bytes[i] & 0xff;
    }
    return value;
  }

  private static String ascii(InputFile file, byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        throw file.problem(
            "the .npy header has characters that are not ASCII", "write it again with numpy.save");
      }
    }
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  /**
   * Reads an array of real numbers.
   *
   * @return a tensor of {@code arena} with the file's shape: I64 of integers and bools, F64 of
   *     float64, F32 of the smaller floating-point types
   * @throws InputException if the file is missing, damaged, of another type, or too large for
   *     memory
   */
  public static Tensor read(Path path, Arena arena) {
    try (InputFile file = InputFile.open(path)) {
      StoredArray array = stored(file, header(file));
      return array.read(arena, array.element().natural());
    }
  }

  /** What an open file's header describes, as numbers. */
  static StoredArray stored(InputFile file, Header header) {
    if (header.element() == null) {
      throw noNumbers(file, header.descr());
    }
    return new StoredArray(
        file,
        header.dataOffset(),
        header.element(),
        header.descr().charAt(0) == '>',
        header.fortranOrder(),
        header.shape());
  }

  private static InputException noNumbers(InputFile file, String descr) {
    String type = "'" + descr + "'";
    return switch (descr.charAt(1)) {
      case 'U', 'S', 'T' ->
          file.problem(
              "holds texts (" + type + ") where numbers are expected",
              "name an array of numbers, or save the numbers that the texts spell:"
                  + " np.save('numbers.npy', a.astype('<f4'))");
      case 'O' ->
          file.problem(
              "holds Python objects (" + type + "), a pickle, which is never read",
              "save plain numbers: np.save('numbers.npy', np.array(a.tolist(), dtype='<f4'))");
      case 'c' ->
          file.problem(
              "holds complex numbers (" + type + ")",
              "save real ones: np.save('numbers.npy', np.abs(a).astype('<f8'))");
      case 'M', 'm' ->
          file.problem(
              "holds times (" + type + ")",
              "save them as numbers: np.save('numbers.npy', a.astype('<i8'))");
      case 'V' ->
          file.problem(
              "holds raw bytes (" + type + ")", "save them as numbers: a.view(...) of their type");
      default ->
          file.problem("has dtype " + type, "save it as: np.save('numbers.npy', a.astype('<f8'))");
    };
  }

  /** Texts ({@code U}, code points, or {@code S}, bytes in UTF-8) of a vector. */
  static String[] texts(InputFile file, Header header) {
    boolean bytes = header.descr().charAt(1) == 'S';
    boolean big = header.descr().charAt(0) == '>';
    String[] texts = new String[Math.toIntExact(header.shape().size())];
    Map<String, String> shared = new HashMap<>();
    byte[] item = new byte[header.itemBytes()];
    file.seek(header.dataOffset());
    for (int i = 0; i < texts.length; i++) {
      file.readFully(item, item.length);
      String text = bytes ? ofBytes(file, item, i) : ofCodePoints(file, item, big, i);
      texts[i] = shared.computeIfAbsent(text, t -> t);
    }
    return texts;
  }

  private static String ofBytes(InputFile file, byte[] item, int at) {
    int length = item.length;
    while (length > 0 && item[length - 1] == 0) {
      length--;
    }
    try { // strictly: two texts that cannot be read would be one class
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(item, 0, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw InputFile.problem(
          file.path(),
          "the text at position " + at + " is not in UTF-8",
          "save it as np.save('texts.npy', np.char.decode(a, 'latin-1')), or whichever encoding it has",
          e);
    }
  }

  private static String ofCodePoints(InputFile file, byte[] item, boolean big, int at) {
    ByteBuffer points =
        ByteBuffer.wrap(item).order(big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int length = item.length / 4;
    while (length > 0 && points.getInt(4 * (length - 1)) == 0) {
      length--;
    }
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      int point = points.getInt(4 * i);
      boolean half = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
      if (half || !Character.isValidCodePoint(point)) {
        throw file.problem("the text at position " + at + " is not Unicode", "correct that text");
      }
      text.appendCodePoint(point);
    }
    return text.toString();
  }

  /**
   * Writes an array in format 1.0, replacing {@code path} as a whole (see {@link AtomicFile}).
   *
   * @throws IllegalArgumentException if it has more dimensions than can be read again
   * @throws InputException if the file cannot be written
   */
  public static void write(Path path, Tensor tensor) {
    byte[] header = headerOf(tensor);
    AtomicFile.write(
        path,
        out -> {
          out.write(header);
          AtomicFile.writeTensor(out, tensor);
        });
  }

  /**
   * Writes a matrix of doubles a row at a time, so that it need not be in memory, as {@link
   * #write}.
   *
   * @param row gives each row's numbers, {@code columns} of them, in their order
   */
  public static void writeRows(Path path, int rows, long columns, IntFunction<double[]> row) {
    byte[] header = headerOf("<f8", Shape.of(rows, columns));
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(8 * columns)).order(ByteOrder.LITTLE_ENDIAN);
    AtomicFile.write(
        path,
        out -> {
          out.write(header);
          for (int i = 0; i < rows; i++) {
            bytes.asDoubleBuffer().put(row.apply(i));
            out.write(bytes.array());
          }
        });
  }

  /** Writes texts, each as long as the longest (NumPy's {@code <U}), as {@link #write}. */
  static void writeTexts(Path path, List<String> texts) {
    int width =
        Math.max(1, texts.stream().mapToInt(t -> t.codePointCount(0, t.length())).max().orElse(1));
    byte[] header = headerOf("<U" + width, Shape.of(texts.size()));
    AtomicFile.write(
        path,
        out -> {
          out.write(header);
          for (String text : texts) {
            ByteBuffer item = ByteBuffer.allocate(4 * width).order(ByteOrder.LITTLE_ENDIAN);
            text.codePoints().forEach(item::putInt);
            out.write(item.array());
          }
        });
  }

  private static byte[] headerOf(Tensor tensor) {
    String descr =
        switch (tensor.dtype()) {
          case F32 -> "<f4";
          case F64 -> "<f8";
          case I64 -> "<i8";
        };
    return headerOf(descr, tensor.shape());
  }

  private static byte[] headerOf(String descr, Shape shape) {
    StringBuilder dict =
        new StringBuilder("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < shape.rank(); i++) {
      dict.append(i > 0 ? ", " : "").append(shape.dim(i));
    }
    dict.append(shape.rank() == 1 ? ",), }" : "), }");
    NpyHeader.parse(dict.toString()); // a shape that nobody could read is not written
    int fixed = MAGIC.length + 4;
    while ((fixed + dict.length() + 1) % 64 != 0) {
      dict.append(' ');
    }
    dict.append('\n');
    byte[] bytes = new byte[fixed + dict.length()];
    System.arraycopy(MAGIC, 0, bytes, 0, MAGIC.length);
    bytes[6] = 1;
    bytes[8] = (byte) dict.length();
    bytes[9] = (byte) (dict.length() >> 8);
    System.arraycopy(
        dict.toString().getBytes(StandardCharsets.US_ASCII), 0, bytes, fixed, dict.length());
    return bytes;
  }
}
