package io.vicinal.statistics;

/**
 * How well predicted changes p match actual changes a. Order (Spearman), linear relation (Pearson)
 * and size are three questions: an estimate can rank every sample and still be four times too
 * small. Immutable.
 *
 * @param count n, the number of pairs
 * @param pearson Pearson's r, NaN if either side is constant
 * @param spearman Spearman's rho, NaN if either side is constant
 * @param sizeError sum |a - p| / sum |a|: 0 is perfect, 1 is what predicting no change would get;
 *     NaN if nothing changed
 * @param slope sum a p / sum a²: least squares of p = slope a through the origin; 1 is the right
 *     size, 0.25 is four times too small; NaN if nothing changed
 * @param sign share of the pairs with a not 0 whose p has a's sign; NaN if nothing changed
 */
public record Agreement(
    int count, double pearson, double spearman, double sizeError, double slope, double sign) {

  /**
   * Compares predictions with what happened.
   *
   * @throws io.vicinal.InputException if lengths differ, there are fewer than two pairs, or a value
   *     is not finite
   */
  public static Agreement of(double[] predicted, double[] actual) {
    Checks.pairs("agreement", predicted, actual, 2);
    double miss = 0;
    double size = 0;
    double ap = 0;
    double aa = 0;
    int moved = 0;
    int signs = 0;
    for (int i = 0; i < actual.length; i++) {
      double a = actual[i];
      double p = predicted[i];
      miss += Math.abs(a - p);
      size += Math.abs(a);
      ap += a * p;
      aa += a * a;
      if (a != 0) {
        moved++;
        signs += Math.signum(a) == Math.signum(p) ? 1 : 0;
      }
    }
    return new Agreement(
        actual.length,
        Correlation.pearson(predicted, actual),
        Correlation.spearman(predicted, actual),
        size == 0 ? Double.NaN : miss / size,
        moved == 0 ? Double.NaN : ap / aa,
        moved == 0 ? Double.NaN : (double) signs / moved);
  }
}
