package io.vicinal.influence.query;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Recall at k made differentiable, in (0, 1). For a query with cosines s_p to the gallery rows of
 * its class and s_n to the others:
 *
 * <pre>
 *   best  S = sum_p pi_p s_p,  pi = softmax_p(s_p / T)        soft maximum over right rows
 *   ahead n = sum_n sigma((s_n - S) / T)                      wrong rows that come before it
 *   hit   h = sigma((k - 1/2 - n) / R)
 *   value   = mean of h over the queries
 * </pre>
 *
 * sigma is the logistic function; the two temperatures play the part of those in Patel, Tolias,
 * Matas, <em>Recall@k surrogate loss</em> (CVPR 2022). As T and R go to 0 the value becomes recall
 * at k exactly, ties aside. Queries without another row of their class in the gallery are left out
 * and counted ({@link #lone}).
 *
 * <p>Cost: queries x gallery x d, for the value and again for the gradient. Immutable, safe for any
 * thread.
 */
public final class SmoothedRecall implements Measurement {
  /** Default T, on the scale of cosines. */
  public static final double TEMPERATURE = 0.05;

  /** Default R, on the scale of ranks. */
  public static final double RANK_TEMPERATURE = 0.25;

  private final String name;
  private final int k;
  private final double temperature;
  private final double rankTemperature;
  private final long[] queries;
  private final long[] gallery;
  private final long[] labels;
  private final int lone;

  /**
   * @param k at least 1
   * @param temperature T, above 0
   * @param rankTemperature R, above 0
   * @param queries test rows that ask
   * @param gallery test rows that may answer, each once; a query among them is not its own answer
   * @param labels of all test rows
   * @throws InputException if a parameter is out of range or no query has a right answer
   */
  public SmoothedRecall(
      int k,
      double temperature,
      double rankTemperature,
      long[] queries,
      long[] gallery,
      long[] labels) {
    if (k < 1 || !(temperature > 0) || !(rankTemperature > 0)) {
      throw new InputException(
          "smoothed recall: k, temperature and rank temperature must be above 0, got "
              + k
              + ", "
              + temperature
              + ", "
              + rankTemperature);
    }
    this.k = k;
    this.temperature = temperature;
    this.rankTemperature = rankTemperature;
    this.gallery = gallery.clone();
    this.labels = labels.clone();
    this.queries = answerable(queries);
    lone = queries.length - this.queries.length;
    name = "smoothed recall at " + k + " of " + this.queries.length + " queries";
    if (this.queries.length == 0) {
      throw new InputException(
          "smoothed recall: no query has another row of its class in the gallery; check the test"
              + " labels");
    }
  }

  private long[] answerable(long[] asked) {
    Map<Long, Set<Long>> rowsOfLabel = new HashMap<>();
    for (long row : gallery) {
      rowsOfLabel.computeIfAbsent(labels[(int) row], label -> new HashSet<>()).add(row);
    }
    return Arrays.stream(asked)
        .filter(
            query -> {
              Set<Long> rows = rowsOfLabel.getOrDefault(labels[(int) query], Set.of());
              return rows.size() > (rows.contains(query) ? 1 : 0);
            })
        .toArray();
  }

  private boolean right(long query, long row) {
    return row != query && labels[(int) row] == labels[(int) query];
  }

  /** Queries that were left out. */
  public int lone() {
    return lone;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String unit() {
    return "recall";
  }

  @Override
  public long[] rows() {
    return LongStream.concat(Arrays.stream(queries), Arrays.stream(gallery))
        .sorted()
        .distinct()
        .toArray();
  }

  private double[][] answers(UnitRows units) {
    return Arrays.stream(gallery).mapToObj(units::unit).toArray(double[][]::new);
  }

  /** One query: its hit, and the hit's derivative by each cosine. */
  private double hit(double[][] answers, double[] asks, long query, double[] byCosine) {
    double[] cosines = new double[gallery.length];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < gallery.length; j++) {
      cosines[j] = UnitRows.dot(asks, answers[j]);
      if (right(query, gallery[j])) {
        largest = Math.max(largest, cosines[j]);
      }
    }
    double mass = 0;
    double best = 0;
    for (int j = 0; j < gallery.length; j++) {
      if (right(query, gallery[j])) {
        double share = Math.exp((cosines[j] - largest) / temperature);
        mass += share;
        best += share * cosines[j];
      }
    }
    best /= mass;
    double ahead = 0;
    double slopes = 0;
    for (int j = 0; j < gallery.length; j++) {
      if (labels[(int) gallery[j]] != labels[(int) query]) {
        double before = logistic((cosines[j] - best) / temperature);
        ahead += before;
        byCosine[j] = before * (1 - before) / temperature;
        slopes += byCosine[j];
      }
    }
    double hit = logistic((k - 0.5 - ahead) / rankTemperature);
    double outer = -hit * (1 - hit) / rankTemperature;
    for (int j = 0; j < gallery.length; j++) {
      if (right(query, gallery[j])) {
        double share = Math.exp((cosines[j] - largest) / temperature) / mass;
        byCosine[j] = -slopes * share * (1 + (cosines[j] - best) / temperature);
      }
      byCosine[j] *= outer;
    }
    return hit;
  }

  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Override
  public double value(Embeddings embeddings) {
    UnitRows units = new UnitRows(embeddings);
    double[][] answers = answers(units);
    double sum = 0;
    for (long query : queries) {
      sum += hit(answers, units.unit(query), query, new double[gallery.length]);
    }
    return sum / queries.length;
  }

  @Override
  public void gradient(Embeddings embeddings, GradientSink sink) {
    UnitRows units = new UnitRows(embeddings);
    double[][] answers = answers(units);
    double[][] byRow = new double[gallery.length][units.width()];
    for (long query : queries) {
      double[] byCosine = new double[gallery.length];
      hit(answers, units.unit(query), query, byCosine);
      double[] byQuery = new double[units.width()];
      for (int j = 0; j < gallery.length; j++) {
        UnitRows.addTo(byQuery, byCosine[j], answers[j]);
        UnitRows.addTo(byRow[j], byCosine[j], units.unit(query));
      }
      units.pull(query, byQuery, 1.0 / queries.length, sink);
    }
    for (int j = 0; j < gallery.length; j++) {
      units.pull(gallery[j], byRow[j], 1.0 / queries.length, sink);
    }
  }
}
