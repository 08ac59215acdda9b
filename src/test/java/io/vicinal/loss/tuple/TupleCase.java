package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A batch with its tuples and a loss's parameters, as an oracle sees it: plain arrays and loops.
 *
 * @param what its name
 * @param rows the embeddings as they are given
 * @param labels a class each
 * @param batch so many rows are of the batch, and the rest is remembered; mostly all
 * @param normalized whether rows are divided by their lengths first
 * @param mined the shape of the tuples, null for all that the labels allow
 * @param tuples (anchor, other, sign) of pairs and of sets, (anchor, positive, negative) of
 *     triplets, with a fourth of quadruplets; empty where all count
 * @param params every parameter of the loss by its external name
 * @param learned arrays of the parameters that it learns
 */
record TupleCase(
    String what,
    double[][] rows,
    long[] labels,
    int batch,
    boolean normalized,
    Tuples mined,
    int[][] tuples,
    Map<String, Object> params,
    Map<String, Learned> learned) {

  /** An array, row by row. */
  record Learned(long[] shape, double[] data) {
    double at(long i) {
      return data[(int) i];
    }

    double at(long i, long j) {
      return data[(int) (i * shape[1] + j)];
    }
  }

  static TupleCase of(String what, double[][] rows, long... labels) {
    int all = rows.length;
    return new TupleCase(what, rows, labels, all, false, null, new int[0][], Map.of(), Map.of());
  }

  /** The same with the last rows remembered: anchors are the first ones. */
  TupleCase batch(int batch) {
    return new TupleCase(what, rows, labels, batch, normalized, mined, tuples, params, learned);
  }

  TupleCase normalized(boolean normalized) {
    return new TupleCase(what, rows, labels, batch, normalized, mined, tuples, params, learned);
  }

  TupleCase with(double[][] rows, Map<String, Learned> learned) {
    return new TupleCase(what, rows, labels, batch, normalized, mined, tuples, params, learned);
  }

  TupleCase mined(Tuples mined, int[]... tuples) {
    return new TupleCase(what, rows, labels, batch, normalized, mined, tuples, params, learned);
  }

  TupleCase params(Map<String, Object> params) {
    return new TupleCase(what, rows, labels, batch, normalized, mined, tuples, params, learned);
  }

  int count() {
    return rows.length;
  }

  int width() {
    return rows[0].length;
  }

  double number(String param) {
    return ((Number) params.get(param)).doubleValue();
  }

  boolean flag(String param) {
    return (Boolean) params.get(param);
  }

  String text(String param) {
    return (String) params.get(param);
  }

  /** An embedding, of unit length if that is asked for; a zero vector stays. */
  double[] x(int i) {
    return normalized ? unit(rows[i]) : rows[i];
  }

  static double[] unit(double[] x) {
    double length = length(x);
    double[] unit = x.clone();
    for (int k = 0; k < x.length && length > 0; k++) {
      unit[k] /= length;
    }
    return unit;
  }

  static double length(double[] x) {
    return Math.sqrt(dot(x, x));
  }

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int k = 0; k < x.length; k++) {
      sum += x[k] * y[k];
    }
    return sum;
  }

  double product(int i, int j) {
    return dot(x(i), x(j));
  }

  double cosine(int i, int j) {
    return dot(unit(rows[i]), unit(rows[j]));
  }

  double squaredDistance(int i, int j) {
    double sum = 0;
    for (int k = 0; k < width(); k++) {
      sum += Math.pow(x(i)[k] - x(j)[k], 2);
    }
    return sum;
  }

  double distance(int i, int j) {
    return Math.sqrt(squaredDistance(i, j));
  }

  boolean alike(int i, int j) {
    return labels[i] == labels[j];
  }

  /** The samples of an anchor's set: those of its class without itself, or what was mined. */
  List<Integer> positives(int anchor) {
    return others(positivePairs(), anchor);
  }

  /** The samples of another class, or what was mined. */
  List<Integer> negatives(int anchor) {
    return others(negativePairs(), anchor);
  }

  /** Of a sample that is remembered those of the batch with which it is a negative pair. */
  List<Integer> negativesOfAny(int i) {
    return i < batch
        ? negatives(i)
        : negativePairs().stream().filter(pair -> pair[1] == i).map(pair -> pair[0]).toList();
  }

  private static List<Integer> others(List<int[]> pairs, int anchor) {
    return pairs.stream().filter(pair -> pair[0] == anchor).map(pair -> pair[1]).toList();
  }

  /** Each (anchor, positive): every ordered pair, or the pairs of the tuples with repetition. */
  List<int[]> positivePairs() {
    return pairs(true);
  }

  /** Each (anchor, negative). */
  List<int[]> negativePairs() {
    return pairs(false);
  }

  private List<int[]> pairs(boolean near) {
    List<int[]> pairs = new ArrayList<>();
    if (mined == null) {
      for (int i = 0; i < batch; i++) {
        for (int j = 0; j < count(); j++) {
          if (i != j && alike(i, j) == near) {
            pairs.add(new int[] {i, j});
          }
        }
      }
      return pairs;
    }
    boolean signs = mined == Tuples.PAIRS || mined == Tuples.SETS;
    for (int[] tuple : tuples) {
      if (!signs) {
        pairs.add(new int[] {tuple[0], tuple[near ? 1 : 2]});
      } else if (tuple[2] == (near ? 1 : 0)) {
        pairs.add(new int[] {tuple[0], tuple[1]});
      }
    }
    return pairs;
  }

  /** Each (anchor, positive, negative), with a fourth where one was mined. */
  List<int[]> triplets() {
    if (mined == Tuples.TRIPLETS || mined == Tuples.QUADRUPLETS) {
      return List.of(tuples);
    }
    List<int[]> triplets = new ArrayList<>();
    for (int[] near : positivePairs()) {
      for (int negative : negatives(near[0])) {
        triplets.add(new int[] {near[0], near[1], negative});
      }
    }
    return triplets;
  }

  @Override
  public String toString() {
    return what
        + (batch < count() ? " with memory" : "")
        + (mined == null ? " all" : " " + mined)
        + (normalized ? " normalized " : " ")
        + new TreeMap<>(params);
  }
}
