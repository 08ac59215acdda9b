package io.vicinal.statistics;

import io.vicinal.InputException;

/** What every statistic asks of its samples. */
final class Checks {
  private Checks() {}

  /** At least {@code least} values, all finite. */
  static void values(String what, double[] values, int least) {
    if (values.length < least) {
      throw new InputException(
          what + ": needs at least " + least + " values, got " + values.length + "; give more");
    }
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new InputException(
            what + ": value " + i + " is " + values[i] + "; leave NaN and infinity out");
      }
    }
  }

  /** Two samples of one length, at least {@code least} values each, all finite. */
  static void pairs(String what, double[] a, double[] b, int least) {
    if (a.length != b.length) {
      throw new InputException(
          what + ": " + a.length + " values are paired with " + b.length + "; give one per pair");
    }
    values(what, a, least);
    values(what, b, least);
  }

  /** The mean. */
  static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
