package io.vicinal.cli.loss;

import io.vicinal.cli.common.Text;
import io.vicinal.data.ArrayFile;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.mine.Mined;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The tuples that a file lists, a row each. Triplets and pairs with signs both have three columns:
 * what a loss takes decides, and where it takes both, a third column of nothing but 1, 0 and -1 is
 * one of signs if that fits the labels in more rows than triplets do.
 */
final class TupleFile {
  private static final Map<Tuples, List<String>> MEMBERS =
      Map.of(
          Tuples.PAIRS, List.of("anchor", "other"),
          Tuples.TRIPLETS, List.of("anchor", "positive", "negative"),
          Tuples.QUADRUPLETS, List.of("anchor", "positive", "negative", "fourth"));

  private final Path file;
  private final Path samples;
  private final long[] labels;
  private final int columns;
  private final long[][] rows;

  private TupleFile(Path file, Path samples, long[] labels, Tensor values) {
    this.file = file;
    this.samples = samples;
    this.labels = labels;
    columns = (int) values.dim(1);
    rows = rows(values.toDoubles());
  }

  /**
   * @param samples the file whose rows the tuples number
   * @param loss for complaints
   * @param takes the shapes that it takes, some; sets are listed as pairs
   */
  static Mined read(Path file, Path samples, long[] labels, String loss, List<Tuples> takes) {
    List<Tuples> listed =
        takes.stream().map(t -> t == Tuples.SETS ? Tuples.PAIRS : t).distinct().toList();
    try (Arena arena = Arena.host()) {
      Tensor values = ArrayFile.read(file, arena, DType.F64, note -> {});
      List<Tuples> fitting = listed.stream().filter(t -> fits(values.shape(), t)).toList();
      if (fitting.isEmpty()) {
        throw Text.wrong(
            "%s: has shape %s; %s takes %s",
            file,
            values.shape(),
            loss,
            String.join("; or ", listed.stream().map(TupleFile::form).toList()));
      }
      TupleFile tuples = new TupleFile(file, samples, labels, values);
      return tuples.as(fitting.size() == 1 ? fitting.get(0) : tuples.likelier());
    }
  }

  private static boolean fits(Shape shape, Tuples tuples) {
    int members = MEMBERS.get(tuples).size();
    return shape.rank() == 2
        && (shape.dim(1) == members || tuples == Tuples.PAIRS && shape.dim(1) == members + 1);
  }

  private static String form(Tuples tuples) {
    List<String> members = MEMBERS.get(tuples);
    String form = "[m, " + members.size() + "]: " + String.join(", ", members);
    return tuples == Tuples.PAIRS ? "[m, 3]: anchor, other, sign; or " + form : form;
  }

  private long[][] rows(double[] values) {
    long[][] rows = new long[values.length / columns][columns];
    for (int i = 0; i < values.length; i++) {
      rows[i / columns][i % columns] = (long) values[i];
      if (rows[i / columns][i % columns] != values[i]) {
        throw Text.wrong(
            "%s: %s at [%d, %d] is no whole number; save int64",
            file, values[i], i / columns, i % columns);
      }
    }
    return rows;
  }

  /** Of pairs with signs and triplets. */
  private Tuples likelier() {
    boolean signs = Arrays.stream(rows).allMatch(row -> isSign(row[2]));
    return signs && fitting(Tuples.PAIRS) > fitting(Tuples.TRIPLETS)
        ? Tuples.PAIRS
        : Tuples.TRIPLETS;
  }

  private static boolean isSign(long value) {
    return value >= -1 && value <= 1;
  }

  private boolean isSample(long at) {
    return at >= 0 && at < labels.length;
  }

  /** How many rows are what the labels say. */
  private long fitting(Tuples tuples) {
    return Arrays.stream(rows)
        .filter(row -> Arrays.stream(row).limit(members(tuples)).allMatch(this::isSample))
        .filter(row -> fits(labels, tuples, row))
        .count();
  }

  private static int members(Tuples tuples) {
    return MEMBERS.get(tuples).size();
  }

  private static boolean fits(long[] labels, Tuples tuples, long[] row) {
    boolean alike = labels[(int) row[0]] == labels[(int) row[1]];
    boolean positive = alike && row[0] != row[1];
    if (tuples == Tuples.PAIRS) {
      return row[2] > 0 ? positive : !alike;
    }
    return positive && labels[(int) row[2]] != labels[(int) row[0]];
  }

  /** How many tuples are not what the labels say: some miners mean it. */
  static long against(long[] labels, Mined mined) {
    Tuples listed = mined.shape() == Tuples.SETS ? Tuples.PAIRS : mined.shape();
    return IntStream.range(0, mined.size())
        .mapToObj(t -> IntStream.range(0, 3).mapToLong(k -> mined.get(t, k)).toArray())
        .filter(row -> !fits(labels, listed, row))
        .count();
  }

  private Mined as(Tuples tuples) {
    for (int i = 0; i < rows.length; i++) {
      for (int k = 0; k < columns; k++) {
        boolean member = k < members(tuples);
        if (member && !isSample(rows[i][k])) {
          throw Text.wrong(
              "%s: %d at [%d, %d] is outside 0..%d; number samples by their rows of %s",
              file, rows[i][k], i, k, labels.length - 1, samples);
        }
        if (!member && !isSign(rows[i][k])) {
          throw Text.wrong(
              "%s: the sign %d at [%d, %d] is none of 1 (a positive), 0 and -1 (a negative)",
              file, rows[i][k], i, k);
        }
      }
    }
    Mined mined = new Mined(tuples);
    for (long[] row : rows) {
      int[] at = Arrays.stream(row).mapToInt(value -> (int) value).toArray();
      switch (tuples) {
        case TRIPLETS -> mined.triplet(at[0], at[1], at[2]);
        case QUADRUPLETS -> mined.quadruplet(at[0], at[1], at[2], at[3]);
        default ->
            mined.pair(at[0], at[1], columns == 2 ? labels[at[0]] == labels[at[1]] : at[2] > 0);
      }
    }
    return mined;
  }
}
