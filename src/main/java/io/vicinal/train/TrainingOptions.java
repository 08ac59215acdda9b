package io.vicinal.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.DataConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import io.vicinal.nn.Head;
import io.vicinal.nn.ProxyStart;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling;
import io.vicinal.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A training run's settings in Java, one method for every key of docs/configuration.md:
 *
 * <pre>{@code
 * TrainingOptions options =
 *     TrainingOptions.of(new ProxyAnchor()).embedding(64).adam(0.01).batch(32).epochs(50);
 * }</pre>
 *
 * <p>What is not set has the default of the JSON configuration, and the JSON parser checks what is:
 * {@link #config()} is the {@link RunConfig} that a file with these keys gives, {@link
 * #of(RunConfig)} is the way back. Each method returns a new object, checked at once: a value that
 * does not fit throws an {@link InputException} that names the key, such as {@code TrainingOptions:
 * epochs: expected an integer of at least 0, found -1}.
 *
 * <p>Unless {@link #files} or {@link #dataset} names the data, it is what the program hands to
 * {@link Trainer}.
 *
 * <p>Immutable, so safe for any thread.
 */
public final class TrainingOptions {
  private static final String NAME = "TrainingOptions";

  /** The parameters of a linear head and of a loss against proxies, as settings name them. */
  public static final class GroupName {
    /** W [d, D]. */
    public static final String WEIGHT = Head.WEIGHT;

    /** b [d]. */
    public static final String BIAS = Head.BIAS;

    /** P [C*K, d]. */
    public static final String PROXIES = Head.PROXIES;

    private GroupName() {}
  }

  private final JsonObject given; // only what was set, so that defaults may depend on it
  private final RunConfig config;

  private TrainingOptions(JsonObject given) {
    this.given = given;
    this.config = ConfigParser.parse(given, NAME);
  }

  /**
   * The defaults with this loss, for data that the program hands over.
   *
   * @throws InputException if a parameter of the loss is out of range, or {@link Losses} does not
   *     know it
   */
  public static TrainingOptions of(Loss loss) {
    JsonObject tree = new JsonObject();
    tree.add("data", object("dataset", new JsonPrimitive(DataConfig.GIVEN)));
    return new TrainingOptions(tree).loss(loss);
  }

  /**
   * The defaults with this loss of a batch, for data that the program hands over.
   *
   * @throws InputException if a parameter of the loss is out of range, or {@link TupleLosses} does
   *     not know it
   */
  public static TrainingOptions of(TupleLoss loss) {
    return of(new ProxyNcaPlusPlus()).loss(loss);
  }

  /** A configuration as options, to change some of it; what a run fitted to its data is open. */
  public static TrainingOptions of(RunConfig config) {
    return new TrainingOptions(config.asked().json());
  }

  /** The resolved configuration: what {@link Trainer} takes and a run folder stores. */
  public RunConfig config() {
    return config;
  }

  // ---- what is trained, on what -----------------------------------------------------------------

  /** Another loss. As {@link #of(Loss)}. */
  public TrainingOptions loss(Loss loss) {
    return loss(loss, loss.name(), loss.params(), text -> Losses.create(loss.name(), text));
  }

  /** Another loss of a batch, which sees embeddings of unit length. As {@link #of(TupleLoss)}. */
  public TrainingOptions loss(TupleLoss loss) {
    String name = TupleLosses.facts(loss).name();
    return loss(loss, name, TupleLosses.params(loss), text -> TupleLosses.create(name, text));
  }

  private TrainingOptions loss(
      Object loss,
      String name,
      Map<String, Object> params,
      Function<Map<String, String>, Object> made) {
    return with(tree -> tree.add("loss", named("loss", loss, name, params, made)));
  }

  /** The section of something that the configuration makes from its name and parameters. */
  private static JsonObject named(
      String kind,
      Object given,
      String name,
      Map<String, Object> params,
      Function<Map<String, String>, Object> made) {
    JsonObject section = object("name", new JsonPrimitive(name));
    Map<String, String> text = new LinkedHashMap<>();
    params.forEach(
        (key, value) -> {
          section.add(key, json(value));
          text.put(key, String.valueOf(value));
        });
    if (!made.apply(text).equals(given)) {
      throw new InputException(
          NAME
              + ": "
              + kind
              + ": "
              + given
              + " is not what its name and parameters say; use one that 'vicinal list' has");
    }
    return section;
  }

  /** Whether a loss of a batch sees embeddings of unit length. Default true. */
  public TrainingOptions lossNormalized(boolean normalized) {
    return with("loss", "normalize", normalized);
  }

  /** Which tuples a loss of a batch sees. Default: all that there are. */
  public TrainingOptions miner(Miner miner) {
    String name = Miners.facts(miner).name();
    JsonObject section =
        named("miner", miner, name, Miners.params(miner), text -> Miners.create(name, text));
    return with(tree -> tree.add("miner", section));
  }

  /**
   * Compares a batch with embeddings of earlier batches, too.
   *
   * @param size how many are remembered; 0 for none: the default
   * @param start steps after which the memory begins to fill
   */
  public TrainingOptions memory(int size, int start) {
    return with(
        tree -> {
          JsonObject section = object("size", json(size));
          section.add("start", json(start));
          tree.add("memory", section);
        });
  }

  /**
   * What the copy of the head that makes the keys of {@code moco} keeps of itself in a step.
   * Default 0.999.
   */
  public TrainingOptions memoryMomentum(double momentum) {
    return with("memory", "momentum", momentum);
  }

  /** d, the embedding's width; 1 or more. Default 64. */
  public TrainingOptions embedding(int width) {
    return with("head", "embedding", width);
  }

  /** Whether the head has a bias. Default true. */
  public TrainingOptions bias(boolean present) {
    return with("head", "bias", present);
  }

  /** How the proxies start. Default: the loss's own custom. */
  public TrainingOptions proxies(ProxyStart start) {
    return with("head", "proxies", start.name().toLowerCase(Locale.ROOT));
  }

  /**
   * Data from files in place of the program's.
   *
   * @param features {@code .npy} [N, D]
   * @param labels [N]
   */
  public TrainingOptions files(Path features, Path labels) {
    return with(
        tree -> {
          JsonObject data = section(tree, "data");
          data.remove("dataset");
          data.remove("folder");
          data.add("features", json(features));
          data.add("labels", json(labels));
        });
  }

  /** A dataset by name in place of the program's data, such as {@code fashion-mnist}. */
  public TrainingOptions dataset(String name) {
    return with(
        tree -> {
          JsonObject data = section(tree, "data");
          data.remove("features");
          data.remove("labels");
          data.add("dataset", json(name));
        });
  }

  /** A dataset by name, from this folder. */
  public TrainingOptions dataset(String name, Path folder) {
    return dataset(name).with("data", "folder", folder);
  }

  /** The class ids to train on, as the data has them; none for all. */
  public TrainingOptions classes(long... ids) {
    return with("data", "classes", Arrays.stream(ids).boxed().toList());
  }

  /** What to call class 0, 1, ...: a list that {@link io.vicinal.data.Names} reads. */
  public TrainingOptions classNames(Path list) {
    return with("data", "classNames", list);
  }

  /** What to call the samples: a list that {@link io.vicinal.data.Names} reads. */
  public TrainingOptions sampleNames(Path list) {
    return with("data", "sampleNames", list);
  }

  // ---- how the run is judged --------------------------------------------------------------------

  /**
   * Holds a part of each class out, which judges the run.
   *
   * @param fraction 0 for no validation, below 1. Default 0.1
   */
  public TrainingOptions validation(double fraction) {
    return validation(fraction, "sample");
  }

  /** Holds a part of the classes out, which judges the run. */
  public TrainingOptions validationByClass(double fraction) {
    return validation(fraction, "class");
  }

  private TrainingOptions validation(double fraction, String by) {
    return with(
        tree -> {
          JsonObject section = object("fraction", json(fraction));
          section.add("by", json(by));
          tree.add("validation", section);
        });
  }

  /**
   * Judges the run by samples of their own.
   *
   * @param features {@code .npy} [V, D]
   * @param labels [V]
   */
  public TrainingOptions validation(Path features, Path labels) {
    return with(
        tree -> {
          JsonObject section = object("features", json(features));
          section.add("labels", json(labels));
          tree.add("validation", section);
        });
  }

  /**
   * What to call the validation files' samples: a list that {@link io.vicinal.data.Names} reads.
   */
  public TrainingOptions validationNames(Path list) {
    return with("validation", "sampleNames", list);
  }

  /** Epochs between two evaluations, 1 or more; the last epoch always has one. Default 1. */
  public TrainingOptions evaluateEvery(int epochs) {
    return with("evaluate", "every", epochs);
  }

  /**
   * What is measured on the validation part (docs/metrics.md). Default {@code map@r} and {@code
   * r@1}.
   *
   * @param chooses chooses the best head, stops early and drives the plateau schedule
   */
  public TrainingOptions metrics(String chooses, String... others) {
    return with(
        tree -> {
          JsonArray all = new JsonArray();
          all.add(chooses);
          Arrays.stream(others).forEach(all::add);
          JsonObject section = section(tree, "evaluate");
          section.add("metrics", all);
          section.add("metric", json(chooses));
        });
  }

  /** Whether validation measures unit vectors, as the losses see them. Default true. */
  public TrainingOptions evaluateNormalized(boolean normalized) {
    return with("evaluate", "normalize", normalized);
  }

  // ---- how it learns ----------------------------------------------------------------------------

  /** Adam with its usual constants and this learning rate. The default is 0.001. */
  public TrainingOptions adam(double lr) {
    return optimizer("adam", Map.of("lr", lr));
  }

  /** Adam. Default lr 0.001, beta1 0.9, beta2 0.999, eps 1e-8. */
  public TrainingOptions adam(double lr, double beta1, double beta2, double eps) {
    return optimizer("adam", Map.of("lr", lr, "beta1", beta1, "beta2", beta2, "eps", eps));
  }

  /**
   * AdamW with its usual constants, this learning rate and, unless set, a weight decay of 0.01 of
   * the head; what the loss learns has none then.
   */
  public TrainingOptions adamw(double lr) {
    return optimizer("adamw", Map.of("lr", lr));
  }

  /** AdamW; weight decay unless set 0.01 of the head, 0 of what the loss learns. */
  public TrainingOptions adamw(double lr, double beta1, double beta2, double eps) {
    return optimizer("adamw", Map.of("lr", lr, "beta1", beta1, "beta2", beta2, "eps", eps));
  }

  /** Stochastic gradient descent; {@code momentum} from 0 to below 1. */
  public TrainingOptions sgd(double lr, double momentum) {
    return optimizer("sgd", Map.of("lr", lr, "momentum", momentum));
  }

  /** Stochastic gradient descent with Nesterov's momentum, above 0. */
  public TrainingOptions nesterov(double lr, double momentum) {
    return optimizer("sgd", Map.of("lr", lr, "momentum", momentum, "nesterov", true));
  }

  /** RMSprop with its usual constants and this learning rate. */
  public TrainingOptions rmsprop(double lr) {
    return optimizer("rmsprop", Map.of("lr", lr));
  }

  /**
   * RMSprop.
   *
   * @param alpha decay of the mean square; usually 0.99
   * @param eps usually 1e-8
   * @param momentum from 0 to below 1; usually 0
   * @param centered whether the mean square is a variance
   */
  public TrainingOptions rmsprop(
      double lr, double alpha, double eps, double momentum, boolean centered) {
    return optimizer(
        "rmsprop",
        Map.of("lr", lr, "alpha", alpha, "eps", eps, "momentum", momentum, "centered", centered));
  }

  /** Keeps the groups' settings and a weight decay that was set. */
  private TrainingOptions optimizer(String name, Map<String, Object> values) {
    return with(
        tree -> {
          JsonObject section = section(tree, "optimizer");
          section.keySet().removeIf(key -> !List.of("weightDecay", "groups").contains(key));
          section.add("name", json(name));
          values.forEach((key, value) -> section.add(key, json(value)));
        });
  }

  /** Weight decay, 0 or more: added to the gradient, or by AdamW taken from the parameter. */
  public TrainingOptions weightDecay(double value) {
    return with("optimizer", "weightDecay", value);
  }

  /** A group's own weight decay. */
  public TrainingOptions weightDecay(String group, double value) {
    return group(group, "weightDecay", value, "");
  }

  /** A group's own learning rate. */
  public TrainingOptions lr(String group, double value) {
    return group(group, "lr", value, "lrScale");
  }

  /** A group's learning rate as a multiple of the others'. */
  public TrainingOptions lrScale(String group, double multiple) {
    return group(group, "lrScale", multiple, "lr");
  }

  /** A group's own eps, above 0; not for SGD. */
  public TrainingOptions eps(String group, double value) {
    return group(group, "eps", value, "");
  }

  /** A group's own momentum; SGD and RMSprop. */
  public TrainingOptions momentum(String group, double value) {
    return group(group, "momentum", value, "");
  }

  /** The first epochs, in which a group stays as it is, whatever {@link #warmup} says. */
  public TrainingOptions warmup(String group, int epochs) {
    return group(group, "warmup", epochs, "");
  }

  /** Clamps a group's gradient elements to ±value, whatever {@link #clip} says; 0: not. */
  public TrainingOptions clip(String group, double value) {
    return group(group, "clip", object("value", json(value)), "");
  }

  /** Scales a group's gradient to at most this norm, whatever {@link #clip} says; 0: not. */
  public TrainingOptions clipNorm(String group, double norm) {
    return group(group, "clip", object("norm", json(norm)), "");
  }

  private TrainingOptions group(String group, String key, Object value, String excluded) {
    return with(
        tree -> {
          JsonObject own = section(section(section(tree, "optimizer"), "groups"), group);
          own.remove(excluded);
          own.add(key, json(value));
        });
  }

  /** The learning rates stay as they are: the default. */
  public TrainingOptions constantRate() {
    return schedule("constant", Map.of());
  }

  /** Lowers the learning rates with every step, on half a cosine, to {@code floor} times them. */
  public TrainingOptions cosineRate(double floor) {
    return schedule("cosine", Map.of("floor", floor));
  }

  /** The same, where the floor is reached after so many epochs in place of the run's. */
  public TrainingOptions cosineRate(double floor, int epochs) {
    return schedule("cosine", Map.of("floor", floor, "epochs", epochs));
  }

  /** Lets the learning rates rise in the first steps, from {@code from} times them, below 1. */
  public TrainingOptions risingSteps(int steps, double from) {
    return rising("steps", steps, from);
  }

  /** The same, over the steps of the first epochs. */
  public TrainingOptions risingEpochs(int epochs, double from) {
    return rising("epochs", epochs, from);
  }

  private TrainingOptions rising(String unit, int count, double from) {
    return with(
        tree -> {
          JsonObject rise = object(unit, json(count));
          rise.add("from", json(from));
          section(tree, "schedule").add("warmup", rise);
        });
  }

  /** Keeps the first steps' rise. */
  private TrainingOptions schedule(String name, Map<String, Object> values) {
    return with(
        tree -> {
          JsonObject section = section(tree, "schedule");
          section.keySet().removeIf(key -> !key.equals("warmup"));
          section.add("name", json(name));
          values.forEach((key, value) -> section.add(key, json(value)));
        });
  }

  /** Multiplies the learning rates by {@code factor}, between 0 and 1, every so many epochs. */
  public TrainingOptions reduceEvery(int epochs, double factor) {
    return reduce("step", "every", json(epochs), factor);
  }

  /** Multiplies the learning rates by {@code factor} after these numbers of epochs, ascending. */
  public TrainingOptions reduceAt(double factor, long... epochs) {
    return reduce("step", "milestones", json(Arrays.stream(epochs).boxed().toList()), factor);
  }

  /**
   * Multiplies the learning rates by {@code factor} when validation no longer improves.
   *
   * @param patience evaluations without improvement that are tolerated
   */
  public TrainingOptions reduceOnPlateau(int patience, double factor) {
    return reduce("plateau", "patience", json(patience), factor);
  }

  private TrainingOptions reduce(String name, String key, JsonElement value, double factor) {
    return schedule(name, Map.of(key, value, "factor", factor));
  }

  /**
   * Clamps gradient elements to ±value.
   *
   * @param value 0 for no clipping: the default
   * @param groups none for all
   */
  public TrainingOptions clip(double value, String... groups) {
    return with(
        tree -> {
          JsonObject section = object("value", json(value));
          addGroups(section, groups);
          tree.add("clip", section);
        });
  }

  /**
   * Scales the gradients to at most this Euclidean norm over the groups together.
   *
   * @param norm 0 for no clipping: the default
   * @param groups none for all
   */
  public TrainingOptions clipNorm(double norm, String... groups) {
    return with(
        tree -> {
          JsonObject section = object("norm", json(norm));
          addGroups(section, groups);
          tree.add("clip", section);
        });
  }

  /** Random batches of this many samples, an epoch's incomplete last one left out. Default 128. */
  public TrainingOptions batch(int samples) {
    return with(
        tree -> {
          JsonObject section = object("name", json("random"));
          section.add("batch", json(samples));
          tree.add("sampler", section);
        });
  }

  /** Random batches; {@code dropLast} leaves out an epoch's incomplete last one. */
  public TrainingOptions batch(int samples, boolean dropLast) {
    return batch(samples).with("sampler", "dropLast", dropLast);
  }

  /** Batches of so many classes with so many samples of each. */
  public TrainingOptions balancedBatch(int classes, int samplesPerClass) {
    return with(
        tree -> {
          JsonObject section = object("name", json("balanced"));
          section.add("classes", json(classes));
          section.add("samples", json(samplesPerClass));
          tree.add("sampler", section);
        });
  }

  /** Batches as any sampler of {@link Samplers} draws them. */
  public TrainingOptions sampler(Sampling sampling) {
    return sampler(sampling, null);
  }

  /**
   * The same for a sampler that needs a file.
   *
   * @param file weights, super-classes or batches; null for none
   */
  public TrainingOptions sampler(Sampling sampling, Path file) {
    return with(
        tree -> {
          String name = sampling.getClass().getAnnotation(Sampling.Facts.class).name();
          JsonObject section = object("name", json(name));
          Samplers.params(sampling).forEach((key, value) -> section.add(key, json(value)));
          if (file != null) {
            section.add("file", json(file));
          }
          tree.add("sampler", section);
        });
  }

  /** Passes over the training data; 0 keeps the first head. Default 20. */
  public TrainingOptions epochs(int count) {
    return with(tree -> tree.add("epochs", json(count)));
  }

  /**
   * The first epochs keep some groups as they are.
   *
   * @param epochs 0 for none: the default
   * @param frozen none for weight and bias
   */
  public TrainingOptions warmup(int epochs, String... frozen) {
    return with(
        tree -> {
          JsonObject section = object("epochs", json(epochs));
          addGroups(section, frozen);
          tree.add("warmup", section);
        });
  }

  /**
   * Measures and delivers a moving average of the parameters.
   *
   * @param decay what the average keeps of itself in a step, below 1; 0 for no average: the default
   */
  public TrainingOptions average(double decay) {
    return with("average", "decay", decay);
  }

  /** Ends the run after so many evaluations without improvement; 0 for never: the default. */
  public TrainingOptions earlyStop(int patience) {
    return earlyStop(patience, 0);
  }

  /** The same, where an improvement is more than the best plus {@code minDelta}. */
  public TrainingOptions earlyStop(int patience, double minDelta) {
    return with(
        tree -> {
          JsonObject section = object("patience", json(patience));
          section.add("minDelta", json(minDelta));
          tree.add("earlyStop", section);
        });
  }

  /** Steps between two checkpoints of a run folder; 0 for the ends of epochs only: the default. */
  public TrainingOptions checkpointSteps(int steps) {
    return with(tree -> tree.add("checkpointSteps", json(steps)));
  }

  /** Every component's seed follows from it. Default 0. */
  public TrainingOptions seed(long seed) {
    return with(tree -> tree.add("seed", json(seed)));
  }

  /** A seed of its own for the first values of head and proxies. */
  public TrainingOptions headSeed(long seed) {
    return with("seeds", "head", seed);
  }

  /** A seed of its own for the order of the batches. */
  public TrainingOptions samplerSeed(long seed) {
    return with("seeds", "sampler", seed);
  }

  /** A seed of its own for the validation part. */
  public TrainingOptions validationSeed(long seed) {
    return with("seeds", "validation", seed);
  }

  // ---- where it runs ----------------------------------------------------------------------------

  /** {@code cpu}, {@code cuda} or {@code cuda:N}. */
  public TrainingOptions device(String name) {
    return with("compute", "device", name);
  }

  /** Worker threads; 0 for all that the process may use: the default. */
  public TrainingOptions threads(int count) {
    return with("compute", "threads", count);
  }

  /** The type of all arithmetic and of the head: F32, the default, or F64. */
  public TrainingOptions dtype(DType type) {
    String name =
        switch (type) {
          case F32 -> "float32";
          case F64 -> "float64";
          default -> type.name();
        };
    return with("compute", "dtype", name);
  }

  /** The processor's instruction set: {@code auto}, {@code base}, {@code avx2}, {@code avx512}. */
  public TrainingOptions isa(String name) {
    return with("compute", "isa", name);
  }

  /** Tile memory of one call in MiB; 0 for the engine's default. */
  public TrainingOptions workspaceMiB(int size) {
    return with("compute", "workspaceMiB", size);
  }

  /** Of float32 products on a GPU: {@code float32}, {@code tf32} or {@code bfloat16}. */
  public TrainingOptions precision(String name) {
    return with("compute", "precision", name);
  }

  // ---- the tree ---------------------------------------------------------------------------------

  private interface Change {
    void apply(JsonObject tree);
  }

  private TrainingOptions with(Change change) {
    JsonObject tree = given.deepCopy();
    change.apply(tree);
    return new TrainingOptions(tree);
  }

  private TrainingOptions with(String section, String key, Object value) {
    return with(tree -> section(tree, section).add(key, json(value)));
  }

  private static JsonObject section(JsonObject tree, String key) {
    if (!tree.has(key)) {
      tree.add(key, new JsonObject());
    }
    return tree.getAsJsonObject(key);
  }

  private static JsonObject object(String key, JsonElement value) {
    JsonObject object = new JsonObject();
    object.add(key, value);
    return object;
  }

  private static void addGroups(JsonObject section, String[] groups) {
    if (groups.length > 0) {
      section.add("groups", json(List.of(groups)));
    }
  }

  private static JsonElement json(Object value) {
    if (value instanceof JsonElement element) {
      return element;
    }
    if (value instanceof Number number) {
      return new JsonPrimitive(number);
    }
    if (value instanceof Boolean flag) {
      return new JsonPrimitive(flag);
    }
    if (value instanceof List<?> list) {
      JsonArray array = new JsonArray();
      list.forEach(item -> array.add(json(item)));
      return array;
    }
    return new JsonPrimitive(
        value instanceof Path path ? path.toAbsolutePath().toString() : String.valueOf(value));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TrainingOptions options && options.config.equals(config);
  }

  @Override
  public int hashCode() {
    return config.hashCode();
  }

  /** The resolved configuration as JSON. */
  @Override
  public String toString() {
    return config.text();
  }
}
