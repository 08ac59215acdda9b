package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Labels that were changed on purpose: which samples, what was right, what is written now. It is
 * injected with a seed of its own, saved, and read back, so that no experiment has to guess later
 * what was done.
 *
 * <p>On disk: CSV with the columns {@code id,clean,noisy}, one changed sample per line; classes by
 * number, or by name where names are known.
 *
 * <p>Immutable as long as nobody writes to its arrays; safe for any thread then.
 *
 * @param ids positions in the dataset, ascending
 * @param clean their labels before
 * @param noisy their labels now, each another than before
 */
public record LabelNoise(long[] ids, long[] clean, long[] noisy) {
  /** The step of {@link Kind#SHIFT}. */
  private static final long STEP = 5;

  private static final String HEADER = "id,clean,noisy";

  /** How a wrong label is chosen. */
  public enum Kind {
    /**
     * y + 5 if that is at most the largest label, else y - 5: a class is always mistaken for one
     * and the same other class.
     */
    SHIFT,
    /** Uniform over the other classes that occur. */
    SYMMETRIC,
    /** The next larger class that occurs; the largest becomes the smallest. */
    PAIR_FLIP,
    /**
     * One of the two classes that look most like it ({@link SimilarClasses#of}), the more similar
     * one twice as often: as people confuse classes.
     */
    SIMILAR;

    /**
     * The name that the command line uses: {@code shift}, {@code symmetric}, {@code pair-flip},
     * {@code similar}.
     */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * @throws InputException if there is none of this name
     */
    public static Kind parse(String text) {
      return Arrays.stream(values())
          .filter(kind -> kind.text().equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new InputException(
                      "noise: '"
                          + text
                          + "' is unknown; choose "
                          + Arrays.stream(values())
                              .map(Kind::text)
                              .collect(Collectors.joining(", "))));
    }
  }

