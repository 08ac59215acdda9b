package io.vicinal.train;

import java.util.Arrays;

/**
 * Class ids as the data has them, and the rows 0..C-1 that the loss uses: ascending ids, no gaps.
 * Immutable.
 */
final class ClassMap {

  /** The row of a class that is not trained. */
  static final int NONE = -1;

  private final long[] ids;

  private ClassMap(long[] ids) {
    this.ids = ids;
  }

  /** The classes of the samples {@code chosen}. */
  static ClassMap of(long[] labels, long[] chosen) {
    return new ClassMap(
        Arrays.stream(chosen).map(id -> labels[(int) id]).distinct().sorted().toArray());
  }

  /** C. */
  int size() {
    return ids.length;
  }

  /** The class ids by row: a copy. */
  long[] ids() {
    return ids.clone();
  }

  /** The row of a class id, {@link #NONE} when it is not trained. */
  int row(long id) {
    int at = Arrays.binarySearch(ids, id);
    return at >= 0 ? at : NONE;
  }

  /** The ids as a JSON list. */
  String json() {
    return Arrays.toString(ids).replace(" ", "");
  }
}
