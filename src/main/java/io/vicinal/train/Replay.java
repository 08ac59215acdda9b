package io.vicinal.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.optim.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The training of a run folder once more, up to the head that it delivered: its configuration, the
 * epochs until its best one, and the learning rates that it really had, which a schedule that
 * follows the validation cannot give again. Stateless.
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
    Map<Integer, Double> factors = new TreeMap<>();
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
        factors.put(epoch, factor(o.getAsJsonObject("lr"), config));
        last = epoch;
        best = o.get("best").getAsBoolean() ? epoch : best;
      }
    } catch (IOException | RuntimeException e) {
      throw new InputException(
          log + ": cannot be read (" + e.getMessage() + "); restore it, or train the run again", e);
    }
    int delivered = best > 0 ? best : last;
    HeadTraining training =
        HeadTraining.of(backend, config.withEpochs(delivered))
            .following(() -> new Recorded(factors));
    return new Plan(delivered, training);
  }

  /** What the schedule multiplied the learning rates by. */
  private static double factor(JsonObject learningRates, RunConfig config) {
    for (Map.Entry<String, JsonElement> group : learningRates.entrySet()) {
      double configured = config.optimizer().lr(group.getKey());
      if (configured > 0) {
        return group.getValue().getAsDouble() / configured;
      }
    }
    return 1;
  }

  /** A schedule by epoch. */
  private static final class Recorded implements Schedule {
    private final Map<Integer, Double> factors;
    private int epoch = 1;

    Recorded(Map<Integer, Double> factors) {
      this.factors = factors;
    }

    @Override
    public double factor() {
      return factors.getOrDefault(epoch, 1.0);
    }

    @Override
    public void epochEnded(double metric) {
      epoch++;
    }

    @Override
    public double[] state() {
      return new double[] {epoch};
    }

    @Override
    public void restore(double[] state) {
      epoch = (int) Schedule.checked(state, 1)[0];
    }
  }
}
