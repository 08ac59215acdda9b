package io.vicinal.config;

/** The numbers that a key accepts, and how an error names them. */
record Range(double from, boolean fromIncluded, double to, boolean toIncluded, String words) {

  static Range atLeast(double from) {
    return new Range(from, true, Double.MAX_VALUE, true, "a number of at least " + plain(from));
  }

  /** 0 excluded if {@code positive}. */
  static Range upTo(double most, boolean positive) {
    return new Range(
        0,
        !positive,
        most,
        true,
        "a number " + (positive ? "above 0" : "from 0") + " to " + plain(most));
  }

  static Range integersFrom(long from) {
    return new Range(from, true, Integer.MAX_VALUE, true, "an integer of at least " + from);
  }

  /** Both included. */
  static Range integers(double from, double to) {
    return to >= Integer.MAX_VALUE
        ? integersFrom((long) from)
        : new Range(from, true, to, true, "an integer from " + plain(from) + " to " + plain(to));
  }

  /** Both included. */
  static Range closed(double from, double to) {
    return new Range(from, true, to, true, "a number from " + plain(from) + " to " + plain(to));
  }

  /** from included, to excluded. */
  static Range halfOpen(double from, double to) {
    String words = "a number from " + plain(from) + " up to, not including, " + plain(to);
    return new Range(from, true, to, false, words);
  }

  static Range open(double from, double to) {
    String words = "a number between " + plain(from) + " and " + plain(to) + ", both excluded";
    return new Range(from, false, to, false, words);
  }

  boolean holds(double x) {
    boolean above = fromIncluded ? x >= from : x > from;
    boolean below = toIncluded ? x <= to : x < to;
    return above && below; // NaN is in no range
  }

  private static String plain(double x) {
    return x == Math.rint(x) && Math.abs(x) < 1e15 ? String.valueOf((long) x) : String.valueOf(x);
  }
}
