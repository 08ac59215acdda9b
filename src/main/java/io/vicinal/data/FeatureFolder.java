package io.vicinal.data;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The folder that {@code vicinal features} writes, or one split of its samples: {@code FOLDER}, or
 * {@code FOLDER:SPLIT}, of which {@code FOLDER:SPLIT:query} and {@code FOLDER:SPLIT:gallery} are
 * parts, without SPLIT of the split {@code test}. This one path names the samples' features, their
 * labels and what they are called, whichever is asked for, so that no list can be taken for
 * another's. A sample's name is its path below the folder of its dataset. For one thread.
 */
public final class FeatureFolder {
  /** The table of its samples. */
  public static final String TABLE = "samples.csv";

  private static final String LABEL = "label";
  private static final String TRAIN = "train";
  private static final String TEST = "test";
  private static final String QUERY = "query";
  private static final String GALLERY = "gallery";

  private final Path given;
  private final Path folder;
  private final String split; // null for all samples
  private final String role; // query or gallery, null for both
  private Map<String, List<String>> columns;
  private JsonObject facts;
  private int[] rows;
  private Path moved;

  private FeatureFolder(Path given, Path folder, String part) {
    this.given = given;
    this.folder = folder;
    if (part == null || splits().contains(part)) {
      split = part;
      role = null;
      return;
    }
    int colon = part.lastIndexOf(':');
    String last = part.substring(colon + 1);
    String first = colon >= 0 ? part.substring(0, colon) : splits().contains(TEST) ? TEST : null;
    boolean known = first == null || splits().contains(first);
    if (!known || !last.equals(QUERY) && !last.equals(GALLERY)) {
      throw InputFile.problem(
          given,
          "has no split '" + InputFile.printable(part) + "'",
          splits().isEmpty()
              ? "leave out :" + InputFile.printable(part)
              : "choose one of " + InputFile.listed(splits()));
    }
    split = first;
    role = last;
  }

  /** Null where a path, which may be null, names something else. */
  public static FeatureFolder of(Path path) {
    if (path == null) {
      return null;
    }
    ArrayPath at = ArrayPath.of(path);
    boolean is =
        Files.isDirectory(at.file())
            && Files.isRegularFile(at.file().resolve(FeatureOrigin.FACTS))
            && Files.isRegularFile(at.file().resolve(TABLE));
    return is ? new FeatureFolder(path, at.file(), at.part()) : null;
  }

  /**
   * What is trained on, where a path names a folder of several splits and none of them.
   *
   * @return the split {@code train}; the path as it is where there is nothing to choose
   * @throws io.vicinal.InputException if there are several and none is called so
   */
  public static Path training(Path path) {
    return chosen(path, TRAIN);
  }

  /** The same of what is measured: the split {@code test}. */
  public static Path measured(Path path) {
    return chosen(path, TEST);
  }

  private static Path chosen(Path path, String name) {
    FeatureFolder samples = of(path);
    boolean whole = samples != null && samples.split == null && samples.role == null;
    if (!whole || samples.splits().size() < 2) {
      return path;
    }
    Path part = samples.other(name);
    if (part == null) {
      throw InputFile.problem(
          path,
          "has the splits " + InputFile.listed(samples.splits()),
          "name one, such as " + InputFile.printable(path + ":" + samples.splits().get(0)));
    }
    return part;
  }

  /**
   * A split of the folder that a path names.
   *
   * @return null where the path names something else, or there is no such split beside others
   */
  public static Path part(Path path, String name) {
    FeatureFolder samples = of(path);
    return samples == null || samples.splits().size() < 2 ? null : samples.other(name);
  }

  private Path other(String name) {
    return splits().contains(name) ? Path.of(folder + ":" + name) : null;
  }

  /**
   * Labels or names.
   *
   * @param given where they are, or null
   * @param beside what is read with them
   * @return the given ones, else those of the first of the others that has them, else null
   */
  public static Path or(Path given, Path... beside) {
    return given != null
        ? given
        : Stream.of(beside).filter(path -> of(path) != null).findFirst().orElse(null);
  }

