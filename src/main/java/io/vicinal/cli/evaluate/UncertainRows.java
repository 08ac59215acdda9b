package io.vicinal.cli.evaluate;

import io.vicinal.cli.common.CsvFile;
import io.vicinal.data.Names;
import io.vicinal.retrieval.Answers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The rows that are least and most certain, and whether they are answered rightly. */
final class UncertainRows {
  private UncertainRows() {}

  /**
   * @param uncertainty of every query; null: the smaller the norm, the less certain
   * @param samples names of the rows, or none
   * @param searched names of those among which the nearest are, or none
   * @param count rows of each kind at most
   */
  static void write(
      Path file,
      Answers answers,
      double[] uncertainty,
      long[] labels,
      Names classes,
      Names samples,
      Names searched,
      int count) {
    double[] doubt =
        uncertainty != null
            ? uncertainty
            : Arrays.stream(answers.norm()).map(norm -> -norm).toArray();
    int[] order =
        IntStream.range(0, doubt.length)
            .boxed()
            .sorted(Comparator.<Integer>comparingDouble(q -> -doubt[q]).thenComparing(q -> q))
            .mapToInt(Integer::intValue)
            .toArray();
    Map<String, Function<Object, String>> named = new HashMap<>();
    if (samples.known()) {
      named.put("row", CsvFile.byId(samples));
    }
    if (searched.known()) {
      named.put("nearest", CsvFile.byId(searched));
    }
    if (classes.known()) {
      named.put("class", CsvFile.byId(classes));
    }
    CsvFile csv =
        new CsvFile(
            named,
            "kind",
            "row",
            "class",
            uncertainty != null ? "uncertainty" : "norm",
            "nearest",
            "cosine",
            "right");
    int each = Math.min(count, order.length);
    for (int i = 0; i < each; i++) {
      row(csv, "uncertain", order[i], answers, uncertainty, labels);
    }
    for (int i = 0; i < Math.min(each, order.length - each); i++) {
      row(csv, "certain", order[order.length - 1 - i], answers, uncertainty, labels);
    }
    csv.write(file);
  }

  private static void row(
      CsvFile csv, String kind, int q, Answers answers, double[] uncertainty, long[] labels) {
    boolean answered = answers.nearest()[q] >= 0;
    csv.row(
        kind,
        (long) q,
        labels[q],
        uncertainty != null ? uncertainty[q] : answers.norm()[q],
        answered ? answers.nearest()[q] : null,
        answered ? answers.cosine()[q] : null,
        answers.lone()[q] ? null : answers.right()[q]);
  }
}
