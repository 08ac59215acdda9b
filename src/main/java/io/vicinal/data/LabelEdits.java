package io.vicinal.data;

import io.vicinal.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Labels of a file, written again with some of them changed. In a file of the same kind everything
 * else stays as it is: the other columns, quotes and line ends of a table, how a number is spelt
 * (007), the type, byte order and shape of an array. Immutable.
 */
public final class LabelEdits {
  /** What a file of labels is, and so what it can be written as. */
  public enum Kind {
    /** A table, of which the labels are a column. */
    TABLE,
    /** A text with a label a line. */
    LINES,
    /** An array of NumPy's. */
    ARRAY,
    /** What is read only. */
    OTHER
  }

  private final Path labels;
  private final int[] rows; // of a table, null for all
  private final Kind kind;
  private final List<String> before;
  private final List<String> spelt; // as the file has them
  private final Map<String, String> spellings = new HashMap<>();

  /**
   * @param labels their file, {@code FILE:NAME} for a column or member, or a folder's samples
   * @param before the labels as {@link Labels#texts} has them
   */
  public LabelEdits(Path labels, List<String> before) {
    FeatureFolder samples = FeatureFolder.of(labels);
    this.labels = FeatureFolder.labelColumn(labels);
    this.rows = samples == null ? null : samples.rows();
    this.before = before;
    this.kind = kind(labels);
    List<String> texts =
        samples != null ? samples.labels() : kind == Kind.OTHER ? null : ArrayFile.texts(labels);
    this.spelt = texts == null ? before : texts;
    Map<String, Map<String, Long>> counts = new HashMap<>();
    for (int i = 0; i < before.size(); i++) {
      counts
          .computeIfAbsent(before.get(i), c -> new HashMap<>())
          .merge(spelt.get(i), 1L, Long::sum);
    }
    counts.forEach(
        (label, ways) ->
            spellings.put(
                label,
                ways.entrySet().stream()
                    .max(
                        Map.Entry.<String, Long>comparingByValue()
                            .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
                    .orElseThrow()
                    .getKey()));
  }

  /** What the file of these labels is. */
  public static Kind kind(Path labels) {
    ArrayPath at = ArrayPath.of(FeatureFolder.labelColumn(labels));
    return switch (ArrayFile.Format.of(at.file())) {
      case TEXT -> at.part() == null && ending(at.file(), ".txt") ? Kind.LINES : Kind.TABLE;
      case NPY, NPZ -> Kind.ARRAY;
      case SAFETENSORS, TORCH, PARQUET -> Kind.OTHER;
    };
  }

  private static boolean isParquet(Path labels) {
    return ArrayFile.Format.of(ArrayPath.of(labels).file()) == ArrayFile.Format.PARQUET;
  }

  private static boolean ending(Path file, String... endings) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return List.of(endings).stream().anyMatch(name::endsWith);
  }

  /**
   * What a file is written as.
   *
   * @param stream whether it has no name that counts: it becomes what the labels are
   * @throws InputException if the labels cannot be written so
   */
  public static Kind written(Path labels, Path out, boolean stream) {
    Kind kind = kind(labels);
    if (stream) {
      return kind == Kind.OTHER ? Kind.ARRAY : kind;
    }
    if (ending(out, ".csv", ".tsv")) {
      if (kind == Kind.OTHER && isParquet(labels)) {
        throw new InputException(
            out
                + ": a Parquet table is not written again; name a .npy or .txt, which has its labels"
                + " row by row");
      }
      if (kind != Kind.TABLE) {
        throw new InputException(
            out + ": is written where the labels are a column of a table; name a .npy or .txt");
      }
      return Kind.TABLE;
    }
    boolean sameTable = kind == Kind.TABLE && ending(ArrayPath.of(labels).file(), ".txt");
    return ending(out, ".npy") ? Kind.ARRAY : sameTable ? Kind.TABLE : Kind.LINES;
  }