  /**
   * The samples of a split that ask, where others are searched.
   *
   * @return null where a path names something else, or all of its samples do both
   * @throws io.vicinal.InputException if some do both and others do not
   */
  public static Path queries(Path path) {
    FeatureFolder samples = of(path);
    if (samples == null || samples.role != null) {
      return null;
    }
    int all = samples.rows().length;
    int asking = samples.flagged("is_query").cardinality();
    int searched = samples.flagged("is_gallery").cardinality();
    if (asking == all && searched == all) {
      return null;
    }
    BitSet both = samples.flagged("is_query");
    both.and(samples.flagged("is_gallery"));
    if (!both.isEmpty()) {
      throw InputFile.problem(
          path,
          both.cardinality()
              + " of its samples ask and are searched, others do not, and a sample must not find"
              + " itself",
          "say in " + samples.table() + " of all that they do both, or of each that it does one");
    }
    return Path.of(
        samples.folder + ":" + (samples.split == null ? "" : samples.split + ":") + QUERY);
  }

  /** Likewise, those that are searched. */
  public static Path gallery(Path path) {
    Path queries = queries(path);
    return queries == null ? null : Path.of(queries.toString().replaceFirst(QUERY + "$", GALLERY));
  }

  /** The column of labels where a path names a folder's samples; else the path itself. */
  public static Path labelColumn(Path path) {
    FeatureFolder samples = of(path);
    return samples == null ? path : Path.of(samples.table() + ":" + LABEL);
  }

  /** The array of all samples. */
  public Path features() {
    return folder.resolve(FeatureOrigin.FEATURES);
  }

  /** The table of all samples. */
  public Path table() {
    return folder.resolve(TABLE);
  }

  /** The splits that there are, in the order of their first samples. */
  public List<String> splits() {
    return column("split").stream().distinct().toList();
  }

  /** The rows of the samples in array and table, ascending. */
  public int[] rows() {
    if (rows == null) {
      List<String> splits = column("split");
      BitSet asked =
          role == null ? null : role.equals(QUERY) ? flags("is_query") : flags("is_gallery");
      rows =
          IntStream.range(0, size())
              .filter(row -> split == null || splits.get(row).equals(split))
              .filter(row -> asked == null || asked.get(row))
              .toArray();
      if (rows.length == 0) {
        throw InputFile.problem(
            given,
            split == null ? TABLE + " has no such samples" : "has no such samples",
            "choose one of " + InputFile.listed(splits()));
      }
    }
    return rows;
  }

  /** How many rows the table has. */
  int size() {
    return column(LABEL).size();
  }

  /** In a sentence: which samples these are; null where they are all. */
  String words() {
    return rows().length == size()
        ? null
        : "the "
            + rows().length
            + " of "
            + size()
            + " samples of "
            + (split == null ? "" : "split " + split + (role == null ? "" : ", "))
            + (role == null ? "" : role);
  }

  /** Whether the labels of all samples are numbers; 007 is a name. */
  boolean numbered() {
    return column(LABEL).stream().allMatch(label -> label.matches("0|[1-9][0-9]{0,17}"));
  }

  /** The labels as the table has them. */
  List<String> labels() {
    return taken(column(LABEL));
  }

  /** What the samples are called. */
  List<String> names() {
    return taken(paths());
  }

  private BitSet flagged(String name) {
    BitSet all = flags(name);
    BitSet own = new BitSet();
    for (int i = 0; i < rows().length; i++) {
      own.set(i, all.get(rows()[i]));
    }
    return own;
  }

  /** By row; where nothing is said, a sample does both. */
  private BitSet flags(String name) {
    List<String> cells = column(name);
    BitSet set = new BitSet();
    for (int row = 0; row < size(); row++) {
      set.set(row, cells.isEmpty() || !cells.get(row).equalsIgnoreCase("false"));
    }
    return set;
  }

  private List<String> taken(List<String> all) {
    if (split == null && role == null || all.isEmpty()) {
      return all;
    }
    return IntStream.of(rows()).mapToObj(all::get).toList();
  }

  // ---- the dataset ------------------------------------------------------------------------------

  /** Where the dataset is now, if not where it was: its folder or its table. */
  public FeatureFolder moved(Path to) {
    moved = to;
    return this;
  }

  /** The dataset's folder or table, as it was named; null where that is not known. */
  public Path dataset() {
    return moved != null ? moved : place("images");
  }

  /** What a sample is called, by its place among these. */
  public String name(int sample) {
    return paths().get(rows()[sample]);
  }

  /** Whether the pictures are files of their own. */
  public boolean hasFiles() {
    return !column("path").isEmpty();
  }

  /** The folder that names start from; null where that is not known. */
  public Path root() {
    if (moved == null) {
      return place("root");
    }
    return Files.isRegularFile(moved) ? moved.toAbsolutePath().getParent() : moved;
  }

