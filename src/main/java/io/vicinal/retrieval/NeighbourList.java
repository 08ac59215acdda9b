package io.vicinal.retrieval;

import io.vicinal.data.Names;
import io.vicinal.data.TableFile;

/**
 * The k nearest gallery rows of each of Q queries, nearest first, equal distances by lower id.
 * Row-major: neighbour j of query q is at {@code q * k + j}. The arrays are not copied: treat them
 * as read-only.
 *
 * <p>Immutable as long as nobody writes to its arrays; safe to share between threads then.
 *
 * @param queries Q
 * @param k neighbours per query
 * @param ids gallery rows [Q, k]
 * @param distances squared Euclidean distances [Q, k], in double arithmetic
 */
public record NeighbourList(int queries, int k, long[] ids, double[] distances) {
  /** Gallery row of neighbour {@code j} (0 = nearest) of query {@code q}. */
  public long id(int q, int j) {
    return ids[q * k + j];
  }

  /** Squared Euclidean distance of neighbour {@code j} of query {@code q}. */
  public double distance(int q, int j) {
    return distances[q * k + j];
  }

  /**
   * As a table to write: a row for each neighbour, of the columns query, rank (from 1), neighbour
   * and distance, and query_name and neighbour_name where there are names.
   *
   * @param ofQueries what to call the queries; may be none
   * @param ofGallery what to call the gallery's rows; may be none
   */
  public TableFile table(Names ofQueries, Names ofGallery) {
    TableFile table =
        new TableFile((long) queries * k)
            .wholes("query", row -> row / k)
            .wholes("rank", row -> row % k + 1)
            .wholes("neighbour", row -> ids[(int) row])
            .numbers("distance", row -> distances[(int) row]);
    if (ofQueries.known()) {
      table.texts("query_name", row -> ofQueries.get(row / k));
    }
    if (ofGallery.known()) {
      table.texts("neighbour_name", row -> ofGallery.get(ids[(int) row]));
    }
    return table;
  }
}
