package io.vicinal.curate.doctor;

import io.vicinal.data.ArrayFile;
import io.vicinal.data.CsvReader;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.InputFile;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Features of a dataset's samples, and how well they fit it: those of a folder of features by its
 * table's paths, others by their order. For one thread.
 *
 * @param rows [N, d]
 * @param ids the sample of each row; null where that is not known
 * @param problem what does not fit, in a sentence; null if all does
 */
record SampleFeatures(Tensor rows, int[] ids, String problem) {
  /**
   * Reads them.
   *
   * @param path an array, or a folder that {@code vicinal features} wrote
   * @param unreadable by sample: one without a picture has no features either
   * @throws io.vicinal.InputException if there is no such array
   */
  static SampleFeatures read(Path path, Dataset data, boolean[] unreadable, Arena arena) {
    Path array = Files.isDirectory(path) ? path.resolve(FeatureOrigin.FEATURES) : path;
    Tensor rows = ArrayFile.mapLarge(array, arena, DType.F32, note -> {});
    if (rows.shape().rank() != 2 || rows.dim(1) < 1) {
      throw InputFile.problem(
          array, "has the shape " + rows.shape(), "give a matrix with a row a sample");
    }
    Path table = path.resolve(FeatureFolder.TABLE);
    return Files.isDirectory(path) && Files.isRegularFile(table)
        ? byName(rows, table, data, unreadable)
        : byPlace(rows, data, unreadable);
  }

  private static SampleFeatures byPlace(Tensor rows, Dataset data, boolean[] unreadable) {
    int[] all = IntStream.range(0, data.size()).toArray();
    int[] read = IntStream.of(all).filter(id -> !unreadable[id]).toArray();
    long n = rows.dim(0);
    if (n == all.length || n == read.length) {
      return new SampleFeatures(rows, n == all.length ? all : read, null);
    }
    return new SampleFeatures(
        rows,
        null,
        n
            + " rows of features, and the dataset has "
            + all.length
            + " samples"
            + (read.length < all.length ? ", of which " + read.length + " can be read" : "")
            + ": which is whose is not known, and they are not compared");
  }

  private static SampleFeatures byName(
      Tensor rows, Path table, Dataset data, boolean[] unreadable) {
    Map<String, Deque<Integer>> samples = new HashMap<>();
    for (int id = 0; id < data.size(); id++) {
      samples.computeIfAbsent(key(data, id), none -> new ArrayDeque<>()).add(id);
    }
    List<String> keys = keys(table);
    if (keys.size() != rows.dim(0)) {
      return new SampleFeatures(
          rows,
          null,
          rows.dim(0)
              + " rows of features, and "
              + keys.size()
              + " in their table: which is whose is not known, and they are not compared");
    }
    boolean[] found = new boolean[data.size()];
    int[] ids = new int[keys.size()];
    int strange = 0;
    String first = null;
    for (int row = 0; row < ids.length; row++) {
      Deque<Integer> left = samples.get(keys.get(row));
      boolean known = left != null && !left.isEmpty();
      ids[row] = known ? left.poll() : -1;
      if (known) {
        found[ids[row]] = true;
      } else if (strange++ == 0) {
        first = keys.get(row);
      }
    }
    int without =
        (int) IntStream.range(0, data.size()).filter(id -> !found[id] && !unreadable[id]).count();
    List<String> problems = new ArrayList<>();
    if (strange > 0) {
      problems.add(
          (strange == 1 ? "1 row of features is" : strange + " rows of features are")
              + " of no sample, the first of "
              + InputFile.printable(first));
    }
    if (without > 0) {
      problems.add(
          without == 1 ? "1 sample has no features" : without + " samples have no features");
    }
    return new SampleFeatures(rows, ids, problems.isEmpty() ? null : String.join("; ", problems));
  }

  private static String key(Dataset data, int id) {
    Path file = data.file(id);
    return file == null ? data.name(id) : file.toAbsolutePath().normalize().toString();
  }

  private static List<String> keys(Path table) {
    Path folder = table.toAbsolutePath().getParent();
    List<String> keys = new ArrayList<>();
    try (CsvReader in = new CsvReader(table, false)) {
      List<String> header = in.next();
      int path = header == null ? -1 : header.indexOf("path");
      int name = header == null ? -1 : header.indexOf("name");
      if (path < 0 && name < 0) {
        throw InputFile.problem(
            table, "has no column 'path'", "run 'vicinal features' again, which writes it");
      }
      for (List<String> row = in.next(); row != null; row = in.next()) {
        if (row.size() != header.size()) {
          throw InputFile.problem(
              table,
              "line "
                  + in.line()
                  + " has "
                  + row.size()
                  + " cells where the first has "
                  + header.size(),
              "run 'vicinal features' again, which writes it");
        }
        keys.add(path >= 0 ? folder.resolve(row.get(path)).normalize().toString() : row.get(name));
      }
    }
    return keys;
  }

  /** The rows of some kept ones, and their samples. */
  SampleFeatures kept(boolean[] keep, Arena arena) {
    int[] at = IntStream.range(0, ids.length).filter(row -> keep[row] && ids[row] >= 0).toArray();
    int[] some = Arrays.stream(at).map(row -> ids[row]).toArray();
    if (at.length == ids.length) {
      return this;
    }
    Tensor copy = arena.allocate(DType.F32, at.length, rows.dim(1));
    for (int i = 0; i < at.length; i++) {
      copy.rows(i, i + 1).set(rows.rows(at[i], at[i] + 1).toFloats());
    }
    return new SampleFeatures(copy, some, problem);
  }
}