  /** A fact about the dataset, such as its {@code format}; null where it is not known. */
  public String fact(String name) {
    return facts().has(name) && facts().get(name).isJsonPrimitive()
        ? facts().get(name).getAsString()
        : null;
  }

  /** The facts of a name, such as the format's {@code params}. */
  public Map<String, String> facts(String name) {
    Map<String, String> all = new LinkedHashMap<>();
    if (facts().has(name) && facts().get(name).isJsonObject()) {
      facts().getAsJsonObject(name).asMap().entrySet().stream()
          .filter(fact -> fact.getValue().isJsonPrimitive())
          .forEach(fact -> all.put(fact.getKey(), fact.getValue().getAsString()));
    }
    return all;
  }

  /**
   * The file of a sample.
   *
   * @param sample its place among these
   */
  public Path file(int sample) {
    Path root = root();
    return root == null ? folder.resolve(name(sample)) : root.resolve(name(sample));
  }

  /** Left, top, right and bottom of the part that shows the class; null for all of the picture. */
  public double[] box(int sample) {
    double[] box = new double[4];
    List<String> corners = List.of("x_1", "y_1", "x_2", "y_2");
    for (int k = 0; k < box.length; k++) {
      List<String> cells = column(corners.get(k));
      String cell = cells.isEmpty() ? "" : cells.get(rows()[sample]);
      if (!NumberText.isNumber(cell)) {
        return null;
      }
      box[k] = NumberText.parsed(cell);
    }
    return box;
  }

  private Path place(String name) {
    String path = fact(name);
    return path == null ? null : folder.resolve(path).normalize();
  }

  /** The samples' paths below the dataset's folder, or what they are called without files. */
  private List<String> paths() {
    List<String> known = columns().get("names");
    if (known != null) {
      return known;
    }
    List<String> cells = column("path");
    Path root = place("root");
    if (cells.isEmpty()) {
      cells = column("name");
    } else if (root != null) {
      Path from = root.toAbsolutePath().normalize();
      Path here = folder.toAbsolutePath();
      UnaryOperator<String> below =
          cell -> {
            Path whole = here.resolve(cell).normalize();
            return whole.startsWith(from) ? from.relativize(whole).toString() : cell;
          };
      cells = cells.stream().map(below).collect(Collectors.toList());
    }
    columns().put("names", cells);
    return cells;
  }

  // ---- what was read ----------------------------------------------------------------------------

  private JsonObject facts() {
    if (facts == null) {
      Path file = folder.resolve(FeatureOrigin.FACTS);
      try {
        facts = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      } catch (IOException | JsonParseException | IllegalStateException e) {
        throw InputFile.problem(
            file, "is no JSON object", "run 'vicinal features' again, which writes it", e);
      }
    }
    return facts;
  }

  /** All cells of a column; none where there is no such column. */
  private List<String> column(String name) {
    return columns().getOrDefault(name, List.of());
  }

  private Map<String, List<String>> columns() {
    if (columns == null) {
      columns = read();
    }
    return columns;
  }

  private Map<String, List<String>> read() {
    List<String> wanted =
        List.of(
            LABEL, "path", "name", "split", "is_query", "is_gallery", "x_1", "y_1", "x_2", "y_2");
    Map<String, List<String>> all = new LinkedHashMap<>();
    Map<String, String> shared = new LinkedHashMap<>();
    try (CsvReader in = new CsvReader(table(), false)) {
      List<String> header = in.next();
      for (String name : wanted) {
        if (header != null && header.contains(name)) {
          all.put(name, new ArrayList<>());
        }
      }
      if (!all.containsKey(LABEL) || !all.containsKey("path") && !all.containsKey("name")) {
        throw InputFile.problem(
            table(),
            "has no columns label and path",
            "run 'vicinal features' again, which writes it");
      }
      for (List<String> row = in.next(); row != null; row = in.next()) {
        if (row.size() != header.size()) {
          throw in.problem(
              "has " + row.size() + " cells where the first has " + header.size(),
              "run 'vicinal features' again, which writes it");
        }
        for (Map.Entry<String, List<String>> column : all.entrySet()) {
          String cell = row.get(header.indexOf(column.getKey()));
          column.getValue().add(shared.computeIfAbsent(cell, c -> c));
        }
      }
    }
    return all;
  }
}
