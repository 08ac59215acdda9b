package io.vicinal.retrieval;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What every query is answered with, its nearest row by cosine, and how certain that looks. Arrays
 * are by query and not copied: treat them as read-only.
 *
 * @param nearest gallery row, the query itself left out; -1 where there is none
 * @param right whether it has the query's label
 * @param lone whether no row could have been right
 * @param cosine to it; 0 where one of the two is zero
 * @param distance Euclidean, of the rows as they are compared
 * @param norm of the query as it was given
 */
public record Answers(
    long[] nearest,
    boolean[] right,
    boolean[] lone,
    double[] cosine,
    double[] distance,
    double[] norm) {
  private static final int BLOCK = 1 << 20; // numbers of rows that are looked at at once

  /**
   * As {@link Evaluator} sees them.
   *
   * @param gallery null for the queries themselves, each left out of its own answers
   * @param normalize whether distances are of unit rows
   */
  public static Answers of(
      Backend backend,
      Tensor queries,
      Tensor queryLabels,
      Tensor gallery,
      Tensor galleryLabels,
      boolean normalize) {
    try (Arena arena = new Arena(backend.memory())) {
      MeasuredRows rows =
          MeasuredRows.of(backend, queries, queryLabels, gallery, galleryLabels, normalize, arena);
      return of(backend, rows, new Relevance(rows.queryLabels(), rows.galleryLabels()));
    }
  }

  static Answers of(Backend backend, MeasuredRows rows, Relevance relevance) {
    int count = relevance.queries();
    Answers answers =
        new Answers(
            new long[count],
            new boolean[count],
            new boolean[count],
            new double[count],
            new double[count],
            Arrays.copyOf(SpaceMetrics.norms(rows), count));
    if (rows.available() == 0) {
      Arrays.fill(answers.nearest, -1);
      Arrays.fill(answers.lone, true);
      return answers;
    }
    try (Arena arena = new Arena(backend.memory())) {
      Tensor unit = unit(backend, rows.queries(), arena);
      Tensor gallery = rows.sameSet() ? unit : unit(backend, rows.gallery(), arena);
      int step = Math.max(1, BLOCK / rows.width());
      for (int from = 0; from < count; from += step) {
        MatrixChecks.checkInterrupt("evaluation");
        int to = Math.min(count, from + step);
        long[] self = rows.sameSet() ? LongStream.range(from, to).toArray() : null;
        NeighbourList list = Neighbours.search(unit.rows(from, to), gallery, 1, self, backend);
        System.arraycopy(list.ids(), 0, answers.nearest, from, to - from);
        answers.compare(backend, rows, relevance, from, to);
      }
    }
    return answers;
  }

  private static Tensor unit(Backend backend, Tensor rows, Arena arena) {
    Tensor unit = arena.allocate(DType.F32, rows.shape());
    backend.normalizeRows(rows, unit);
    return unit;
  }

  private void compare(Backend backend, MeasuredRows rows, Relevance relevance, int from, int to) {
    int width = rows.width();
    try (Arena arena = new Arena(backend.memory())) {
      Tensor ids = arena.of(Arrays.copyOfRange(nearest, from, to), to - from);
      Tensor met = arena.allocate(DType.F32, to - from, width);
      backend.gatherRows(rows.gallery(), ids, met);
      float[] a = rows.queries().rows(from, to).toFloats();
      float[] b = met.toFloats();
      for (int q = from; q < to; q++) {
        int at = (q - from) * width;
        right[q] = rows.galleryLabels()[(int) nearest[q]] == rows.queryLabels()[q];
        lone[q] = relevance.count(q) == 0;
        distance[q] = Math.sqrt(RankDefects.squaredDistance(a, at, b, at, width));
        cosine[q] = cosine(a, b, at, width);
      }
    }
  }

  private static double cosine(float[] a, float[] b, int at, int width) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int j = at; j < at + width; j++) {
      ab += (double) a[j] * b[j];
      aa += (double) a[j] * a[j];
      bb += (double) b[j] * b[j];
    }
    return aa == 0 || bb == 0 ? 0 : ab / (Math.sqrt(aa) * Math.sqrt(bb));
  }

  /**
   * Area under the ROC curve: the chance that a larger score belongs to a query of the one kind
   * rather than of the other, equal scores counting half. Lone queries are left out.
   *
   * @param scores by query
   * @param ofRight whether a large score is to say that the answer is right, else that it is wrong
   * @return NaN if all answers are right, or all are wrong
   */
  public double auroc(double[] scores, boolean ofRight) {
    int[] order =
        IntStream.range(0, scores.length)
            .filter(q -> !lone[q])
            .boxed()
            .sorted((x, y) -> Double.compare(scores[x], scores[y]))
            .mapToInt(Integer::intValue)
            .toArray();
    double ranks = 0;
    double signs = 0;
    for (int from = 0; from < order.length; ) {
      int to = from;
      long here = 0;
      while (to < order.length && scores[order[to]] == scores[order[from]]) {
        here += right[order[to]] == ofRight ? 1 : 0;
        to++;
      }
      ranks += here * (from + 1 + to) / 2.0; // equal scores share the mean of their ranks
      signs += here;
      from = to;
    }
    double others = order.length - signs;
    return signs == 0 || others == 0
        ? Double.NaN
        : (ranks - signs * (signs + 1) / 2) / (signs * others);
  }

  /** The metrics of certainty. */
  Map<String, Double> metrics(List<MetricId> ids, double[] uncertainty) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (MetricId id : ids) {
      values.put(
          id.id(),
          switch (id.kind()) {
            case UNCERTAINTY_COSINE -> auroc(cosine, true);
            case UNCERTAINTY_L2 -> auroc(distance, false);
            case UNCERTAINTY_NORM -> auroc(norm, true);
            case UNCERTAINTY_GIVEN -> auroc(uncertainty, false);
            default -> throw new IllegalStateException(id + " is not of answers");
          });
    }
    return values;
  }
}
