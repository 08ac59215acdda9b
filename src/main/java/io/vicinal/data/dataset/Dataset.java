package io.vicinal.data.dataset;

import io.vicinal.data.Names;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A collection of pictures: where each is, of which class, in which split. A sample's id is its
 * place, from 0; the order is that of the format's own list, or of the bytes of the paths. Classes
 * are numbered once for all splits, so that a class keeps its number where training never sees it.
 * No picture is opened: 60,000 samples take a few MB.
 *
 * <p>Immutable, so safe for any thread.
 */
public final class Dataset {
  /** The split that is trained on. */
  public static final String TRAIN = "train";

  /** The split that training is judged by. */
  public static final String VALIDATION = "validation";

  /** The split that results are about. */
  public static final String TEST = "test";

  /** The only split where the format tells no splits. */
  public static final String ALL = "all";

  /** The order of splits. */
  static final Comparator<String> ORDER =
      Comparator.comparingInt(Dataset::rank).thenComparing(TextColumn.BYTES);

  /**
   * A part of a picture in pixels, from its upper left corner.
   *
   * @param left the first column
   * @param top the first row
   * @param right the column after the last
   * @param bottom the row after the last
   */
  public record Box(float left, float top, float right, float bottom) {}

  /** What is known of every sample. Arrays may be null where nothing is. */
  record Columns(
      TextColumn names,
      int[] labels,
      short[] splits,
      int[] superClasses,
      float[] boxes,
      BitSet queries,
      BitSet gallery,
      int[] rows,
      Map<String, TextColumn> more) {
    private static int[] take(int[] all, int[] ids) {
      return all == null ? null : IntStream.of(ids).map(id -> all[id]).toArray();
    }

    private static BitSet take(BitSet all, int[] ids) {
      BitSet some = new BitSet(ids.length);
      for (int i = 0; i < ids.length; i++) {
        some.set(i, all.get(ids[i]));
      }
      return some;
    }

    Columns take(int[] ids) {
      short[] some = new short[ids.length];
      float[] corners = boxes == null ? null : new float[4 * ids.length];
      for (int i = 0; i < ids.length; i++) {
        some[i] = splits[ids[i]];
        if (corners != null) {
          System.arraycopy(boxes, 4 * ids[i], corners, 4 * i, 4);
        }
      }
      Map<String, TextColumn> kept = new TreeMap<>();
      more.forEach((name, column) -> kept.put(name, column.take(ids)));
      return new Columns(
          names.take(ids),
          take(labels, ids),
          some,
          take(superClasses, ids),
          corners,
          take(queries, ids),
          take(gallery, ids),
          rows == null ? ids.clone() : take(rows, ids),
          kept);
    }

    Columns called(TextColumn others) {
      return new Columns(others, labels, splits, superClasses, boxes, queries, gallery, rows, more);
    }

    Columns with(short[] others) {
      return new Columns(names, labels, others, superClasses, boxes, queries, gallery, rows, more);
    }
  }

  private static int rank(String split) {
    int at = List.of(TRAIN, VALIDATION, TEST).indexOf(split);
    return at < 0 ? 3 : at;
  }

  private final String format;
  private final Path root;
  private final Columns columns;
  private final Names classes;
  private final Names superClasses;
  private final List<String> splits;
  private final PixelArray pixels;
  private final List<String> leftOut;
  private final List<String> notes;

  Dataset(
      String format,
      Path root,
      Columns columns,
      Names classes,
      Names superClasses,
      List<String> splits,
      PixelArray pixels,
      List<String> leftOut,
      List<String> notes) {
    this.format = format;
    this.root = root;
    this.columns = columns;
    this.classes = classes;
    this.superClasses = superClasses;
    this.splits = List.copyOf(splits);
    this.pixels = pixels;
    this.leftOut = List.copyOf(leftOut);
    this.notes = List.copyOf(notes);
  }

  /** The name of its format. */
  public String formatName() {
    return format;
  }

  /** Number of samples. */
  public int size() {
    return columns.labels.length;
  }

  /** What a sample is called: its path below {@link #root}, or its file and place in there. */
  public String name(int id) {
    return columns.names.get(id);
  }

  /** The folder that paths start from. */
  public Path root() {
    return root;
  }

  /** A sample's file; null where pictures are rows of {@link #pixels}. */
  public Path file(int id) {
    return pixels == null ? root.resolve(name(id)) : null;
  }

  /** The pictures, where the format has no file for each; else null. */
  public PixelArray pixels() {
    return pixels;
  }

