package io.vicinal.train;

import io.vicinal.data.EqualRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is odd about a training set and would pass in silence: a sentence for each kind. One pass
 * over the rows ({@link EqualRows}).
 */
final class Remarks {
  private static final int NAMED = 10;
  private static final int FEW = 10; // samples of which nothing is said

  private long copies; // training samples that equal an earlier one
  private long contradicting; // of them, those of another class than the first
  private long leaked; // validation samples that equal a training sample
  private long zeros; // training samples
  private boolean constant; // every row equals the first

  private Remarks() {}

  static List<String> of(TrainingSet data) {
    Remarks remarks = new Remarks();
    EqualRows rows = remarks.training(data);
    if (data.validation() != null) {
      EqualRows.each(
          data.validation().features(),
          (at, hash, zero) -> remarks.leaked += rows.contains(hash) ? 1 : 0);
    }
    return remarks.sentences(data);
  }

  private EqualRows training(TrainingSet data) {
    long[] ids = data.training();
    EqualRows rows = new EqualRows(ids.length);
    int[] seen = {0};
    EqualRows.each(
        data.all().features(),
        (at, hash, zero) -> {
          if (seen[0] < ids.length && ids[seen[0]] == at) { // ascending
            rows.add(hash, data.rows()[(int) at]);
            zeros += zero ? 1 : 0;
            seen[0]++;
          }
        });
    copies = rows.copies();
    contradicting = rows.contradicting();
    constant = rows.distinct() == 1 && ids.length > 1;
    return rows;
  }

  private List<String> sentences(TrainingSet data) {
    List<String> said = new ArrayList<>();
    String lone = loneClasses(data);
    if (lone != null) {
      said.add(lone);
    }
    if (constant) {
      said.add(
          "data.features: all training samples are equal, so there is nothing to learn; check how"
              + " the features were made");
      return said;
    }
    int classes = data.classes().size();
    if (!data.all().classNames().known()
        && data.training().length >= FEW
        && classes > data.training().length / 2) {
      said.add(
          "data.labels: "
              + classes
              + " classes for "
              + data.training().length
              + " training samples: are these numbers a measurement? Labels are classes, each of"
              + " several samples");
    }
    String scale = Scales.told(data.all().features(), data.config().data());
    if (scale != null) {
      said.add(scale);
    }
    if (copies > 0) {
      said.add(
          copies
              + (copies == 1
                  ? " training sample is an exact copy of an earlier one"
                  : " training samples are exact copies of earlier ones")
              + (contradicting > 0 ? ", " + contradicting + " of them with another class" : ""));
    }
    if (leaked > 0) {
      said.add(
          leaked
              + (leaked == 1
                  ? " validation sample is an exact copy"
                  : " validation samples are exact copies")
              + " of training samples, which flatters the validation numbers");
    }
    if (zeros > 0) {
      said.add(
          zeros
              + (zeros == 1 ? " training sample is" : " training samples are")
              + " all zeros, which have no direction to compare");
    }
    return said;
  }

  /** A sentence on classes with a single training sample; null when there is none. */
  private static String loneClasses(TrainingSet data) {
    int[] counts = new int[data.classes().size()];
    for (long row : data.trainedRows()) {
      counts[(int) row]++;
    }
    long[] ids = data.classes().ids();
    long[] lone =
        IntStream.range(0, counts.length)
            .filter(c -> counts[c] == 1)
            .mapToLong(c -> ids[c])
            .toArray();
    if (lone.length == 0) {
      return null;
    }
    String named =
        Arrays.stream(lone)
            .limit(NAMED)
            .mapToObj(
                id ->
                    data.all().classNames().known()
                        ? data.all().classNames().classText(id)
                        : Long.toString(id))
            .collect(Collectors.joining(", "));
    return lone.length
        + (lone.length == 1 ? " class has" : " classes have")
        + " one training sample: "
        + named
        + (lone.length > NAMED ? ", ..." : "");
  }
}
