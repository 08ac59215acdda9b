package io.vicinal.train;

import com.google.gson.JsonObject;
import java.util.Map;

/** Writes a line of {@code metrics.jsonl} at the end of an epoch. */
final class MetricsLines implements Loop.Listener {
  private final RunKeeper keeper;

  MetricsLines(RunKeeper keeper) {
    this.keeper = keeper;
  }

  @Override
  public void ended(Loop.Epoch epoch) {
    JsonObject o = new JsonObject();
    o.addProperty("epoch", epoch.number);
    o.addProperty("steps", epoch.steps);
    o.addProperty("loss", epoch.loss);
    o.addProperty("samples", epoch.samples);
    o.addProperty("empty", epoch.empty);
    o.add("lr", numbers(epoch.learningRates));
    o.add("validation", numbers(epoch.validation));
    o.addProperty("best", epoch.best);
    o.addProperty("seconds", epoch.seconds);
    o.addProperty("samplesPerSecond", epoch.samplesPerSecond());
    keeper.log(o.toString());
  }

  /** JSON has no NaN: a metric that is not defined is left out. */
  static JsonObject numbers(Map<String, Double> values) {
    JsonObject o = new JsonObject();
    values.forEach(
        (name, value) -> {
          if (value != null && Double.isFinite(value)) {
            o.addProperty(name, value);
          }
        });
    return o;
  }
}
