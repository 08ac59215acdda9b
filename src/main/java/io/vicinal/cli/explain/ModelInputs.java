package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.config.LossConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelEdits;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.explain.Labelled;
import io.vicinal.explain.Subject;
import io.vicinal.influence.query.Query;
import io.vicinal.loss.Loss;
import io.vicinal.report.Look;
import io.vicinal.report.PictureFiles;
import io.vicinal.report.Pixels;
import io.vicinal.report.SamplePictures;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.train.HeadTraining;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The opened inputs of a command: what is explained, how it looks, and what it is called in files.
 * For one thread.
 */
final class ModelInputs implements AutoCloseable {
  private final Backend backend;
  private final Arena arena;
  private ModelReader.Opened source;
  private Subject subject;
  private boolean trainedHere;
  private Look look; // of labelled samples, or null
  private Look testLook;

  private ModelInputs(Backend backend) {
    this.backend = backend;
    arena = new Arena(backend.memory());
  }

  /**
   * Opens samples whose labels are looked at: neither a head nor test samples are needed. Where no
   * head is named, one is trained on the given labels.
   */
  static ModelInputs openLabels(
      ModelOptions options, HeadTrainingOptions training, boolean withTest) {
    options.checkLabels(withTest);
    if (options.run != null || options.head != null) {
      return open(options, withTest);
    }
    RunConfig config = training.config();
    Loss loss =
        options.loss == null
            ? LossConfig.againstProxies("loss.name", config.loss().name(), config.loss().params())
            : LossConfig.againstProxies("--loss", options.loss, options.params);
    return opened(options, true, reader -> reader.trained(loss, config, withTest));
  }

  /** Opens a model with its test samples. */
  static ModelInputs openWithTest(ModelOptions options) {
    return open(options, true);
  }

  private static ModelInputs open(ModelOptions options, boolean withTest) {
    options.check(withTest);
    if (withTest && options.run == null && options.testFeatures == null) {
      throw new InputException("--test-features: is missing; name the test set's two files");
    }
    Loss loss =
        options.run == null
            ? LossConfig.againstProxies("--loss", options.loss, options.params)
            : null;
    return opened(
        options, false, reader -> options.run != null ? reader.run(withTest) : reader.arrays(loss));
  }

