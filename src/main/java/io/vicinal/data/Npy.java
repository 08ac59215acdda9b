package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * NumPy's {@code .npy} arrays: formats 1.0, 2.0 and 3.0 in, 1.0 out; C order; float32, float64 and
 * int64, little-endian. Every other layout is refused with the line of Python that converts it. The
 * header is compared with the file's real size before a byte is allocated. Format: NumPy
 * Enhancement Proposal 1. Stateless, so safe for any thread.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** Ours have three short entries; a longer header is damage or malice. */
  private static final int MAX_HEADER = 64 << 10;

  private static final Map<String, DType> DTYPES =
      Map.of("<f4", DType.F32, "<f8", DType.F64, "<i8", DType.I64);

  private Npy() {}

  /**
   * What a file says about itself, checked against its size.
   *
   * @param descr NumPy's type string, such as {@code "<f4"}
   * @param shape lengths of the dimensions
   * @param dataOffset where the elements start, in bytes
   * @param itemBytes bytes of one element
   */
  public record Header(String descr, Shape shape, long dataOffset, int itemBytes) {
    /**
     * The tensor type, or null if there is none ({@link Labels} reads more integer types than
     * tensors have).
     */
    public DType dtype() {
      return DTYPES.get(descr);
    }
  }

  /**
   * Reads only the header, and checks that the file has exactly the bytes that it promises.
   *
   * @throws InputException if it is not a well-formed array in C order and little-endian
   */
  public static Header header(Path path) {
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
    if (length > MAX_HEADER || dataOffset > file.size()) {
      throw file.problem(
          "claims a header of " + length + " bytes, of a file of " + file.size(),
          "write it again with numpy.save");
    }
    String text = ascii(file, file.readFully((int) length));
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
    if (!descr.matches("[<>|=][a-zA-Z][0-9]{1,4}(\\[[a-z0-9]*\\])?")) {
      throw file.problem(
          "has the unknown dtype '" + InputFile.printable(descr) + "'",
          "save it with .astype('<f4')");
    }
    if (descr.charAt(0) == '>') {
      throw file.problem(
          "is big-endian ('" + descr + "')",
          "save it with .astype('" + littleEndianOf(descr) + "')");
    }
    if (fields.fortranOrder() && fields.shape().length > 1) {
      throw file.problem("is in Fortran order", "save numpy.ascontiguousarray(...) of it");
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
    return new Header(descr, shape, dataOffset, itemBytes);
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

  private static String littleEndianOf(String descr) {
    return descr.charAt(1) == 'i' || descr.charAt(1) == 'u'
        ? "<i8"
        : "f8".equals(descr.substring(1)) ? "<f8" : "<f4";
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
   * Reads an array of float32, float64 or int64.
   *
   * @return a tensor of {@code arena} with the file's type and shape
   * @throws InputException if the file is missing, damaged, of another type, or too large for
   *     memory
   */
  public static Tensor read(Path path, Arena arena) {
    try (InputFile file = InputFile.open(path)) {
      Header header = header(file);
      DType type = header.dtype();
      if (type == null) {
        throw file.problem(
            "has dtype " + named(header.descr()),
            "save it with .astype('" + remedyFor(header.descr()) + "')");
      }
      Tensor tensor = allocate(file, arena, type, header.shape());
      file.readInto(tensor);
      return tensor;
    }
  }

  /**
   * Reads numbers of a wanted type and rank, converting between float32 and float64.
   *
   * @param type F32 or F64
   * @param rank number of dimensions, each of which must have 1 or more elements
   * @throws InputException as {@link #read}, and if the array is of integers, empty or of another
   *     rank
   */
  public static Tensor readFloats(Path path, Arena arena, DType type, int rank) {
    Header header = header(path);
    if (header.dtype() == DType.I64) {
      throw InputFile.problem(
          path, "holds integers where numbers are expected", "save it with .astype('<f4')");
    }
    if (header.shape().rank() != rank || header.shape().size() == 0) {
      throw InputFile.problem(
          path,
          "has shape "
              + header.shape()
              + " where "
              + rank
              + (rank == 1 ? " non-empty dimension is" : " non-empty dimensions are")
              + " expected",
          "reshape it before saving");
    }
    if (header.dtype() == type || header.dtype() == null) {
      return read(path, arena);
    }
    try (Arena temporary = Arena.host()) {
      Tensor source = read(path, temporary);
      Tensor tensor = arena.allocate(type, source.shape());
      tensor.copyFrom(source);
      return tensor;
    }
  }

  /**
   * A matrix of numbers that stays in its file: its pages are read when they are touched and are
   * the system's to drop, so a matrix may be larger than memory. The file must not be cut while the
   * arena is open: touching a missing page ends the process.
   *
   * @param path of an array [N, D] of float32 or float64
   * @param arena of the processor's memory; its close or reset ends the mapping. The tensor counts
   *     neither in its {@link Arena#bytes} nor in {@link io.vicinal.tensor.HostMemory#liveBytes}
   * @return a tensor of the file's type; writing to it changes a copy and never the file
   * @throws InputException if the file is missing, damaged or truncated, or is not such a matrix
   */
  public static Tensor map(Path path, Arena arena) {
    Header header = header(path);
    DType type = header.dtype();
    if (type == null || !type.isFloat()) {
      throw InputFile.problem(
          path,
          "has dtype " + named(header.descr()) + " where numbers are expected",
          "save it with .astype('<f4')");
    }
    if (header.shape().rank() != 2 || header.shape().size() == 0) {
      throw InputFile.problem(
          path,
          "has shape " + header.shape() + " where 2 non-empty dimensions are expected",
          "reshape it before saving");
    }
    return MappedFile.map(path, header.dataOffset(), type, header.shape(), arena);
  }

  static Tensor allocate(InputFile file, Arena arena, DType type, Shape shape) {
    try {
      return arena.allocate(type, shape);
    } catch (InputException e) {
      throw new InputException(
          InputFile.printable(file.path().toString()) + ": " + e.getMessage(), e);
    }
  }

  private static String named(String descr) {
    return switch (descr.substring(1)) {
      case "f2" -> "float16 ('" + descr + "')";
      case "b1" -> "bool ('" + descr + "')";
      case "O8", "O" -> "object ('" + descr + "')";
      default -> "'" + descr + "'";
    };
  }

  private static String remedyFor(String descr) {
    char kind = descr.charAt(1);
    return kind == 'i' || kind == 'u' || kind == 'b' ? "<i8" : "<f4";
  }

  /**
   * Writes an array in format 1.0, replacing {@code path} as a whole (see {@link AtomicFile}).
   *
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

  private static byte[] headerOf(Tensor tensor) {
    String descr =
        switch (tensor.dtype()) {
          case F32 -> "<f4";
          case F64 -> "<f8";
          case I64 -> "<i8";
        };
    StringBuilder dict =
        new StringBuilder("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < tensor.shape().rank(); i++) {
      dict.append(i > 0 ? ", " : "").append(tensor.dim(i));
    }
    dict.append(tensor.shape().rank() == 1 ? ",), }" : "), }");
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
