package io.vicinal.retrieval;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.LongPredicate;

/** A small real data set of src/test/resources/data: one sample per line, the label last. */
record Csv(Tensor features, Tensor labels) {
  static Csv read(String name, LongPredicate keep, Arena arena) {
    List<String[]> rows;
    try (InputStream in = Csv.class.getResourceAsStream("/data/" + name + ".csv")) {
      rows =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .map(line -> line.split(","))
              .filter(cells -> keep.test(label(cells)))
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int width = rows.get(0).length - 1;
    float[] x = new float[rows.size() * width];
    long[] y = new long[rows.size()];
    for (int i = 0; i < y.length; i++) {
      y[i] = label(rows.get(i));
      for (int j = 0; j < width; j++) {
        x[i * width + j] = Float.parseFloat(rows.get(i)[j]);
      }
    }
    return new Csv(arena.of(x, y.length, width), arena.of(y, y.length));
  }

  private static long label(String[] cells) {
    return Long.parseLong(cells[cells.length - 1].strip());
  }
}
