package io.vicinal.influence.verify;

import io.vicinal.InputException;
import io.vicinal.statistics.Agreement;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Predicted against actual changes of a list of edits, query by query. Single removals give the
 * leave-one-out correlation, random subsets ({@link Subsets}) the linear datamodelling score.
 * Immutable; arrays are not copied.
 *
 * @param edits what was done, E of them
 * @param predicted [Q][E]
 * @param actual [Q][E]
 * @param agreement of each query over the edits that have a prediction: one that touches a sample
 *     without a score (NaN) has none; all NaN where fewer than two have
 */
public record Verification(
    List<String> edits, double[][] predicted, double[][] actual, List<Agreement> agreement) {

  /**
   * Compares scores with outcomes.
   *
   * @param scores predicted change of measurement q if sample i is removed, [Q][N]
   * @param outcomes of edits that keep labels, each with Q measurements
   */
  public static Verification of(double[][] scores, List<Outcome> outcomes) {
    double[][] predicted = new double[scores.length][];
    for (int q = 0; q < scores.length; q++) {
      double[] row = scores[q];
      predicted[q] = outcomes.stream().mapToDouble(o -> o.edit().predicted(row)).toArray();
    }
    return ofPredictions(predicted, outcomes);
  }

  /**
   * Compares predictions of any origin, such as a relabel table.
   *
   * @param predicted [Q][E]
   * @param outcomes of E edits
   * @throws InputException if numbers do not fit
   */
  public static Verification ofPredictions(double[][] predicted, List<Outcome> outcomes) {
    double[][] actual = new double[predicted.length][outcomes.size()];
    for (int e = 0; e < outcomes.size(); e++) {
      if (outcomes.get(e).after().length != predicted.length) {
        throw new InputException(
            "verification: "
                + outcomes.get(e).after().length
                + " measurements were retrained and "
                + predicted.length
                + " predicted; give the same queries");
      }
      for (int q = 0; q < predicted.length; q++) {
        actual[q][e] = outcomes.get(e).change(q);
      }
    }
    Agreement[] agreement = new Agreement[predicted.length];
    Arrays.setAll(agreement, q -> agreement(predicted[q], actual[q]));
    return new Verification(
        outcomes.stream().map(outcome -> outcome.edit().name()).toList(),
        predicted,
        actual,
        List.of(agreement));
  }

  private static Agreement agreement(double[] predicted, double[] actual) {
    int[] known =
        IntStream.range(0, predicted.length).filter(e -> !Double.isNaN(predicted[e])).toArray();
    if (known.length < 2) {
      double none = Double.NaN;
      return new Agreement(known.length, none, none, none, none, none);
    }
    return Agreement.of(
        Arrays.stream(known).mapToDouble(e -> predicted[e]).toArray(),
        Arrays.stream(known).mapToDouble(e -> actual[e]).toArray());
  }

  /** The same of the first few queries. */
  public Verification first(int count) {
    return new Verification(
        edits,
        Arrays.copyOf(predicted, count),
        Arrays.copyOf(actual, count),
        agreement.subList(0, count));
  }

  /** Mean Pearson correlation over the queries where it exists; NaN if there is none. */
  public double pearson() {
    return mean(Agreement::pearson);
  }

  /** Mean Spearman correlation over the queries where it exists; NaN if there is none. */
  public double spearman() {
    return mean(Agreement::spearman);
  }

  /** Mean size error over the queries where it exists; NaN if there is none. */
  public double sizeError() {
    return mean(Agreement::sizeError);
  }

  /** Mean share of right signs over the queries where it exists; NaN if there is none. */
  public double sign() {
    return mean(Agreement::sign);
  }

  private double mean(ToDoubleFunction<Agreement> value) {
    return agreement.stream()
        .mapToDouble(value)
        .filter(v -> !Double.isNaN(v))
        .average()
        .orElse(Double.NaN);
  }
}
