package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Class labels, one per sample: integers of any type from 0 on, bools, floating-point numbers that
 * are whole, or texts, which become classes 0, 1, ... in the order of their names. From {@code
 * .npy}, {@code FILE.npz:NAME}, {@code FILE.safetensors:NAME}, a {@code .txt} with a label a line,
 * {@code FILE.csv:COLUMN}, {@code FILE.parquet:COLUMN}, or a folder that {@code vicinal features}
 * wrote. Immutable.
 *
 * @param ids I64 [N], every element 0 or more
 * @param classes the names of the classes where labels are texts, else none
 */
public record Labels(Tensor ids, Names classes) {
  private static final int LISTED = 8;
  private static final Set<String> MISSING =
      Set.of("nan", "NaN", "None", "NA", "<NA>", "NaT", "null");
  private static final String RENUMBER =
      "number the classes from 0: np.save('labels.npy', np.unique(labels, return_inverse=True)[1])";

  /**
   * Reads labels as ids.
   *
   * @return a tensor I64 [N] of {@code arena}, every element 0 or more
   * @throws InputException if the file is damaged, empty, or has something that is no label
   */
  public static Tensor read(Path path, Arena arena) {
    return read(path, arena, Names.none(), note -> {}).ids();
  }

  /**
   * Reads labels.
   *
   * @param known names of classes: labels that are texts get their ids, and texts that are not
   *     among them the ids after those
   * @param notes receives what is not obvious, such as classes that are not among the known ones
   */
  public static Labels read(Path path, Arena arena, Names known, Consumer<String> notes) {
    FeatureFolder samples = FeatureFolder.of(path);
    if (samples != null) {
      return ofTexts(path, samples.labels(), samples.numbered(), arena, known, notes);
    }
    ArrayPath at = ArrayPath.of(path);
    if (ArrayFile.Format.of(at.file()) == ArrayFile.Format.TEXT) {
      return ofTexts(path, ArrayFile.texts(path), true, arena, known, notes);
    }
    if (ArrayFile.Format.of(at.file()) == ArrayFile.Format.PARQUET) {
      ParquetTexts column = ParquetTexts.read(at);
      return ofTexts(path, column.cells(), column.isNumbers(), arena, known, notes);
    }
    InputFile npy = ArrayFile.openNpy(path);
    if (npy != null) {
      try (npy) {
        Npy.Header header = Npy.header(npy);
        char kind = header.descr().charAt(1);
        if (kind == 'U' || kind == 'S') {
          shape(npy, header.shape());
          return ofTexts(path, List.of(Npy.texts(npy, header)), false, arena, known, notes);
        }
        if (header.element() == null) {
          throw npy.problem(
              kind == 'O'
                  ? "labels are Python objects ('|O'), a pickle, which is never read"
                  : "labels have dtype '" + header.descr() + "'",
              "save them as texts: labels = np.load('"
                  + InputFile.printable(at.file().getFileName().toString())
                  + "'"
                  + (kind == 'O' ? ", allow_pickle=True" : "")
                  + "); np.save('labels.npy', labels.astype(str))");
        }
      }
    }
    try (StoredArray array = ArrayFile.openLabels(path)) {
      shape(array.file(), array.shape());
      return new Labels(numbers(array, arena, notes), Names.none());
    }
  }

  /** Says, where labels are texts, which classes they became: once, when that is decided. */
  public String told() {
    return classes.size() + " " + InputFile.printable(listed(classes.list()));
  }

  private static String listed(Collection<String> names) {
    return (names.size() == 1 ? "class" : "classes")
        + " in the order of their names: "
        + names.stream().limit(LISTED).collect(Collectors.joining(", "))
        + (names.size() > LISTED ? ", ..." : "");
  }

  /** Labels as they stand in their file: a class's name where they are texts, else its number. */
  public List<String> texts() {
    return Arrays.stream(ids.toLongs())
        .mapToObj(id -> classes.known() ? classes.get(id) : Long.toString(id))
        .toList();
  }

  /**
   * Writes labels as they stand in a file: whole numbers as int64, others as texts.
   *
   * @param path {@code .npy}, or {@code .txt} with a label a line
   * @throws InputException if the file cannot be written, or a label has a line break and the file
   *     is a {@code .txt}
   */
  public static void write(Path path, List<String> labels) {
    if (path.toString().endsWith(".txt")) {
      checkLines(path, labels);
      AtomicFile.writeText(path, String.join("\n", labels) + "\n");
    } else {
      writeArray(path, labels);
    }
  }

  static void writeArray(Path path, List<String> labels) {
    if (labels.stream().allMatch(label -> label.matches("\\d{1,18}"))) {
      try (Arena arena = Arena.host()) {
        long[] ids = labels.stream().mapToLong(Long::parseLong).toArray();
        Npy.write(path, arena.of(ids, ids.length));
      }
    } else {
      Npy.writeTexts(path, labels);
    }
  }

  /** Refuses a label that could be no line of a file. */
  static void checkLines(Path path, List<String> labels) {
    for (String label : labels) {
      if (label.lines().count() != 1
          || !label.equals(label.strip())
          || label.startsWith("\uFEFF")) {
        throw InputFile.problem(
            path,
            "label '" + InputFile.printable(label) + "' is no line of its own",
            "name a .npy file");
      }
    }
  }

