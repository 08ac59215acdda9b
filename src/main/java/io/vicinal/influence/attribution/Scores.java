package io.vicinal.influence.attribution;

import java.util.List;

/**
 * What an estimator found: the predicted change of each query's measurement if a sample is removed,
 * in the measurement's unit. Immutable as long as nobody writes to its arrays.
 *
 * @param method the estimator's name
 * @param values [Q][N]; NaN where the estimator did not look
 * @param diagnostics one per query: what the numbers rest on
 */
public record Scores(String method, double[][] values, List<Diagnostics> diagnostics) {
  public Scores {
    diagnostics = List.copyOf(diagnostics);
  }

  /** Helpful and harmful samples of a query. */
  public SignedSets sets(int query) {
    return SignedSets.of(values[query]);
  }
}
