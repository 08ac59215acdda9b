package io.vicinal.explain;

import io.vicinal.influence.verify.Brittleness;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.statistics.Agreement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What came of a verification. Immutable.
 *
 * @param miniature the largest removals one by one, and each query's badge
 * @param parts the experiments by kind, those of the miniature first
 * @param brittleness one per query where that was asked, else empty
 * @param experiments that were made
 * @param products Hessian-vector products spent on them, by earlier calls too
 * @param seconds spent on them, likewise
 */
public record Verified(
    Miniature miniature,
    List<Part> parts,
    List<Brittleness> brittleness,
    int experiments,
    long products,
    double seconds) {
  /**
   * Experiments of one kind.
   *
   * @param kind in words, for tables
   * @param outcomes of the edits
   * @param predicted change of each query's measurement by each edit, by method
   */
  public record Part(String kind, List<Outcome> outcomes, Map<String, double[][]> predicted) {
    /** How a method agrees with the outcomes, a query at a time; none where too few are known. */
    public List<Agreement> agreement(String method) {
      List<Agreement> all = new ArrayList<>();
      double[][] own = predicted.get(method);
      for (int q = 0; q < own.length; q++) {
        double[] p = own[q];
        int query = q;
        int[] known =
            IntStream.range(0, p.length).filter(e -> !Double.isNaN(p[e])).toArray(); // newton-loo
        if (known.length >= 2) {
          all.add(
              Agreement.of(
                  Arrays.stream(known).mapToDouble(e -> p[e]).toArray(),
                  Arrays.stream(known).mapToDouble(e -> outcomes.get(e).change(query)).toArray()));
        }
      }
      return all;
    }
  }

  public Verified {
    parts = List.copyOf(parts);
    brittleness = List.copyOf(brittleness);
  }
}
