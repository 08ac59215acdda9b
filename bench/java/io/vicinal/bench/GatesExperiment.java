package io.vicinal.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.gates.GateResult;
import io.vicinal.gates.Gates;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Predictions against retraining on the toy, digits and Fashion-MNIST: {@link Gates}. Judged by the
 * toy, for which the thresholds were set; what real data miss is printed and recorded as a miss.
 */
final class GatesExperiment implements Experiment {
  private static final long SEED = 1;

  @Override
  public String name() {
    return "gates";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) {
    List<String> table = new ArrayList<>();
    JsonArray lines = new JsonArray();
    boolean pass = true;
    for (String scene : quick ? List.of("digits") : Gates.names()) {
      for (GateResult result : Gates.run(backend, scene, SEED, line -> {})) {
        table.add(result.toString());
        lines.add(json(result));
        pass &= result.pass() || !scene.equals("toy");
      }
    }
    JsonObject json = new JsonObject();
    json.addProperty("seed", SEED);
    json.add("gates", lines);
    return new Outcome(table, json, pass);
  }

  private static JsonObject json(GateResult result) {
    JsonObject line = new JsonObject();
    line.addProperty("scene", result.scene());
    line.addProperty("gate", result.gate());
    line.addProperty("what", result.what());
    if (Double.isFinite(result.measured())) {
      line.addProperty("measured", result.measured());
    }
    if (!Double.isNaN(result.least())) {
      line.addProperty("least", result.least());
    }
    if (!Double.isNaN(result.most())) {
      line.addProperty("most", result.most());
    }
    if (result.judged()) {
      line.addProperty("pass", result.pass());
    }
    return line;
  }
}
