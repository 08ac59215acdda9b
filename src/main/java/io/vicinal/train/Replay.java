package io.vicinal.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The training of a run folder once more, up to the head that it delivered, the average if it kept
 * one: its configuration, the epochs until its best one, and its schedule, which is told what the
 * validation of each epoch was. Stateless.
 */
public final class Replay {
  private Replay() {}

  /**
   * @param epochs until the delivered head
   * @param training to be given the run's training samples
   */
  public record Plan(int epochs, HeadTraining training) {}

  /**
   * @param folder of a run
   * @throws InputException if its configuration or its metrics cannot be read
   */
  public static Plan of(Path folder, Backend backend) {
    RunConfig config = ConfigParser.stored(folder.resolve("config.json"));
    Path log = folder.resolve("metrics.jsonl");
    Map<Integer, Double> metrics = new HashMap<>();
    int last = 0;
    int best = 0; // 0 without validation: the last head is delivered then
    try {
      String text = Files.readString(log);
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
        JsonObject o = JsonParser.parseString(line).getAsJsonObject();
        if (!o.has("lr")) {
          continue; // of the raw features
        }
        int epoch = o.get("epoch").getAsInt();
        JsonElement metric = o.getAsJsonObject("validation").get(config.evaluate().metric());
        metrics.put(epoch, metric == null ? Double.NaN : metric.getAsDouble());
        last = epoch;
        best = o.get("best").getAsBoolean() ? epoch : best;
      }
    } catch (IOException | RuntimeException e) {
      throw new InputException(
          log + ": cannot be read (" + e.getMessage() + "); restore it, or train the run again", e);
    }
    int delivered = best > 0 ? best : last;
    HeadTraining training = HeadTraining.of(backend, config).asRun(delivered, metrics);
    return new Plan(delivered, training);
  }
}
