package io.vicinal.train;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A run folder's {@code config.json}: the resolved configuration, and under {@code run} what it
 * met: version, device, data hash, class ids.
 *
 * @param config as stored
 * @param run the object under {@code run}
 */
record RunRecord(RunConfig config, JsonObject run) {

  private static final String RUN = "run";

  /** What {@link #write} puts under {@code run}. */
  static JsonObject facts(TrainingSet data, Backend backend) {
    JsonObject o = new JsonObject();
    o.addProperty("version", Version.text());
    o.addProperty("java", Runtime.version().toString());
    o.addProperty("device", backend.name());
    o.addProperty("isa", backend.isa());
    o.addProperty("threads", backend.threads());
    o.addProperty("blas", backend.blas());
    o.addProperty("dataHash", data.hash());
    o.addProperty("samples", data.all().samples());
    o.addProperty("features", data.all().width());
    o.addProperty("trainingSamples", data.training().length);
    o.addProperty("validationSamples", data.validation() == null ? 0 : data.validation().samples());
    if (data.leftOut() > 0) {
      o.addProperty("samplesLeftOut", data.leftOut());
    }
    o.add("classes", new Gson().toJsonTree(data.classes().ids()));
    if (data.trainedNames().known()) {
      o.add("classNames", new Gson().toJsonTree(data.trainedNames().list()));
    }
    return o;
  }

  static void write(Path file, RunConfig config, JsonObject facts) {
    JsonObject o = config.json();
    o.add(RUN, facts);
    RunFolder.write(file, o);
  }

  /** null when there is no such file. */
  static RunRecord read(Path file) {
    if (!Files.exists(file)) {
      return null;
    }
    RunConfig config = ConfigParser.stored(file);
    try {
      JsonObject o = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return new RunRecord(config, o.getAsJsonObject(RUN));
    } catch (IOException | ClassCastException e) {
      throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Refuses to go on with another configuration. More epochs are welcome, unless the schedule ends
   * with them, and threads and workspace may differ.
   */
  void checkSame(RunConfig now, Path folder) {
    refuse(
        Difference.first(comparable(config), comparable(now)),
        "go on with its own configuration (--config "
            + folder.resolve("config.json")
            + ", or leave --config out; in Java Trainer.resume), or name another folder",
        folder);
  }

  /** The same of where the data come from, which is known before they are read. */
  void checkSameData(RunConfig now, Path folder) {
    refuse(
        Difference.first(dataOf(config), dataOf(now)),
        "go on with its own data (name none; in Java Trainer.resume), start over with --restart, or"
            + " name another folder",
        folder);
  }

  private static JsonObject dataOf(RunConfig config) {
    JsonObject o = new JsonObject();
    o.add("data", config.json().get("data"));
    JsonObject files = config.json().getAsJsonObject("validation");
    files.remove("fraction"); // which may be fitted to the data
    files.remove("by");
    o.add("validation", files);
    return o;
  }

  private static void refuse(String difference, String remedy, Path folder) {
    if (difference != null) {
      throw new InputException(folder + ": the run there differs in " + difference + "; " + remedy);
    }
  }

  private static JsonObject comparable(RunConfig config) {
    JsonObject o = config.json();
    o.remove("epochs");
    if (config.schedule().followsEpochs()) {
      o.getAsJsonObject("schedule").addProperty("epochs", config.epochs());
    }
    o.remove("checkpointSteps");
    o.remove("fitted"); // the values are compared
    o.getAsJsonObject("compute").remove("threads");
    o.getAsJsonObject("compute").remove("workspaceMiB");
    return o;
  }

  private void checkLength(String key, String what, long now, Path folder) {
    if (run.has(key) && run.get(key).getAsLong() != now) {
      throw new InputException(
          folder
              + ": the run there has "
              + run.get(key).getAsLong()
              + " "
              + what
              + ", the data now has "
              + now
              + "; give the run's own data, or start over");
    }
  }

  /** Refuses to go on with other data. */
  void checkData(TrainingSet data, Path folder) {
    if (run == null || !run.has("dataHash")) {
      throw new InputException(
          folder.resolve("config.json") + ": run.dataHash is missing; start the run over");
    }
    checkLength("samples", "rows", data.all().samples(), folder);
    checkLength("features", "numbers in a row", data.all().width(), folder);
    if (!run.get("dataHash").getAsString().equals(data.hash())) {
      throw new InputException(
          folder
              + ": the data has changed since this run began (its hash differs from run.dataHash);"
              + " restore the data, or start over");
    }
  }
}