  /**
   * Writes them.
   *
   * @param after the labels, changed
   * @param as what {@link #written} says
   * @param name of the file for messages
   * @throws InputException if it cannot be written, or the file's type has no room for a label
   */
  public void write(List<String> after, Kind as, Path file, Path name) {
    Map<Integer, String> changed = new HashMap<>();
    List<String> all = new ArrayList<>(spelt);
    for (int i = 0; i < after.size(); i++) {
      if (!after.get(i).equals(before.get(i))) {
        changed.put(i, spellings.getOrDefault(after.get(i), after.get(i)));
        all.set(i, changed.get(i));
      }
    }
    if (as == Kind.LINES) {
      Labels.checkLines(name, all);
    }
    if (as == kind && kind != Kind.ARRAY) {
      ArrayPath at = ArrayPath.of(labels);
      Map<Integer, String> cells = new HashMap<>();
      changed.forEach((i, label) -> cells.put(rows == null ? i : rows[i], label));
      AtomicFile.writeText(file, CsvColumn.replaced(at.file(), at.part(), cells, separator(name)));
    } else if (as == Kind.LINES) {
      AtomicFile.writeText(file, String.join("\n", all) + "\n");
    } else {
      byte[] patched = kind == Kind.ARRAY ? patched(changed) : null;
      if (patched != null) {
        AtomicFile.write(file, out -> out.write(patched));
      } else if (kind == Kind.ARRAY && isText()) { // also where all of them read as numbers
        Npy.writeTexts(file, all);
      } else {
        Labels.writeArray(file, kind == Kind.ARRAY ? all : after);
      }
    }
  }

  /**
   * What stands between two cells of a table: what its ending says, but what stands in the labels'
   * own file where that has the same ending.
   */
  private char separator(Path name) {
    Path from = ArrayPath.of(labels).file();
    for (String ending : List.of(".csv", ".tsv")) {
      if (ending(name, ending) && !ending(from, ending)) {
        return ending.equals(".tsv") ? '\t' : ',';
      }
    }
    return kind == Kind.TABLE ? CsvColumn.separator(from) : ',';
  }

  /** What separates the cells of a table of this name if its ending says otherwise, else null. */
  public String otherSeparator(Path name) {
    if (kind != Kind.TABLE || !ending(name, ".csv") || separator(name) == ',') {
      return null;
    }
    return separator(name) == ';' ? "semicolons" : "tabs";
  }

  private boolean isText() {
    try (InputFile in = ArrayFile.openNpy(labels)) {
      return Npy.header(in).element() == null;
    }
  }

  /** The array's bytes with some elements changed; null if it has no room for a text. */
  private byte[] patched(Map<Integer, String> changed) {
    Npy.Header header;
    byte[] bytes;
    try (InputFile in = ArrayFile.openNpy(labels)) {
      header = Npy.header(in);
    }
    try (InputFile in = ArrayFile.openNpy(labels)) {
      if (in.size() > Integer.MAX_VALUE - 8) {
        return null;
      }
      bytes = in.readFully((int) in.size());
    }
    ByteBuffer buffer =
        ByteBuffer.wrap(bytes)
            .order(
                header.descr().charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    for (Map.Entry<Integer, String> change : changed.entrySet()) {
      int at = (int) header.dataOffset() + change.getKey() * header.itemBytes();
      if (!put(header, buffer, at, change.getValue())) {
        return null;
      }
    }
    return bytes;
  }

  private boolean put(Npy.Header header, ByteBuffer buffer, int at, String label) {
    Element element = header.element();
    if (element != null) {
      long number = Long.parseLong(label);
      if (!element.holds(number)) {
        throw InputFile.problem(
            labels,
            "has " + element.words() + " labels, which cannot be " + label,
            "save them as int64, or name a .txt to write");
      }
      element.put(buffer, at, number);
      return true;
    }
    boolean bytes = header.descr().charAt(1) == 'S';
    int width = header.itemBytes();
    byte[] text = bytes ? label.getBytes(StandardCharsets.UTF_8) : null;
    int[] points = label.codePoints().toArray();
    if ((bytes ? text.length : 4 * points.length) > width) {
      return false;
    }
    buffer.put(at, new byte[width]);
    if (bytes) {
      buffer.put(at, text);
    } else {
      for (int i = 0; i < points.length; i++) {
        buffer.putInt(at + 4 * i, points[i]);
      }
    }
    return true;
  }
}
