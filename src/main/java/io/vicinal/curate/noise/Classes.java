package io.vicinal.curate.noise;

/** Counts and choices over classes. Stateless. */
public final class Classes {
  private Classes() {}

  /** Samples of each class. */
  public static int[] sizes(long[] labels, int classes) {
    int[] sizes = new int[classes];
    for (long label : labels) {
      sizes[(int) label]++;
    }
    return sizes;
  }

  /** The likeliest class, the lowest of equal ones. */
  static int likeliest(double[] p) {
    int best = 0;
    for (int c = 1; c < p.length; c++) {
      best = p[c] > p[best] ? c : best;
    }
    return best;
  }
}