  /** Checks that the lists belong together. */
  public LabelNoise {
    if (ids.length != clean.length || ids.length != noisy.length) {
      throw new IllegalArgumentException("ids, clean and noisy differ in length");
    }
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || (i > 0 && ids[i] <= ids[i - 1])) {
        throw new InputException(
            "noise: sample id " + ids[i] + " is negative, repeated or not in ascending order");
      }
      if (clean[i] == noisy[i] || clean[i] < 0 || noisy[i] < 0) {
        throw new InputException(
            "noise: sample "
                + ids[i]
                + " has clean label "
                + clean[i]
                + " and noisy label "
                + noisy[i]
                + "; they must differ and not be negative");
      }
    }
  }

  /**
   * Changes the labels of floor(rate N) samples, drawn uniformly without replacement. Equal
   * arguments give equal noise; no other generator is touched. {@link Kind#SIMILAR} looks at the
   * features, the other kinds at the labels alone.
   *
   * @param rate in 0..1
   * @throws InputException if the rate is outside, or the classes do not allow this kind
   */
  public static LabelNoise inject(Kind kind, double rate, FeatureSet data, long seed) {
    long[] labels = data.labels().toLongs();
    return kind == Kind.SIMILAR
        ? inject(SimilarClasses.of(data), rate, labels, seed)
        : inject(kind, rate, labels, seed);
  }

  /**
   * The same among classes that are taken for each other: the first twice as often as the second,
   * three times as often as the third, and so on.
   *
   * @throws InputException also if nothing is said about a class
   */
  public static LabelNoise inject(SimilarClasses similar, double rate, long[] labels, long seed) {
    Xoshiro generator = Xoshiro.of(seed, "label-noise");
    return of(
        drawn(generator, rate, labels.length),
        labels,
        y -> {
          long[] others = similar.others().get(y);
          if (others == null) {
            throw new InputException("noise: nothing says what class " + y + " is taken for");
          }
          double u = generator.nextDouble() * share(others.length);
          int at = 0;
          while (at < others.length - 1 && u >= share(at + 1)) {
            at++;
          }
          return others[at];
        });
  }

  /** 1 + 1/2 + ... + 1/n. */
  private static double share(int n) {
    double sum = 0;
    for (int i = 1; i <= n; i++) {
      sum += 1.0 / i;
    }
    return sum;
  }

  private static long[] drawn(Xoshiro generator, double rate, int samples) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new InputException("noise: rate must be between 0 and 1, found " + rate);
    }
    long[] order = LongStream.range(0, samples).toArray();
    generator.shuffle(order, 0, order.length);
    long[] ids = Arrays.copyOf(order, (int) Math.floor(rate * samples));
    Arrays.sort(ids);
    return ids;
  }

  /**
   * The same from the labels alone.
   *
   * @throws InputException also for {@link Kind#SIMILAR}, which needs features
   */
  public static LabelNoise inject(Kind kind, double rate, long[] labels, long seed) {
    if (kind == Kind.SIMILAR) {
      throw new InputException("noise: similar needs the features, to see which classes are");
    }
    Xoshiro generator = Xoshiro.of(seed, "label-noise");
    long[] ids = drawn(generator, rate, labels.length);
    long[] classes = Arrays.stream(labels).distinct().sorted().toArray();
    if (kind != Kind.SHIFT && classes.length < 2 && ids.length > 0) {
      throw new InputException("noise: the labels have one class; noise needs at least two");
    }
    return of(
        ids,
        labels,
        y -> {
          int at = Arrays.binarySearch(classes, y);
          return switch (kind) {
            case SHIFT -> shifted(y, classes[classes.length - 1]);
            case SYMMETRIC ->
                classes[(at + 1 + generator.below(classes.length - 1)) % classes.length];
            case PAIR_FLIP -> classes[(at + 1) % classes.length];
            case SIMILAR -> throw new IllegalStateException("refused above");
          };
        });
  }

  /**
   * {@link Kind#SHIFT} at the samples that another program chose.
   *
   * @param file a {@code .npy} list of integer ids, in any order
   * @throws InputException if the file is damaged, or an id is repeated or not a sample
   */
  public static LabelNoise shiftAt(Path file, long[] labels) {
    long[] ids;
    try (Arena arena = Arena.host()) {
      ids = Labels.read(file, arena).toLongs();
    }
    Arrays.sort(ids);
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= labels.length || (i > 0 && ids[i] == ids[i - 1])) {
        throw InputFile.problem(
            file,
            "sample id "
                + ids[i]
                + (ids[i] >= labels.length ? " is not one of " + labels.length : " is repeated"),
            "list each changed sample once");
      }
    }
    long largest = Arrays.stream(labels).max().orElse(0);
    return of(ids, labels, y -> shifted(y, largest));
  }

  private static long shifted(long label, long largest) {
    if (label + STEP <= largest) {
      return label + STEP;
    }
    if (label < STEP) {
      throw new InputException(
          "noise: class "
              + label
              + " cannot be shifted by 5 with classes 0.."
              + largest
              + "; use symmetric, similar or pair-flip");
    }
    return label - STEP;
  }

  private interface Flip {
    long of(long label);
  }

  private static LabelNoise of(long[] ids, long[] labels, Flip flip) {
    long[] clean = Arrays.stream(ids).map(id -> labels[(int) id]).toArray();
    return new LabelNoise(ids, clean, Arrays.stream(clean).map(flip::of).toArray());
  }

  /** Number of changed samples. */
  public int count() {
    return ids.length;
  }

  /**
   * The noisy labels.
   *
   * @param labels the clean ones, unchanged
   * @throws InputException if a sample does not exist or has not the clean label of the list
   */
  public long[] apply(long[] labels) {
    return replaced(labels, clean, noisy, "clean");
  }

  /** The clean labels again, from the noisy ones; otherwise as {@link #apply}. */
  public long[] revert(long[] labels) {
    return replaced(labels, noisy, clean, "noisy");
  }

  private long[] replaced(long[] labels, long[] before, long[] after, String which) {
    long[] replaced = labels.clone();
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] >= labels.length) {
        throw new InputException(
            "noise: sample " + ids[i] + " is outside 0.." + (labels.length - 1));
      }
      int id = (int) ids[i];
      if (labels[id] != before[i]) {
        throw new InputException(
            "noise: sample "
                + id
                + " has label "
                + labels[id]
                + ", but the list's "
                + which
                + " label is "
                + before[i]
                + "; give the labels that the list was made for");
      }
      replaced[id] = after[i];
    }
    return replaced;
  }

  /** For each of N samples, whether its label was changed. */
  public boolean[] mask(int samples) {
    boolean[] changed = new boolean[samples];
    for (long id : ids) {
      changed[(int) id] = true;
    }
    return changed;
  }

  /** Writes the list, replacing the file as a whole. */
  public void write(Path file) {
    StringBuilder text = new StringBuilder(HEADER + "\n");
    for (int i = 0; i < ids.length; i++) {
      text.append(ids[i]).append(',').append(clean[i]).append(',').append(noisy[i]).append('\n');
    }
    AtomicFile.writeText(file, text);
  }

  /**
   * Reads a list of numbers; lines may be in any order.
   *
   * @throws InputException naming the file and line, if it is damaged
   */
  public static LabelNoise read(Path file) {
    return read(file, Names.none());
  }

  /**
   * Reads a list whose classes are numbers or names.
   *
   * @param classes their names by number, or none
   * @throws InputException naming the file and line, if it is damaged or a class has no such name
   */
  public static LabelNoise read(Path file, Names classes) {
    Map<Long, long[]> rows = new LinkedHashMap<>();
    try (CsvReader csv = new CsvReader(file, false)) {
      List<String> first = csv.next();
      if (first == null || !(String.join(",", first) + ",").startsWith(HEADER + ",")) {
        throw InputFile.problem(
            file, "does not start with the line " + HEADER, "write it as LabelNoise does");
      }
      for (List<String> cells = csv.next(); cells != null; cells = csv.next()) {
        long[] row = cells.size() == first.size() ? new long[3] : new long[] {-1};
        for (int c = 0; c < row.length && row[0] >= 0; c++) {
          row[c] = number(cells.get(c), c == 0 ? Names.none() : classes);
          row[0] = row[c] < 0 ? -1 : row[0];
        }
        if (row[0] < 0) {
          throw csv.problem(
              "is '" + InputFile.printable(String.join(",", cells)) + "'",
              "write three whole numbers"
                  + (classes.known() ? ", or a number and the names of two classes" : "")
                  + ", "
                  + HEADER);
        }
        if (rows.put(row[0], row) != null || row[1] == row[2]) {
          throw csv.problem(
              "repeats sample " + row[0] + " or leaves its label as it was",
              "list each changed sample once");
        }
      }
    }
    long[][] sorted =
        rows.values().stream().sorted((a, b) -> Long.compare(a[0], b[0])).toArray(long[][]::new);
    return new LabelNoise(column(sorted, 0), column(sorted, 1), column(sorted, 2));
  }

  /** A class by its name, else by its number; -1 if it is neither. */
  private static long number(String cell, Names classes) {
    int named = classes.known() ? classes.idOf(cell) : -1;
    return named >= 0 ? named : cell.matches("\\d{1,18}") ? Long.parseLong(cell) : -1;
  }

  private static long[] column(long[][] rows, int c) {
    return Arrays.stream(rows).mapToLong(row -> row[c]).toArray();
  }
}
