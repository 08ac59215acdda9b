package io.vicinal.data;

import io.vicinal.OptionalLibrary;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The one door for arrays of numbers. A path names
 *
 * <ul>
 *   <li>a {@code .npy} file;
 *   <li>{@code FILE.npz:NAME}, an array of an archive (the name may be left out if it holds one);
 *   <li>{@code FILE.safetensors:NAME}, likewise;
 *   <li>{@code FILE.pt} or {@code FILE.pt:NAME}, a tensor that {@code torch.save} wrote, alone or
 *       in a dict;
 *   <li>a folder that {@code vicinal features} wrote, {@code FOLDER:SPLIT} for some of its samples;
 *   <li>a {@code .csv}, {@code .tsv} or {@code .txt} table of numbers, with or without a first line
 *       of names; {@code FILE.csv:A,B,F..K} takes columns by name, or by number from 0. A table of
 *       all columns is that of its numbers: a column of texts is left out, and so is one that is
 *       read beside it, as labels or names;
 *   <li>a {@code .parquet} file: its one column of lists of numbers, a row each, or else its
 *       columns of numbers; {@code FILE.parquet:A,B,F..K} takes columns, as of a table.
 * </ul>
 *
 * Every type that holds real numbers is converted, of either byte order and layout, a piece at a
 * time: beside the tensor itself an {@code .npz} member in Fortran order needs its size once more,
 * everything else a few MiB. What is not obvious about a conversion goes to {@code notes}, one
 * sentence each. Pickled objects are never read. Stateless, so safe for any thread.
 */
public final class ArrayFile {
  private static final long LARGE = 1L << 30;

  private ArrayFile() {}

  enum Format {
    NPY,
    NPZ,
    SAFETENSORS,
    TORCH,
    TEXT,
    PARQUET;

    boolean isTable() {
      return this == TEXT || this == PARQUET;
    }

    static Format of(Path file) {
      byte[] start;
      try (InputFile in = InputFile.open(file)) {
        start = in.peek(OtherFormat.BYTES);
      }
      String name = file.toString().toLowerCase(Locale.ROOT);
      String magic = new String(start, StandardCharsets.ISO_8859_1);
      if (name.endsWith(".safetensors") && magic.startsWith("{", Long.BYTES)) {
        return SAFETENSORS; // the length before the brace may look like anything
      }
      OtherFormat.check(file, start);
      if (magic.startsWith("\u0093NUM")) {
        return NPY;
      }
      boolean torch = name.endsWith(".pt") || name.endsWith(".pth");
      if (torch && (magic.startsWith("PK") || magic.startsWith("\u0080"))) {
        return TORCH;
      }
      if (magic.startsWith("PK\u0003\u0004") || magic.startsWith("PK\u0005\u0006")) {
        return NPZ;
      }
      if (name.endsWith(".safetensors")) {
        return SAFETENSORS;
      }
      if (magic.startsWith("PAR") || name.endsWith(".parquet")) {
        OptionalLibrary.requireParquet();
        return PARQUET; // whose reader says what is missing
      }
      if (name.endsWith(".csv") || name.endsWith(".tsv") || name.endsWith(".txt")) {
        return TEXT;
      }
      if (magic.startsWith("\u0080")) {
        throw InputFile.problem(
            file,
            "is a pickle, which can run code and is never read",
            "load it in Python and write the array with numpy.save");
      }
      if (magic.startsWith("\u0089HDF")) {
        throw InputFile.problem(
            file, "is a HDF5 file, which is not read", "write its numbers with numpy.save");
      }
      return NPY; // whose reader says what is missing
    }
  }

  /** Opens a {@code .npy} file or the member of an archive; null for every other format. */
  static InputFile openNpy(Path path) {
    ArrayPath at = ArrayPath.of(path);
    return switch (Format.of(at.file())) {
      case NPY -> {
        InputFile file = InputFile.open(at.file());
        if (at.part() != null) {
          file.close();
          throw InputFile.problem(
              path, at.file().getFileName() + " holds one array", "leave out :" + at.part());
        }
        yield file;
      }
      case NPZ -> ZipMember.open(at.file(), at.part());
      case SAFETENSORS, TORCH, TEXT, PARQUET -> null;
    };
  }

