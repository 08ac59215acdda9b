package io.vicinal.mine;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;

/** A batch of plain numbers, compared by loops that share nothing with the product. */
record MiningBatch(double[][] x, long[] y) {
  /** The fixture G of twelve waves in eight dimensions, four classes of three, of unit length. */
  static MiningBatch waves() {
    double[][] x = new double[12][8];
    for (int i = 0; i < 12; i++) {
      for (int j = 0; j < 8; j++) {
        x[i][j] = Math.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j);
      }
    }
    return of(x, i -> i % 4).unit();
  }

  /** Eight waves in four dimensions, four classes of two neighbours, of unit length. */
  static MiningBatch eight() {
    double[][] x = new double[8][4];
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 4; j++) {
        x[i][j] = Math.sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2));
      }
    }
    return of(x, i -> i / 2).unit();
  }

  /** Points 0, 1, ... on a line. */
  static MiningBatch line(long... labels) {
    double[][] x = new double[labels.length][1];
    Arrays.setAll(x, i -> new double[] {i});
    return new MiningBatch(x, labels);
  }

  static MiningBatch of(double[][] x, IntToLongFunction label) {
    long[] y = new long[x.length];
    Arrays.setAll(y, label::applyAsLong);
    return new MiningBatch(x, y);
  }

  MiningBatch unit() {
    double[][] unit = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      double length = Math.sqrt(product(i, i));
      unit[i] = Arrays.stream(x[i]).map(v -> v / length).toArray();
    }
    return new MiningBatch(unit, y);
  }

  int size() {
    return y.length;
  }

  double product(int i, int j) {
    double sum = 0;
    for (int k = 0; k < x[i].length; k++) {
      sum += x[i][k] * x[j][k];
    }
    return sum;
  }

  double distance(int i, int j) {
    double sum = 0;
    for (int k = 0; k < x[i].length; k++) {
      sum += (x[i][k] - x[j][k]) * (x[i][k] - x[j][k]);
    }
    return Math.sqrt(sum);
  }

  boolean positive(int i, int j) {
    return i != j && y[i] == y[j];
  }

  boolean negative(int i, int j) {
    return y[i] != y[j];
  }

  /** The rows that a miner finds where anchors are the first so many samples. */
  List<List<Integer>> mine(
      Backend backend, int anchors, long seed, String name, Map<String, String> params) {
    try (Arena arena = Arena.host()) {
      double[] flat = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
      Candidates in =
          Candidates.of(backend, arena.of(flat, x.length, x[0].length), y, anchors, true);
      return rows(Miners.mine(Miners.create(name, params), in, Miners.generator(seed)));
    }
  }

  /** What the product makes of it, in float64. */
  Candidates candidates(Backend backend) {
    try (Arena arena = Arena.host()) {
      double[] flat = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
      return Candidates.of(backend, arena.of(flat, x.length, x[0].length), y, false);
    }
  }

  /** The rows that a miner finds. */
  List<List<Integer>> mine(Backend backend, long seed, String name, Map<String, String> params) {
    return rows(
        Miners.mine(Miners.create(name, params), candidates(backend), Miners.generator(seed)));
  }

  static List<List<Integer>> rows(Mined mined) {
    List<List<Integer>> rows = new ArrayList<>();
    for (int t = 0; t < mined.size(); t++) {
      rows.add(List.of(mined.get(t, 0), mined.get(t, 1), mined.get(t, 2)));
    }
    return rows;
  }

  /** All triplets that pass. */
  List<List<Integer>> triplets(Triplet passes) {
    List<List<Integer>> rows = new ArrayList<>();
    for (int a = 0; a < size(); a++) {
      for (int p = 0; p < size(); p++) {
        for (int n = 0; n < size(); n++) {
          if (positive(a, p) && negative(a, n) && passes.test(a, p, n)) {
            rows.add(List.of(a, p, n));
          }
        }
      }
    }
    return rows;
  }

  /** All pairs that pass, with their signs. */
  List<List<Integer>> pairs(Pair passes) {
    List<List<Integer>> rows = new ArrayList<>();
    for (int a = 0; a < size(); a++) {
      for (int o = 0; o < size(); o++) {
        if (a != o && passes.test(a, o, positive(a, o))) {
          rows.add(List.of(a, o, positive(a, o) ? 1 : -1));
        }
      }
    }
    return rows;
  }

  interface Triplet {
    boolean test(int a, int p, int n);
  }

  interface Pair {
    boolean test(int a, int o, boolean positive);
  }
}
