package io.vicinal.train;

import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is odd about a training set and would pass in silence: a sentence for each kind. One pass
 * over the rows, 16 bytes a sample.
 */
final class Remarks {
  private static final int PIECE = 1 << 20; // numbers that are read at a time
  private static final int NAMED = 10;
  private static final long ODD = 0x9e3779b97f4a7c15L; // 2^64 over the golden ratio

  private long copies; // training samples that equal an earlier one
  private long contradicting; // of them, those that bring another class
  private long leaked; // validation samples that equal a training sample
  private long zeros; // training samples
  private boolean constant; // every row equals the first

  private Remarks() {}

  static List<String> of(TrainingSet data) {
    Remarks remarks = new Remarks();
    long[] hashes = remarks.training(data);
    if (data.validation() != null) {
      each(
          data.validation().features(),
          (at, hash, zero) -> remarks.leaked += Arrays.binarySearch(hashes, hash) >= 0 ? 1 : 0);
    }
    return remarks.sentences(data);
  }

  private interface Row {
    void take(long at, long hash, boolean zero);
  }

  /** Hashes of the training rows, ascending. */
  private long[] training(TrainingSet data) {
    long[] ids = data.training();
    long[] hashes = new long[ids.length];
    long[] labelled = new long[ids.length]; // hashes of row and class
    int[] seen = {0};
    each(
        data.features(),
        (at, hash, zero) -> {
          int n = seen[0];
          if (n < ids.length && ids[n] == at) { // ascending
            hashes[n] = hash;
            labelled[n] = mixed(hash ^ data.rows()[(int) at]);
            zeros += zero ? 1 : 0;
            seen[0]++;
          }
        });
    long distinct = distinct(hashes);
    copies = ids.length - distinct;
    contradicting = distinct(labelled) - distinct;
    constant = distinct == 1 && ids.length > 1;
    return hashes;
  }

  /** Sorts and counts. */
  private static long distinct(long[] values) {
    Arrays.sort(values);
    long count = values.length == 0 ? 0 : 1;
    for (int i = 1; i < values.length; i++) {
      count += values[i] == values[i - 1] ? 0 : 1;
    }
    return count;
  }

  /** Hashes rows by value: 0 and -0 are equal; 64 bits tell a million rows apart. */
  private static void each(Tensor features, Row row) {
    long count = features.dim(0);
    int width = Math.toIntExact(features.dim(1));
    long step = Math.max(1, PIECE / width);
    for (long from = 0; from < count; from += step) {
      long until = Math.min(count, from + step);
      Tensor piece = features.rows(from, until);
      boolean single = piece.dtype().bytes() == Float.BYTES;
      float[] floats = single ? piece.toFloats() : null;
      double[] doubles = single ? null : piece.toDoubles();
      LongToDoubleFunction value = single ? i -> floats[(int) i] : i -> doubles[(int) i];
      for (long i = from; i < until; i++) {
        long hash = 0;
        boolean zero = true;
        for (long j = (i - from) * width; j < (i - from + 1) * width; j++) {
          double x = value.applyAsDouble(j) + 0.0;
          zero &= x == 0;
          hash = Long.rotateLeft((hash ^ Double.doubleToLongBits(x)) * ODD, 29);
        }
        row.take(i, mixed(hash), zero);
      }
    }
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), a bijection. */
  private static long mixed(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
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
    if (copies > 0) {
      said.add(
          copies
              + (copies == 1 ? " training sample is an" : " training samples are")
              + (copies == 1 ? " exact copy of an earlier one" : " exact copies of earlier ones")
              + (contradicting > 0 ? ", " + contradicting + " of them with another class" : ""));
    }
    if (leaked > 0) {
      said.add(
          leaked
              + (leaked == 1 ? " validation sample is an exact copy" : " validation samples are")
              + (leaked == 1 ? "" : " exact copies")
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
    for (long id : data.training()) {
      counts[data.rows()[(int) id]]++;
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
                    data.classNames().known() ? data.classNames().classText(id) : Long.toString(id))
            .collect(Collectors.joining(", "));
    return lone.length
        + (lone.length == 1 ? " class has" : " classes have")
        + " one training sample: "
        + named
        + (lone.length > NAMED ? ", ..." : "");
  }
}