  /** The array if it is one of numbers in bytes, null if the path names a table. */
  private static StoredArray open(Path path) {
    FeatureFolder samples = FeatureFolder.of(path);
    if (samples != null) {
      return open(samples);
    }
    ArrayPath at = ArrayPath.of(path);
    Format format = Format.of(at.file());
    if (format.isTable()) {
      return null;
    }
    if (format == Format.TORCH) {
      return TorchFile.find(at);
    }
    InputFile file = format == Format.SAFETENSORS ? InputFile.open(at.file()) : openNpy(path);
    try {
      return format == Format.SAFETENSORS
          ? Safetensors.find(file, at.part())
          : Npy.stored(file, Npy.header(file));
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static StoredArray open(FeatureFolder samples) {
    StoredArray all = open(samples.features());
    try {
      if (all.shape().rank() != 2 || all.shape().dim(0) != samples.size()) {
        throw InputFile.problem(
            samples.features(),
            "has shape "
                + all.shape()
                + " where "
                + FeatureFolder.TABLE
                + " has "
                + samples.size()
                + " samples",
            "run 'vicinal features' again, which writes both");
      }
      return all.rows(samples.rows());
    } catch (RuntimeException | Error e) {
      all.close();
      throw e;
    }
  }

  private static NumberTable table(Path path, Path... beside) {
    return Format.of(ArrayPath.of(path).file()) == Format.PARQUET
        ? ParquetNumbers.of(path, beside)
        : CsvNumbers.of(path, beside);
  }

  /**
   * The shape of an array that could be read; of a table it takes a pass over the file.
   *
   * @param beside as {@link #read}
   * @throws io.vicinal.InputException as {@link #read}
   */
  public static Shape shape(Path path, Path... beside) {
    try (StoredArray array = open(path)) {
      return array == null ? table(path, beside).shape() : array.shape();
    }
  }

  /**
   * Says what {@link #read} would refuse about a table, without its size in memory; about an array
   * of numbers in bytes, which may be large, nothing.
   *
   * @return the flat index of the first number that is NaN or infinite, -1 if there is none
   */
  public static long checkTable(Path path, DType type, Path... beside) {
    try (StoredArray array = open(path)) {
      return array == null ? table(path, beside).check(type) : -1;
    }
  }

  /**
   * What some columns of a table's features are called; it takes a pass over the file.
   *
   * @param at among the features
   * @param beside as {@link #read}
   * @return null if the path names no table, or a column of lists
   */
  public static TableColumns columns(Path path, int[] at, Path... beside) {
    try (StoredArray array = open(path)) {
      return array == null ? table(path, beside).columns(at) : null;
    }
  }

  /**
   * Which column of a table a feature is, in words that follow its place; empty where there is no
   * table, or the feature is one of a list.
   *
   * @param beside as {@link #read}
   */
  public static String column(Path path, long feature, Path... beside) {
    TableColumns columns = columns(path, new int[] {Math.toIntExact(feature)}, beside);
    return columns == null ? "" : " (column " + columns.names().get(0) + ")";
  }

  /**
   * As {@link #shape} where the file says it without being read; null for a table, which is a
   * matrix that is not empty and whose size takes a pass over the file.
   *
   * @throws io.vicinal.InputException as {@link #read}
   */
  public static Shape storedShape(Path path) {
    try (StoredArray array = open(path)) {
      return array == null ? null : array.shape();
    }
  }

  /**
   * Reads an array of numbers of any shape.
   *
   * @param type F32 or F64; null: F32 for types of 32 or fewer bits that it holds exactly, else F64
   * @param notes receives what is not obvious
   * @param beside paths of labels and names that are read with it, null for none: their columns of
   *     the same table are left out
   * @throws io.vicinal.InputException if the file is missing, damaged, holds no numbers or one that
   *     the type cannot hold, or is too large for memory
   */
  public static Tensor read(
      Path path, Arena arena, DType type, Consumer<String> notes, Path... beside) {
    try (StoredArray array = open(path)) {
      if (array == null) {
        NumberTable table = table(path, beside);
        Tensor tensor = table.read(arena, type == null ? table.number() : type);
        notes.accept(InputFile.printable(path.toString()) + ": " + table.words());
        return tensor;
      }
      note(path, notes);
      DType wanted = type == null ? array.element().number() : type;
      note(array, wanted, notes);
      return array.read(arena, wanted);
    }
  }

  /** Which samples of a folder they are. */
  private static void note(Path path, Consumer<String> notes) {
    FeatureFolder samples = FeatureFolder.of(path);
    if (samples != null && samples.words() != null) {
      notes.accept(InputFile.printable(path.toString()) + ": " + samples.words());
    }
  }

  private static void note(StoredArray array, DType type, Consumer<String> notes) {
    Element element = array.element();
    if (element != Element.F32 && element != Element.F64) {
      notes.accept(
          InputFile.printable(array.file().path().toString())
              + ": "
              + element.words()
              + " read as "
              + (type == DType.F32 ? "float32" : "float64")
              + (!element.isFloat() && element.bytes() > 2 && type == DType.F32
                  ? ", which is exact up to 16777216"
                  : ""));
    }
  }

  /**
   * As {@link #read}, but a matrix of 1 GiB or more that is stored as the tensor would be stays in
   * its file: its pages are read when they are touched and are the system's to drop, so it may be
   * larger than memory. The file must not be cut while the arena is open: touching a missing page
   * ends the process. Writing to such a tensor changes a copy and never the file, and it counts
   * neither in {@link Arena#bytes} nor in {@link io.vicinal.tensor.HostMemory#liveBytes}.
   *
   * @param arena of the processor's memory; its close or reset ends the mapping
   * @param type F32 or F64; null: as {@link #read} chooses
   * @param beside as {@link #read}
   */
  public static Tensor mapLarge(
      Path path, Arena arena, DType type, Consumer<String> notes, Path... beside) {
    return mapLarge(path, arena, type, notes, LARGE, beside);
  }

  /**
   * @param large bytes from which on a matrix is mapped
   */
  static Tensor mapLarge(
      Path path, Arena arena, DType wanted, Consumer<String> notes, long large, Path... beside) {
    try (StoredArray array = open(path)) {
      if (array == null) {
        return read(path, arena, wanted, notes, beside);
      }
      note(path, notes);
      DType type = wanted == null ? array.element().number() : wanted;
      InputFile file = array.file();
      long bytes = array.shape().size() * type.bytes();
      boolean mapped = array.shape().rank() == 2 && bytes >= large;
      if (mapped && array.isInPlace(type)) {
        return MappedFile.map(file.path(), array.offset(), type, array.shape(), arena);
      }
      note(array, type, notes);
      if (mapped) {
        notes.accept(
            InputFile.printable(file.path().toString())
                + ": takes "
                + (bytes >> 20)
                + " MiB of memory; to leave it in its file save "
                + (type == DType.F32 ? "float32" : "float64")
                + " in C order with numpy.save");
      }
      return array.read(arena, type);
    }
  }

  /**
   * Writes an array as its file's ending says: a matrix as a table where it is one of {@link
   * TableFile}, in Parquet as a column of lists; else as {@code .npy}.
   *
   * @param name of that column
   * @throws io.vicinal.InputException if the file cannot be written
   */
  public static void write(Path path, Tensor array, String name) {
    if (TableFile.isTable(path)) {
      new TableFile(array.dim(0)).matrix(name, array).write(path);
    } else {
      Npy.write(path, array);
    }
  }

  /**
   * The cells of a column of texts: a {@code .npy} or {@code .npz} array of strings, the lines of a
   * {@code .txt}, or a table's column.
   *
   * @return null if the file holds an array of something else
   */
  static List<String> texts(Path path) {
    FeatureFolder samples = FeatureFolder.of(path);
    if (samples != null) {
      return samples.names();
    }
    ArrayPath at = ArrayPath.of(path);
    Format format = Format.of(at.file());
    if (format == Format.TEXT) {
      return CsvColumn.read(at.file(), at.part());
    }
    if (format == Format.PARQUET) {
      ParquetTexts column = ParquetTexts.read(at);
      return column.isReal() ? null : column.cells();
    }
    if (format == Format.SAFETENSORS || format == Format.TORCH) {
      return null;
    }
    try (InputFile file = openNpy(path)) {
      Npy.Header header = Npy.header(file);
      char kind = header.descr().charAt(1);
      return kind == 'U' || kind == 'S' ? Arrays.asList(Npy.texts(file, header)) : null;
    }
  }

  /** An array of integers, bools or floating-point numbers for {@link Labels}. */
  static StoredArray openLabels(Path path) {
    return open(path);
  }

  /**
   * What to say about an array of more than two dimensions where rows are wanted; else empty.
   *
   * @return for [10, 20, 20]: ": reshape it to [10, 400]"
   */
  public static String asRows(Shape shape) {
    return shape.rank() < 3 || shape.size() == 0
        ? ""
        : ": reshape it to [" + shape.dim(0) + ", " + shape.size() / shape.dim(0) + "]";
  }
}