  /** Which of {@link #pixels} a sample is. */
  public int row(int id) {
    return columns.rows == null ? id : columns.rows[id];
  }

  /** A sample's class. */
  public int label(int id) {
    return columns.labels[id];
  }

  /** The names of classes 0, 1, ... of all splits. */
  public Names classes() {
    return classes;
  }

  /** A sample's super-class; -1 where there are none. */
  public int superClass(int id) {
    return columns.superClasses == null ? -1 : columns.superClasses[id];
  }

  /** The names of super-classes 0, 1, ...; none where there are none. */
  public Names superClasses() {
    return superClasses;
  }

  /** The part of a picture that shows the class; null where that is not known. */
  public Box box(int id) {
    float[] b = columns.boxes;
    return b == null || Float.isNaN(b[4 * id])
        ? null
        : new Box(b[4 * id], b[4 * id + 1], b[4 * id + 2], b[4 * id + 3]);
  }

  /**
   * Whether a sample asks when its split is evaluated. Where nothing is said of any sample of a
   * split, all ask and all are searched.
   */
  public boolean isQuery(int id) {
    return columns.queries.get(id);
  }

  /** Whether a sample is searched when its split is evaluated. */
  public boolean isGallery(int id) {
    return columns.gallery.get(id);
  }

  /** The splits that have samples: train, validation and test first, then by name. */
  public List<String> splits() {
    return splits;
  }

  /** A sample's split. */
  public String split(int id) {
    return splits.get(columns.splits[id]);
  }

  /** The ids of a split's samples, ascending; none if there is no such split. */
  public int[] ids(String split) {
    int at = splits.indexOf(split);
    return IntStream.range(0, size()).filter(id -> columns.splits[id] == at).toArray();
  }

  /** The names of columns that the format keeps beside its own, in the order of their names. */
  public List<String> columns() {
    return List.copyOf(columns.more.keySet());
  }

  /** A cell of one of {@link #columns()}. */
  public String cell(String column, int id) {
    return columns.more.get(column).get(id);
  }

  /** What was left out because it cannot be a sample, a sentence each with file and line. */
  public List<String> leftOut() {
    return leftOut;
  }

  /** What a user should know: samples that were left out, counts that are not the published. */
  public List<String> notes() {
    return notes;
  }

  /** Some of the samples, in this order; class numbers stay. */
  public Dataset subset(int... ids) {
    return with(columns.take(ids), splits).sorted();
  }

  /** The same samples, of which some move to another split. */
  Dataset moved(String to, int... ids) {
    List<String> all = new ArrayList<>(splits);
    if (!all.contains(to)) {
      all.add(to);
    }
    short[] others = columns.splits.clone();
    for (int id : ids) {
      others[id] = (short) all.indexOf(to);
    }
    return with(columns.with(others), all).sorted();
  }

  /** The same with the splits that have samples, in their order. */
  Dataset sorted() {
    boolean[] used = new boolean[splits.size()];
    for (short split : columns.splits) {
      used[split] = true;
    }
    List<String> kept =
        IntStream.range(0, used.length)
            .filter(s -> used[s])
            .mapToObj(splits::get)
            .sorted(ORDER)
            .toList();
    short[] to = new short[used.length];
    for (int s = 0; s < to.length; s++) {
      to[s] = (short) kept.indexOf(splits.get(s));
    }
    short[] others = new short[size()];
    for (int id = 0; id < others.length; id++) {
      others[id] = to[columns.splits[id]];
    }
    return with(columns.with(others), kept);
  }

  /** The same samples, called by their paths below another folder where they lie there. */
  public Dataset below(Path folder) {
    Path from = folder.toAbsolutePath().normalize();
    TextColumn names = new TextColumn();
    for (int id = 0; id < size(); id++) {
      Path file = root.resolve(name(id)).toAbsolutePath().normalize();
      if (pixels != null || !file.startsWith(from)) {
        return this;
      }
      names.add(from.relativize(file).toString());
    }
    Columns others = columns.called(names);
    return new Dataset(format, from, others, classes, superClasses, splits, pixels, leftOut, notes);
  }

  private Dataset with(Columns others, List<String> named) {
    return new Dataset(format, root, others, classes, superClasses, named, pixels, leftOut, notes);
  }

  /** How many samples of each class there are among some. */
  public int[] classCounts(int... ids) {
    int[] counts = new int[classes.size()];
    Arrays.stream(ids).forEach(id -> counts[label(id)]++);
    return counts;
  }

  @Override
  public String toString() {
    return format + " in " + root + ": " + size() + " samples, " + classes.size() + " classes";
  }
}
