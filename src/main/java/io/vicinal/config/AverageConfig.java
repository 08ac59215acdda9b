package io.vicinal.config;

/**
 * The moving average of the parameters, which is what is measured and delivered where there is one.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param decay what an average keeps of itself in a step; 0 for none
 */
public record AverageConfig(double decay) {

  static AverageConfig read(ConfigObject s) {
    double decay = s.number("decay", 0, Range.halfOpen(0, 1));
    s.end();
    return new AverageConfig(decay);
  }
}
