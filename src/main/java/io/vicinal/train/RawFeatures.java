package io.vicinal.train;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import java.util.Map;

/**
 * The metrics of the features as they are, measured before the first step: a head that does not
 * beat them does harm.
 */
final class RawFeatures {
  private final RunConfig config;
  private final TrainingSet data;
  private final RunKeeper keeper;
  private final TrainingListener listener;

  RawFeatures(RunConfig config, TrainingSet data, RunKeeper keeper, TrainingListener listener) {
    this.config = config;
    this.data = data;
    this.keeper = keeper;
    this.listener = listener;
  }

  /**
   * Measures them, unless a checkpoint had their values.
   *
   * @param at takes the values
   * @param begins whether the run begins here
   */
  ValidationReport measure(Validation validation, RunState at, boolean begins) {
    FeatureSet part = data.validation();
    ValidationReport report =
        ValidationReport.of(
            config.evaluate().metric(),
            config.evaluate().normalize(),
            part.classCounts(),
            data.classes());
    if (!at.rawValues.isEmpty()) {
      return report;
    }
    listener.note(report.told());
    long start = System.nanoTime();
    try {
      at.rawValues.putAll(validation.measured(part.features()));
    } catch (InputException e) {
      listener.note("the raw features cannot be measured beside the head: " + e.getMessage());
      return report;
    }
    if (begins) {
      JsonObject o = new JsonObject();
      o.addProperty("epoch", 0);
      o.addProperty("of", "raw features");
      o.add("validation", MetricsLines.numbers(at.rawValues));
      o.addProperty("seconds", Math.max(1e-9, (System.nanoTime() - start) / 1e9));
      keeper.log(o.toString());
    }
    report.with(at.rawValues, Map.of(), 0).rawTold().lines().forEach(listener::note);
    return report;
  }
}
