package io.vicinal.retrieval;

import io.vicinal.InputException;

/**
 * How relevant a row of one class is to a query of another, for graded metrics: 0 is not at all.
 * Immutable.
 */
public final class Grades {
  private static final Grades CLASSES = new Grades("1 within a class, else 0", null, null);

  private final String text;
  private final double[][] matrix; // [query class, gallery class]; null: by levels or classes
  private final long[][] levels; // [class, level], coarse first; null: by matrix or classes

  private Grades(String text, double[][] matrix, long[][] levels) {
    this.text = text;
    this.matrix = matrix;
    this.levels = levels;
  }

  /** 1 within a class, 0 elsewhere. */
  public static Grades classes() {
    return CLASSES;
  }

  /**
   * A number for every pair of classes.
   *
   * @param matrix [C, C], of a query's class (row) and a gallery row's class (column); each 0 or
   *     more
   * @throws InputException if it is not square, or a number is negative or not finite
   */
  public static Grades matrix(double[][] matrix) {
    double[][] copy = new double[matrix.length][];
    for (int i = 0; i < matrix.length; i++) {
      copy[i] = matrix[i].clone();
      if (copy[i].length != matrix.length) {
        throw new InputException(
            "relevance: needs as many columns as rows, one for each class; row "
                + i
                + " has "
                + copy[i].length
                + " for "
                + matrix.length
                + " rows");
      }
      for (int j = 0; j < copy[i].length; j++) {
        if (!(copy[i][j] >= 0) || Double.isInfinite(copy[i][j])) {
          throw new InputException(
              "relevance: [" + i + ", " + j + "] is " + copy[i][j] + "; use finite numbers from 0");
        }
      }
    }
    return new Grades("the matrix's number of the two classes", copy, null);
  }

  /**
   * Levels of a hierarchy: the relevance of two classes is the number of levels that they share
   * from the first on, and one more within a class.
   *
   * @param levels [C, L], row c: the groups of class c, the coarsest first
   * @throws InputException if rows differ in length
   */
  public static Grades levels(long[][] levels) {
    long[][] copy = new long[levels.length][];
    for (int i = 0; i < levels.length; i++) {
      copy[i] = levels[i].clone();
      if (copy[i].length != levels[0].length || copy[i].length == 0) {
        throw new InputException(
            "levels: class "
                + i
                + " has "
                + copy[i].length
                + " levels, class 0 has "
                + levels[0].length
                + "; give every class the same, one at least");
      }
    }
    return new Grades("shared levels from the coarsest on, one more within a class", null, copy);
  }

  /** In words. */
  public String text() {
    return text;
  }

  /** Whether it says more than {@link #classes()}. */
  public boolean isGraded() {
    return this != CLASSES;
  }

  /**
   * @throws InputException if a label is none of its classes
   */
  void check(long[] labels) {
    int size = matrix != null ? matrix.length : levels != null ? levels.length : -1;
    for (long label : labels) {
      if (size >= 0 && (label < 0 || label >= size)) {
        throw new InputException(
            (matrix != null ? "relevance" : "levels")
                + ": has "
                + size
                + " classes, but label "
                + label
                + " occurs; give a row for every class from 0");
      }
    }
  }

  double of(long query, long other) {
    if (matrix != null) {
      return matrix[(int) query][(int) other];
    }
    if (levels == null || query == other) {
      return query == other ? (levels == null ? 1 : levels[0].length + 1.0) : 0;
    }
    long[] a = levels[(int) query];
    long[] b = levels[(int) other];
    int shared = 0;
    while (shared < a.length && a[shared] == b[shared]) {
      shared++;
    }
    return shared;
  }
}
