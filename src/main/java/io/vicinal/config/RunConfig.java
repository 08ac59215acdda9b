package io.vicinal.config;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole training run, immutable. Everything but the data has a default; {@link ConfigParser}
 * reads it and {@link #json()} writes the resolved form, which {@link ConfigParser#stored} reads
 * back as an equal record.
 *
 * <p>The key {@code run} is reserved for what a run folder's {@code config.json} records beside the
 * configuration (version, data hash, class ids); it is accepted and ignored.
 *
 * @param epochs passes over the training data; 0 keeps the first head
 * @param seed every component's seed follows from it
 * @param checkpointSteps steps between two checkpoints within an epoch; 0: at epoch ends only
 * @param fitted the keys that nobody gave and whose values a run fitted to its data, such as {@code
 *     sampler.batch}; other data want others, see {@link #asked}
 */
public record RunConfig(
    DataConfig data,
    ValidationConfig validation,
    EvaluateConfig evaluate,
    LossConfig loss,
    MinerConfig miner,
    MemoryConfig memory,
    HeadConfig head,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    ClipConfig clip,
    SamplerConfig sampler,
    int epochs,
    WarmupConfig warmup,
    AverageConfig average,
    EarlyStopConfig earlyStop,
    int checkpointSteps,
    long seed,
    SeedConfig seeds,
    ComputeConfig compute,
    List<String> fitted) {

  /** The keys that can be fitted. */
  static final List<String> FITTED =
      List.of(
          "validation.fraction",
          "validation.by",
          "sampler.batch",
          "sampler.classes",
          "sampler.samples");

  static RunConfig read(ConfigObject s) {
    s.ignore("run");
    LossConfig loss = LossConfig.read(s.section("loss"));
    MinerConfig miner = MinerConfig.read(s.section("miner"), loss);
    Groups groups = Groups.of(loss);
    DataConfig data = DataConfig.read(s.section("data"));
    RunConfig config =
        new RunConfig(
            data,
            ValidationConfig.read(s.section("validation"), data),
            EvaluateConfig.read(s.section("evaluate")),
            loss,
            miner,
            MemoryConfig.read(s.section("memory"), loss),
            HeadConfig.read(s.section("head")),
            OptimizerConfig.read(s.section("optimizer"), groups),
            ScheduleConfig.read(s.section("schedule")),
            ClipConfig.read(s.section("clip"), groups),
            SamplerConfig.read(s.section("sampler"), loss.ofTuples() ? "balanced" : "random"),
            s.integer("epochs", 20, Range.integersFrom(0)),
            WarmupConfig.read(s.section("warmup"), groups),
            AverageConfig.read(s.section("average")),
            EarlyStopConfig.read(s.section("earlyStop")),
            s.integer("checkpointSteps", 0, Range.integersFrom(0)),
            s.whole("seed", 0),
            SeedConfig.read(s.section("seeds")),
            ComputeConfig.read(s.section("compute")),
            s.texts("fitted", List.of()).stream().map(RunConfig::fittedKey).toList());
    s.end();
    if (!FITTED.containsAll(config.fitted)) {
      throw s.error("fitted", "has a key that no run fits; those are " + String.join(", ", FITTED));
    }
    config.checkValidationIsThere(s);
    config.schedule.check(s.section("schedule"), config.epochs);
    return config;
  }

  /**
   * The defaults for features that a program hands over, with some values replaced.
   *
   * @param overrides {@code a.b=value}
   */
  public static RunConfig defaults(String... overrides) {
    String json = "{\"data\": {\"dataset\": \"" + DataConfig.GIVEN + "\"}}";
    return ConfigParser.parse(json, "defaults", Path.of("").toAbsolutePath(), List.of(overrides));
  }

  /**
   * The defaults for few samples: fewer than a batch are one.
   *
   * @param overrides {@code a.b=value}
   */
  public static RunConfig defaultsOfFew(List<String> overrides) {
    String json =
        "{\"data\": {\"dataset\": \""
            + DataConfig.GIVEN
            + "\"}, \"sampler\": {\"dropLast\": false}}";
    return ConfigParser.parse(json, "defaults", Path.of("").toAbsolutePath(), overrides);
  }

  /** The first epochs in which a group of parameters stays as it is. */
  public int warmup(String group) {
    Integer own = optimizer.warmup(group);
    return own != null ? own : warmup.groups().contains(group) ? warmup.epochs() : 0;
  }

  private void checkValidationIsThere(ConfigObject s) {
    if (validation.present()) {
      return;
    }
    if (earlyStop.patience() > 0) {
      throw s.error("earlyStop", "needs validation data; set validation.fraction above 0");
    }
    if (schedule.name().equals("plateau")) {
      throw s.error("schedule", "plateau needs validation data; set validation.fraction above 0");
    }
  }

  /** This configuration with another sampler. */
  public RunConfig withSampler(SamplerConfig other) {
    List<String> others = fitted.stream().filter(key -> !key.startsWith("sampler.")).toList();
    return with(validation, other, epochs, others);
  }

  /** This configuration with another number of epochs. */
  public RunConfig withEpochs(int count) {
    return with(validation, sampler, count, fitted);
  }

  /** This configuration with what of its validation part was not given fitted to data. */
  public RunConfig fitted(ValidationConfig to) {
    return with(to, sampler, epochs, fittedToo("validation.", validation.left()));
  }

  /** This configuration with what of its sampler was not given fitted to data. */
  public RunConfig fitted(SamplerConfig to) {
    return with(validation, to, epochs, fittedToo("sampler.", sampler.left()));
  }

  private List<String> fittedToo(String section, List<String> keys) {
    List<String> all = new ArrayList<>(fitted);
    keys.forEach(key -> all.add(section + key));
    return List.copyOf(all);
  }

  /** This configuration without what a run fitted to its data: as it was asked for. */
  public RunConfig asked() {
    return fitted.isEmpty() ? this : ConfigParser.parse(json(), "the run's configuration");
  }

  private RunConfig with(
      ValidationConfig validation, SamplerConfig sampler, int epochs, List<String> fitted) {
    return new RunConfig(
        data,
        validation,
        evaluate,
        loss,
        miner,
        memory,
        head,
        optimizer,
        schedule,
        clip,
        sampler,
        epochs,
        warmup,
        average,
        earlyStop,
        checkpointSteps,
        seed,
        seeds,
        compute,
        fitted);
  }

  /** The resolved configuration as a fresh JSON object. */
  public JsonObject json() {
    JsonObject o = new JsonObject();
    o.add("data", data.json());
    o.add("validation", validation.json());
    o.add("evaluate", Json.tree(evaluate));
    o.add("loss", loss.json());
    if (miner.name() != null) {
      o.add("miner", miner.json());
    }
    if (memory.size() > 0) {
      o.add("memory", Json.tree(memory));
    }
    o.add("head", Json.tree(head));
    o.add("optimizer", optimizer.json());
    o.add("schedule", schedule.json());
    o.add("clip", Json.tree(clip));
    o.add("sampler", sampler.json());
    o.addProperty("epochs", epochs);
    o.add("warmup", Json.tree(warmup));
    if (average.decay() > 0) {
      o.add("average", Json.tree(average));
    }
    o.add("earlyStop", Json.tree(earlyStop));
    o.addProperty("checkpointSteps", checkpointSteps);
    o.addProperty("seed", seed);
    o.add("seeds", Json.tree(seeds));
    o.add("compute", Json.tree(compute));
    if (!fitted.isEmpty()) {
      o.add("fitted", Json.texts(fitted.stream().map(key -> key + "=" + value(o, key)).toList()));
    }
    return o;
  }

  /** The key of an entry such as {@code sampler.batch=20}. */
  static String fittedKey(String entry) {
    return entry.replaceFirst("=.*", "");
  }

  /** The value of a key such as {@code sampler.batch} as JSON; "" if there is none. */
  static String value(JsonObject root, String key) {
    int dot = key.indexOf('.');
    JsonElement value =
        root.get(key.substring(0, dot)) instanceof JsonObject section
            ? section.get(key.substring(dot + 1))
            : null;
    return value == null ? "" : value.toString();
  }

  /** The resolved configuration as indented text. */
  public String text() {
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json());
  }
}
