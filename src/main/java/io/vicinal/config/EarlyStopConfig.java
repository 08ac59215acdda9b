package io.vicinal.config;

/**
 * Ends training when the validation metric ({@code evaluate.metric}) no longer improves.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param patience evaluations without improvement that end it; 0 for never
 * @param minDelta what counts as an improvement: more than the best plus this
 */
public record EarlyStopConfig(int patience, double minDelta) {

  static EarlyStopConfig read(ConfigObject s) {
    int patience = s.integer("patience", 0, Range.integersFrom(0));
    double minDelta = s.number("minDelta", 0, Range.halfOpen(0, 1)); // of a metric from 0 to 1
    s.end();
    return new EarlyStopConfig(patience, minDelta);
  }
}
