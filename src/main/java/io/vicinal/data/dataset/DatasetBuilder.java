package io.vicinal.data.dataset;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.Names;
import io.vicinal.process.Encoding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A dataset while its format is read: samples one after another, and what is wrong with those that
 * cannot become one. A bad sample stops the reading at its end, with the first one's file and line
 * and how many there are; or all are left out and counted. For one thread.
 */
public final class DatasetBuilder {
  private static final Comparator<String> NUMBERS_FIRST =
      Comparator.comparing((String name) -> isNumber(name) ? 0 : 1)
          .thenComparing(name -> isNumber(name) ? Long.parseLong(name) : 0L)
          .thenComparing(TextColumn.BYTES);

  private final String format;
  private final boolean skipBad;
  private final TextColumn names = new TextColumn();
  private final Map<String, Integer> classes = new LinkedHashMap<>();
  private final Map<String, Integer> superClasses = new LinkedHashMap<>();
  private final List<String> splits = new ArrayList<>();
  private final BitSet queries = new BitSet();
  private final BitSet gallery = new BitSet();
  private final BitSet saysQuery = new BitSet(); // samples of which it is known whether they ask
  private final BitSet saysGallery = new BitSet();
  private final TextColumn places = new TextColumn(); // where samples are listed, of the first ones
  private final Map<String, TextColumn> more = new TreeMap<>();
  private final Map<String, String> seen = new HashMap<>();
  private final Map<String, Integer> published = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private Path root;
  private PixelArray pixels;
  private UnaryOperator<String> called = name -> name;
  private int[] labels = new int[64];
  private short[] splitOf = new short[64];
  private int[] superClassOf; // null until the first
  private float[] boxes; // likewise
  private int count;
  private Path list; // that the places are in
  private int bad;
  private String firstBad;
  private final List<String> leftOut = new ArrayList<>();

  DatasetBuilder(String format, Path root, boolean skipBad) {
    this.format = format;
    this.root = root;
    this.skipBad = skipBad;
  }

  private static boolean isNumber(String name) {
    return name.matches("-?[0-9]{1,18}");
  }

  /** Where the paths of samples start. */
  Path root() {
    return root;
  }

  void root(Path folder) {
    root = folder;
  }

  /** The pictures, where they are no files. */
  void pixels(PixelArray array) {
    pixels = array;
  }

  /** What a class is called in the end, by the name that it was added under. */
  void called(UnaryOperator<String> other) {
    called = other;
  }

  /** The number of a class: that which it has, or the next. */
  int classOf(String name) {
    return classes.computeIfAbsent(name, none -> classes.size());
  }

  /**
   * Numbers the classes anew, in the order of their names' bytes.
   *
   * @param numbers whether names that are numbers come first, as numbers
   */
  void sortClasses(boolean numbers) {
    List<String> sorted = new ArrayList<>(classes.keySet());
    sorted.sort(numbers ? NUMBERS_FIRST : TextColumn.BYTES);
    int[] to = new int[sorted.size()];
    for (int i = 0; i < to.length; i++) {
      to[classes.get(sorted.get(i))] = i;
    }
    for (int i = 0; i < count; i++) {
      labels[i] = to[labels[i]];
    }
    classes.clear();
    sorted.forEach(this::classOf);
  }

  /** Splits by class where no split is known yet: the first half trains, the others test. */
  void splitClasses() {
    int half = classes.size() / 2;
    splits.clear();
    splits.addAll(List.of(Dataset.TRAIN, Dataset.TEST));
    for (int i = 0; i < count; i++) {
      splitOf[i] = (short) (labels[i] < half ? 0 : 1);
    }
  }

  /** Adds a sample; what is said next of box, super-class and flags is said of it. */
  void add(String name, int label, String split) {
    if (count == labels.length) {
      int size = count + count / 2;
      labels = Arrays.copyOf(labels, size);
      splitOf = Arrays.copyOf(splitOf, size);
      superClassOf = superClassOf == null ? null : Arrays.copyOf(superClassOf, size);
      boxes = boxes == null ? null : Arrays.copyOf(boxes, 4 * size);
    }
    names.add(name);
    labels[count] = label;
    if (!splits.contains(split)) {
      splits.add(split);
    }
    splitOf[count] = (short) splits.indexOf(split);
    if (superClassOf != null) {
      superClassOf[count] = -1;
    }
    if (boxes != null) {
      Arrays.fill(boxes, 4 * count, 4 * count + 4, Float.NaN);
    }
    count++;
  }

  void superClass(String name) {
    if (superClassOf == null) {
      superClassOf = new int[labels.length];
      Arrays.fill(superClassOf, -1);
    }
    superClassOf[count - 1] = superClasses.computeIfAbsent(name, none -> superClasses.size());
  }

  void box(float left, float top, float right, float bottom) {
    if (boxes == null) {
      boxes = new float[4 * labels.length];
      Arrays.fill(boxes, Float.NaN);
    }
    float[] corners = {left, top, right, bottom};
    System.arraycopy(corners, 0, boxes, 4 * (count - 1), 4);
  }

  void flags(boolean query, boolean searched) {
    query(query);
    searched(searched);
  }

  /** Whether it asks. */
  void query(boolean value) {
    queries.set(count - 1, value);
    saysQuery.set(count - 1);
  }

  /** Whether it is searched. */
  void searched(boolean value) {
    gallery.set(count - 1, value);
    saysGallery.set(count - 1);
  }

  /** Where it is listed; of all samples, or of none. */
  void place(Path file, String at) {
    list = file;
    places.add(at);
  }

  /** A cell of a column that is kept as it is; every sample has one. */
  void cell(String column, String text) {
    more.computeIfAbsent(column, none -> new TextColumn()).add(text);
  }