  private static ModelInputs opened(
      ModelOptions options, boolean trained, Function<ModelReader, ModelReader.Opened> read) {
    ModelInputs opened = new ModelInputs(options.device.open());
    try {
      opened.source = read.apply(new ModelReader(options, opened.backend, opened.arena));
      opened.subject = opened.source.subject();
      opened.trainedHere = trained;
      opened.look(options);
      return opened;
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  /** Weights of the training samples, from a file of the whole dataset's. */
  double[] weights(Path file) {
    try (Arena scratch = Arena.host()) {
      double[] all =
          new ArrayFiles(scratch, backend)
              .nonNegative(file, DType.F64, "a weight per sample of the dataset", subject.samples())
              .toDoubles();
      return Arrays.stream(subject.positions()).mapToDouble(i -> all[(int) i]).toArray();
    }
  }

  /**
   * Writes the labels of the whole dataset, texts where they were given as texts, else class ids.
   *
   * @param labels of {@link Subject#labelled}, in its numbers; other samples keep their class
   */
  void writeLabels(long[] labels, Path file) {
    Labels.write(file, Arrays.stream(subject.ofDataSet(labels)).mapToObj(this::labelText).toList());
  }

  /**
   * Writes the table that the labels are a column of, with those labels changed.
   *
   * @param labels as {@link #writeLabels}
   * @param name of the file for messages
   */
  void writeTable(long[] labels, Path file, Path name) {
    List<String> before = Arrays.stream(subject.labels()).mapToObj(this::labelText).toList();
    List<String> after =
        Arrays.stream(subject.ofDataSet(labels)).mapToObj(this::labelText).toList();
    new LabelEdits(labelsFile(), before).write(after, LabelEdits.Kind.TABLE, file, name);
  }

  /** The classes where the file of labels holds their names, else none. */
  Names labelClasses() {
    return source.labelTexts();
  }

  /** A class as the file of labels has it. */
  String labelText(long classId) {
    return labelClasses().known() ? labelClasses().get(classId) : Long.toString(classId);
  }

  /** The file of the dataset's labels, null where a named dataset has none. */
  Path labelsFile() {
    return source.labelsFile();
  }

  /** Whether the head was trained by this command, because none was named. */
  boolean isTrainedHere() {
    return trainedHere;
  }

  /** What is explained. */
  Subject subject() {
    return subject;
  }

  /** Goes on with other labels of {@link Subject#labelled} and a head that is trained on them. */
  void retrain(long[] labels, RunConfig config) {
    subject = subject.relabelled(labels, HeadTraining.of(backend, config), arena);
  }

  Backend backend() {
    return backend;
  }

  /**
   * A table in which samples and classes are numbers; names that are known follow as columns of
   * their own: {@code class_name} of {@code class}.
   */
  CsvFile csv(String... header) {
    return csv(List.of(), header);
  }

  /**
   * The same of queries, which a column {@code query} has by their ids.
   *
   * @param queries that are named
   */
  CsvFile csv(List<Query> queries, String... header) {
    Map<String, Function<Object, String>> names = new LinkedHashMap<>();
    for (String column : header) {
      if (names(column).known()) {
        names.put(column, CsvFile.byId(names(column)));
      }
    }
    Map<Object, String> called = new HashMap<>();
    queries.forEach(query -> called.put(query.id(), query.called()));
    if (List.of(header).contains("samples")
        && !queries.isEmpty()
        && subject.sampleNames().known()) { // a list, elsewhere a count
      names.put("samples", CsvFile.byId(subject.sampleNames()));
    }
    if (queries.stream().anyMatch(query -> !query.called().equals(query.id()))) {
      names.put("query", called::get);
    }
    return new CsvFile(names, header);
  }

  /** What the numbers of a column, or of a key in a file, are called; none for other numbers. */
  private Names names(String column) {
    return switch (column) {
      case "sample", "id" -> subject.sampleNames();
      case "i", "j", "anchor", "positive", "negative" -> subject.testNames();
      case "class",
          "label",
          "label_i",
          "label_j",
          "proposed",
          "second",
          "towards",
          "confused_with",
          "worst_classes",
          "in_all",
          "clean",
          "noisy" ->
          subject.classNames();
      default -> Names.none();
    };
  }

  /** Writes facts, with what samples and classes are called beside their numbers. */
  void writeJson(JsonObject facts, Path file) {
    name(facts);
    JsonFile.write(file, facts);
  }

  private void name(JsonElement facts) {
    if (facts.isJsonArray()) {
      facts.getAsJsonArray().forEach(this::name);
    }
    if (!facts.isJsonObject()) {
      return;
    }
    JsonObject object = facts.getAsJsonObject();
    for (String key : List.copyOf(object.keySet())) {
      JsonElement value = object.get(key);
      boolean pairs = key.equals("pairs") && value.isJsonArray(); // elsewhere a count
      JsonElement called = called(pairs ? subject.testNames() : names(key), value);
      if (called != null) {
        object.add(key + "_name", called);
      }
      name(value);
    }
  }

  /** Null where nothing is known. */
  private static JsonElement called(Names names, JsonElement value) {
    if (names.known() && value.isJsonArray()) {
      JsonArray all = new JsonArray();
      value.getAsJsonArray().forEach(id -> all.add(called(names, id)));
      return all;
    }
    boolean number = value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
    String name = number ? names.get(value.getAsLong()) : null;
    return name == null ? null : new JsonPrimitive(name);
  }

  /** Writes wrong labels by position in the data set, with class ids. */
  void writeNoise(LabelNoise noise, Path file) {
    CsvFile csv = csv("id", "clean", "noisy");
    for (int i = 0; i < noise.count(); i++) {
      csv.row(noise.ids()[i], noise.clean()[i], noise.noisy()[i]);
    }
    csv.write(file);
  }

  /** How {@link Subject#labelled} samples look, or null if nothing can be shown. */
  Look look() {
    return look;
  }

  /** How these samples look, all of {@link Subject#labelled} or those trained on; or null. */
  Look look(Labelled samples) {
    if (look == null || samples.positions().length == subject.labelled().positions().length) {
      return look;
    }
    return (pictures, key, row) ->
        look.addTo(pictures, key, subject.labelled().trained()[(int) row]);
  }

  /** How test samples look, or null. */
  Look testLook() {
    return testLook;
  }

  private void look(ModelOptions options) {
    long[] shown = subject.labelled().positions();
    look = pixels(options, subject.labelled().data());
    testLook = subject.test() == null ? null : pixels(options, subject.test());
    look = look != null ? look : samples(options, source.features(), shown);
    boolean tested = subject.test() != null && testLook == null;
    testLook = tested ? samples(options, source.testFeatures(), source.testPlaces()) : testLook;
    if (options.images != null
        && !(look instanceof SamplePictures)
        && !(testLook instanceof SamplePictures)) {
      throw new InputException(
          "--images: says where the pictures of a folder of features are, and there is none; show"
              + " others with --pictures");
    }
    if (options.pictures != null) {
      look =
          PictureFiles.of(
              "--pictures",
              options.pictures,
              shown.length,
              row -> Long.toString(shown[(int) row]),
              row -> subject.sampleNames().get(shown[(int) row]));
    }
    if (options.testPictures != null) {
      if (subject.test() == null) {
        throw new InputException("--test-pictures: there is no test set; leave it out");
      }
      testLook =
          PictureFiles.of(
              "--test-pictures",
              options.testPictures,
              subject.test().samples(),
              Long::toString,
              subject.testNames()::get);
    }
  }

  /**
   * @param places of the rows among the samples there; null for all
   */
  private static Look samples(ModelOptions options, Path features, long[] places) {
    return SamplePictures.of(
        features, options.images, row -> places == null ? row : places[(int) row]);
  }

  private Look pixels(ModelOptions options, FeatureSet set) {
    Look given = options.pixels(set.features());
    int side = FashionMnist.SIDE;
    boolean known = given == null && source.images();
    return known && set.width() == side * side ? Pixels.of(set.features(), side, side) : given;
  }

  /** Hash of the whole dataset. */
  String trainingHash() {
    return source.hash();
  }

  /** How many samples the features are without that their dataset had. */
  int leftOut() {
    return FeatureOrigin.leftOut(source.features(), source.testFeatures());
  }

  /** What was opened, in words and hashes. */
  JsonObject facts() {
    JsonObject json = new JsonObject();
    json.addProperty("training", subject.model().training().name());
    json.addProperty("training_samples", subject.model().samples());
    json.addProperty("dataset_samples", subject.samples());
    json.addProperty("held_out_samples", subject.labelled().heldOut());
    if (leftOut() > 0) {
      json.addProperty("left_out", leftOut());
    }
    json.addProperty("dataset_sha256", source.hash());
    json.addProperty("features", subject.model().training().width());
    json.addProperty("embedding", subject.model().head().weight().dim(0));
    json.addProperty("classes", subject.model().classes());
    if (subject.classNames().known()) {
      json.add(
          "class_names",
          JsonFile.tree(
              Arrays.stream(subject.classIds()).mapToObj(subject.classNames()::get).toList()));
    }
    json.addProperty("loss", subject.model().loss().name());
    json.add("params", JsonFile.tree(subject.model().loss().params()));
    json.addProperty("weight_sha256", Key.hash(subject.model().head().weight()));
    json.addProperty("test", subject.test() == null ? null : subject.test().name());
    json.addProperty("test_samples", subject.test() == null ? 0 : subject.test().samples());
    json.addProperty("test_sha256", subject.test() == null ? null : subject.test().sha256());
    return json;
  }

  /** Adds everything that results depend on. */
  void addTo(Key key) {
    key.add("data", source.hash())
        .add("samples", Key.hash(subject.positions()))
        .add("test", subject.test() == null ? "" : subject.test().sha256())
        .add("loss", subject.model().loss().name() + " " + subject.model().loss().params())
        .add("weight", Key.hash(subject.model().head().weight()))
        .add(
            "bias",
            subject.model().head().bias() == null ? "" : Key.hash(subject.model().head().bias()))
        .add("proxies", Key.hash(subject.model().head().proxies()))
        .add("isa", backend.isa())
        .add("threads", backend.threads());
  }

  @Override
  public void close() {
    arena.close();
    backend.close();
  }
}