  /** Two names that a person reads as one are most likely one class. */
  private static void twins(
      Path path, List<String> classes, Set<String> fresh, Consumer<String> notes) {
    Map<String, String> seen = new HashMap<>();
    int pairs = 0;
    String first = null;
    for (String name : classes) {
      String plain = Normalizer.normalize(name, Normalizer.Form.NFC).strip();
      String twin = seen.putIfAbsent(plain.toLowerCase(Locale.ROOT), name);
      if (twin != null && (fresh.contains(name) || fresh.contains(twin))) {
        String other = Normalizer.normalize(twin, Normalizer.Form.NFC).strip();
        boolean composed =
            !name.strip().equals(plain) || !twin.strip().equals(other); // one letter as two
        String how =
            composed
                ? "how Unicode composes their letters"
                : plain.equals(other) ? "blanks around them" : "capitals";
        pairs++;
        first = first != null ? first : "'" + twin + "' and '" + name + "' differ only in " + how;
      }
    }
    if (first != null) {
      notes.accept(
          InputFile.printable(path + ": the classes " + first)
              + (pairs > 1 ? " (and " + (pairs - 1) + " more)" : "")
              + "; write them alike if they are one");
    }
  }

  /** Python writes what is missing as a word, which would be one more class. */
  private static void missing(Path path, List<String> texts, Consumer<String> notes) {
    List<String> gone = texts.stream().filter(MISSING::contains).toList();
    if (!gone.isEmpty()) {
      notes.accept(
          InputFile.printable(path.toString())
              + ": "
              + gone.size()
              + (gone.size() == 1 ? " label is '" : " labels are words such as '")
              + gone.get(0)
              + "', which stands for a missing one and is taken for a class; remove those rows if"
              + " nobody knows their class");
    }
  }

  private static void shape(InputFile file, Shape shape) {
    if (shape.size() == 0) {
      throw file.problem("has no labels", "save one label per row");
    }
    if (shape.rank() == 0) {
      throw file.problem("is a single number, not labels", "save one label per row");
    }
    long longest = 0;
    for (long dim : shape.dims()) {
      longest = Math.max(longest, dim);
    }
    if (longest != shape.size()) {
      throw file.problem(
          "labels have shape " + shape,
          "save one label per row: labels.reshape(-1), or labels.argmax(1) if each row marks one"
              + " class");
    }
  }

  private static Tensor numbers(StoredArray array, Arena arena, Consumer<String> notes) {
    InputFile file = array.file();
    Element element = array.element();
    long n = array.shape().size();
    Tensor labels = InputFile.allocate(file.path(), arena, DType.I64, Shape.of(n));
    array.pieces(
        (bytes, count, first) -> {
          long[] ids = new long[count];
          for (int k = 0; k < count; k++) {
            ids[k] = label(file, element, bytes, k * element.bytes(), first + k);
          }
          labels.rows(first, first + count).set(ids);
        });
    if (element.isFloat() || element == Element.BOOL) {
      notes.accept(
          InputFile.printable(file.path().toString())
              + ": "
              + element.words()
              + " labels read as the classes that they number");
    }
    return labels;
  }

  private static long label(InputFile file, Element element, ByteBuffer bytes, int at, long row) {
    if (element.isFloat()) {
      return whole(file.path(), element.number(bytes, at), row);
    }
    long label = element.whole(bytes, at);
    if (label < 0) {
      boolean unsigned = element == Element.U64;
      throw wrong(
          file.path(),
          unsigned ? Long.toUnsignedString(label) : Long.toString(label),
          row,
          unsigned ? "is too large" : "is negative");
    }
    return label;
  }

  private static long whole(Path path, double label, long row) {
    if (label != Math.rint(label) || label < 0 || label >= 0x1p53) {
      boolean number = label == Math.rint(label);
      throw wrong(
          path,
          Double.toString(label),
          row,
          !number ? "is no whole number" : label < 0 ? "is negative" : "is too large");
    }
    return (long) label;
  }

  private static InputException wrong(Path path, String label, long row, String what) {
    return InputFile.problem(path, "label " + label + " at position " + row + " " + what, RENUMBER);
  }

  /**
   * @param spelt whether texts may spell numbers, as in a table
   */
  private static Labels ofTexts(
      Path path,
      List<String> texts,
      boolean spelt,
      Arena arena,
      Names known,
      Consumer<String> notes) {
    if (texts.isEmpty()) {
      throw InputFile.problem(path, "has no labels", "write one label per row");
    }
    int empty = texts.indexOf("");
    if (empty >= 0) {
      throw InputFile.problem(
          path,
          "the label at position " + empty + " is empty",
          "give it a class or remove the row");
    }
    boolean names = known.known() && texts.stream().allMatch(text -> known.idOf(text) >= 0);
    if (spelt && !names && texts.stream().allMatch(NumberText::isNumber)) {
      long[] ids = new long[texts.size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] =
            texts.get(i).matches("[0-9]{1,18}")
                ? Long.parseLong(texts.get(i))
                : whole(path, NumberText.parsed(texts.get(i)), i);
      }
      return new Labels(arena.of(ids, ids.length), Names.none());
    }
    List<String> classes = new ArrayList<>(known.list());
    TreeSet<String> more = new TreeSet<>(texts);
    more.removeIf(text -> known.idOf(text) >= 0);
    classes.addAll(more);
    twins(path, classes, more, notes);
    missing(path, texts, notes);
    Names all = Names.of(classes);
    if (!more.isEmpty() && known.known()) {
      notes.accept(InputFile.printable(path + ": " + more.size() + " more " + listed(more)));
    }
    long[] ids = texts.stream().mapToLong(all::idOf).toArray();
    return new Labels(arena.of(ids, ids.length), all);
  }
}
