package io.vicinal.influence.verify;

import io.vicinal.InputException;

/**
 * How much a {@link Miniature} may do. A value.
 *
 * @param top removals of each query, by largest predicted size, that must be re-solved for {@link
 *     Badge#VERIFIED}; at least 1
 * @param controls random samples that are re-solved as well, so that correlations are not taken
 *     over extremes only; at least 0
 * @param products Hessian-vector products that may be spent; 0 for none
 * @param seconds wall time that may be spent
 * @param seed of the random samples
 */
public record MiniatureOptions(int top, int controls, long products, double seconds, long seed) {
  /**
   * @throws InputException if a value is out of range
   */
  public MiniatureOptions {
    if (top < 1 || controls < 0 || products < 0 || !(seconds >= 0)) {
      throw new InputException(
          "miniature: needs top >= 1, controls >= 0 and a budget >= 0, got "
              + top
              + ", "
              + controls
              + ", "
              + products
              + " products, "
              + seconds
              + " s");
    }
  }

  /** Top 3, 5 random ones, 20,000 products, one minute. */
  public static MiniatureOptions defaults() {
    return new MiniatureOptions(3, 5, 20_000, 60, 0);
  }

  /** The same with another budget. */
  public MiniatureOptions withBudget(long newProducts, double newSeconds) {
    return new MiniatureOptions(top, controls, newProducts, newSeconds, seed);
  }
}