  /**
   * Whether a listed path becomes a sample: it is there, and was not listed before.
   *
   * @param at where it is listed, such as "line 7"
   * @param key what else tells samples of one picture apart, such as a box; may be empty
   */
  boolean listed(Path list, String at, String name, String key) {
    if (name.isEmpty()) {
      bad(list, at + " has no path");
      return false;
    }
    Path file;
    try {
      file = root.resolve(name);
    } catch (IllegalArgumentException e) {
      bad(list, at + ": '" + name + "' is no path" + Encoding.advice(name));
      return false;
    }
    String before = seen.putIfAbsent(file.normalize().toString() + '\0' + key, at);
    if (before != null) {
      bad(list, at + " has '" + name + "' again, which " + before + " has");
      return false;
    }
    if (!Files.isRegularFile(file)) {
      String what = Files.isDirectory(file) ? " is a folder" : " does not exist";
      bad(list, at + ": '" + file + "'" + what + Encoding.advice(name));
      return false;
    }
    return true;
  }

  /** Something that cannot become a sample. */
  void bad(Path file, String what) {
    String sentence = InputFile.printable(file + ": " + what);
    if (bad++ == 0) {
      firstBad = sentence;
    }
    if (skipBad) {
      leftOut.add(sentence);
    }
  }

  /** What a user should know. */
  void note(String sentence) {
    notes.add(InputFile.printable(sentence));
  }

  /** How many samples the published split has; "query" and "gallery" are counted as such. */
  void published(String split, int samples) {
    published.put(split, samples);
  }

  /**
   * The dataset.
   *
   * @throws InputException if a sample is bad, or there is none
   */
  Dataset build() {
    int[] kept = rolesTold();
    if (bad > 0 && !skipBad) {
      throw new InputException(ImageTree.refusal(firstBad, bad));
    }
    if (bad > 0) {
      notes.add(0, left(bad) + " left out with --skip-bad, the first: " + firstBad);
    }
    if (kept.length == 0) {
      throw InputFile.problem(root, "has no samples" + (bad > 0 ? " left" : ""), "check the path");
    }
    Dataset.Columns columns =
        new Dataset.Columns(
            names,
            Arrays.copyOf(labels, count),
            Arrays.copyOf(splitOf, count),
            superClassOf == null ? null : Arrays.copyOf(superClassOf, count),
            boxes == null ? null : Arrays.copyOf(boxes, 4 * count),
            queries,
            gallery,
            null,
            more);
    noteCounts();
    Names below = Names.of(classes.keySet().stream().map(called).toList());
    Names above = Names.of(List.copyOf(superClasses.keySet()));
    Dataset all = new Dataset(format, root, columns, below, above, splits, pixels, leftOut, notes);
    return kept.length == count ? all.sorted() : all.subset(kept);
  }

  /**
   * Who asks and who is searched where nothing is said of a split: all. Who says nothing where
   * others of the split do is neither, which nobody means: OML refuses such tables.
   *
   * @return the samples that stay
   */
  private int[] rolesTold() {
    BitSet silent = silent(saysQuery, queries, "is_query");
    silent.or(silent(saysGallery, gallery, "is_gallery"));
    int neither =
        (int)
            IntStream.range(0, count)
                .filter(i -> !queries.get(i) && !gallery.get(i) && !silent.get(i))
                .count();
    if (neither > 0) {
      note(
          neither
              + (neither == 1 ? " sample is" : " samples are")
              + " neither query nor gallery, and not evaluated");
    }
    return IntStream.range(0, count).filter(i -> !silent.get(i)).toArray();
  }

  private BitSet silent(BitSet says, BitSet values, String column) {
    BitSet speaking = new BitSet(); // splits
    says.stream().forEach(i -> speaking.set(splitOf[i]));
    BitSet silent = new BitSet();
    for (int i = 0; i < count; i++) {
      if (!speaking.get(splitOf[i])) {
        values.set(i);
      } else if (!says.get(i)) {
        silent.set(i);
        String of = "of split " + splits.get(splitOf[i]) + " has no " + column;
        bad(
            list == null ? root : list,
            (list == null ? names.get(i) : places.get(i)) + " " + of + ", where others have it");
      }
    }
    return silent;
  }

  private void noteCounts() {
    published.forEach(
        (split, expected) -> {
          int found = found(split);
          if (found != expected) {
            note(
                String.format(
                    Locale.ROOT,
                    "%s: %,d %s samples, where %,d are published",
                    format,
                    found,
                    split,
                    expected));
          }
        });
    BitSet used = new BitSet();
    Arrays.stream(labels, 0, count).forEach(used::set);
    int empty = classes.size() - used.cardinality();
    if (empty > 0) {
      String first = List.copyOf(classes.keySet()).get(used.nextClearBit(0));
      note(empty + " of " + classes.size() + " classes have no samples, the first: " + first);
    }
    if (used.cardinality() == 1) {
      note(
          "there is one class, "
              + List.copyOf(classes.keySet()).get(used.nextSetBit(0))
              + ": there is nothing to tell apart");
    }
  }

  private int found(String split) {
    return switch (split) {
      case "query" -> said(saysQuery, queries);
      case "gallery" -> said(saysGallery, gallery);
      default ->
          (int) IntStream.range(0, count).filter(i -> splits.get(splitOf[i]).equals(split)).count();
    };
  }

  private static int said(BitSet says, BitSet values) {
    BitSet both = (BitSet) says.clone();
    both.and(values);
    return both.cardinality();
  }

  private static String left(int count) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? "sample is" : "samples are");
  }
}
