package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.Devices;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Safetensors;
import io.vicinal.explain.Labelled;
import io.vicinal.explain.Subject;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import io.vicinal.report.Look;
import io.vicinal.report.PictureFiles;
import io.vicinal.report.Pixels;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import io.vicinal.train.TrainedRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * The opened inputs of a command: the model with its training samples, and the test samples. Every
 * complaint names the file, the place and the remedy. For one thread.
 */
final class ModelInputs implements AutoCloseable {
  private final Backend backend;
  private final Arena arena;
  private HeadModel model;
  private FeatureSet test;
  private long[] positions;
  private long[] classes;
  private long dataset;
  private long[] datasetLabels; // class ids
  private String trainingHash;
  private Path labelsFile; // null of a named dataset
  private Names classNames = Names.none(); // by class id
  private Names labelTexts = Names.none(); // by class id, where the file of labels holds texts
  private Names sampleNames = Names.none(); // by position in the dataset
  private Names testNames = Names.none(); // by test sample
  private boolean images; // of a dataset of them
  private Labelled labelled;
  private Subject subject;
  private boolean trainedHere;
  private Look look; // of labelled samples, or null
  private Look testLook;

  private ModelInputs(Backend backend, Arena arena) {
    this.backend = backend;
    this.arena = arena;
  }

  /** Opens a model that needs no test samples; they are opened if they are named. */
  static ModelInputs open(ModelOptions options) {
    return open(options, false);
  }

  /**
   * Opens samples whose labels are looked at: neither a head nor test samples are needed. Where no
   * head is named, one is trained on the given labels.
   */
  static ModelInputs openLabels(ModelOptions options, TrainingOptions training, boolean withTest) {
    options.checkLabels();
    if (options.run != null || options.head != null) {
      return open(options, withTest);
    }
    RunConfig config = training.config();
    Loss loss =
        options.loss == null
            ? Losses.create(config.loss().name(), config.loss().params())
            : Losses.create(options.loss, options.params);
    return opened(options, model -> model.trainOn(options, loss, config, withTest));
  }

  /** Opens a model with its test samples. */
  static ModelInputs openWithTest(ModelOptions options) {
    return open(options, true);
  }

  private static ModelInputs open(ModelOptions options, boolean withTest) {
    options.check();
    if (withTest && options.run == null && options.testFeatures == null) {
      throw new InputException("--test-features: is missing; name the test set's two files");
    }
    Loss loss = options.run == null ? Losses.create(options.loss, options.params) : null;
    return opened(
        options,
        model -> {
          if (options.run != null) {
            model.readRun(options, withTest);
          } else {
            model.readArrays(options, loss);
          }
        });
  }

  private static ModelInputs opened(ModelOptions options, Consumer<ModelInputs> read) {
    Backend backend = Devices.open(options.device, options.threads);
    ModelInputs opened = new ModelInputs(backend, new Arena(backend.memory()));
    try {
      read.accept(opened);
      opened.checkTest(options);
      opened.subject = opened.assembled();
      opened.look(options);
      return opened;
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  private Subject assembled() {
    Subject trained =
        new Subject(
            model,
            positions,
            classes,
            datasetLabels,
            labelled,
            test,
            classNames,
            sampleNames,
            testNames);
    return labelled != null ? trained : trained.with(trained.trained());
  }

  private void readRun(ModelOptions options, boolean withTest) {
    TrainedRun run = TrainedRun.open(options.run, backend, arena);
    model = new HeadModel(run.loss(), run.training(), run.head().tensors());
    checkClasses(options.run.resolve("head.safetensors"));
    positions = run.ids();
    classes = run.classes();
    dataset = run.labels().length;
    datasetLabels = run.labels();
    labelsFile = run.config().data().labels();
    trainingHash = run.hash();
    boolean named = run.config().data().dataset() != null;
    images = named;
    Names given = given(options, Arrays.stream(classes).max().getAsLong());
    classNames = given.known() ? given : run.classNames();
    sampleNames =
        options.sampleNames == null
            ? run.sampleNames()
            : Names.read(options.sampleNames, dataset, "samples of the dataset");
    boolean texts = !named && run.config().data().classNames() == null && run.classNames().known();
    labelTexts = texts ? run.classNames() : Names.none();
    if (options.testFeatures != null) {
      test = readTest(options, run.head().weight().dtype(), texts && !given.known());
    } else if (run.config().data().dataset() != null) {
      Path folder = run.config().data().folder();
      test = typed(FashionMnist.test(folder == null ? FashionMnist.FOLDER : folder, arena));
    } else {
      test = run.validation();
    }
    if (test == null && withTest) {
      throw new InputException(
          options.run
              + ": the run has no validation samples to explain; name a test set with"
              + " --test-features and --test-labels");
    }
    labelled = covered(run);
  }

  /** All samples of the run's classes, those held out too, in numbers of their own. */
  private Labelled covered(TrainedRun run) {
    long[] ids = run.covered();
    if (ids.length == positions.length) {
      return null; // those trained on
    }
    FeatureSet all =
        new FeatureSet(
            run.features(),
            arena.of(datasetLabels, datasetLabels.length),
            model.training().name().replace("training samples", "samples"));
    FeatureSet chosen = ids.length == dataset ? all : all.subset(arena, all.name(), ids);
    long[] known =
        Arrays.stream(ids).map(i -> datasetLabels[(int) i]).sorted().distinct().toArray();
    int[] rows =
        Arrays.stream(positions).mapToInt(position -> Arrays.binarySearch(ids, position)).toArray();
    return new Labelled(chosen.renumbered(arena, known), ids, known, rows);
  }

  private FeatureSet typed(FeatureSet set) {
    Tensor weight = model.head().weight();
    if (set.features().dtype() == weight.dtype()) {
      return set;
    }
    Tensor features = arena.allocate(weight.dtype(), set.features().shape());
    features.copyFrom(set.features());
    return new FeatureSet(features, set.labels(), set.name(), set.classNames(), set.sampleNames());
  }

  private void readArrays(ModelOptions options, Loss loss) {
    Path file = options.head;
    if (Files.isDirectory(file)) {
      file = file.resolve("head.safetensors");
    }
    Head head = Head.load(file, arena);
    for (Map.Entry<String, Tensor> part : head.named().entrySet()) {
      long bad = backend.findNonFinite(part.getValue());
      if (bad >= 0) {
        throw new InputException(
            file
                + ": "
                + part.getKey()
                + " is NaN or infinite at "
                + ArrayFiles.place(bad, part.getValue().shape())
                + "; train the head again");
      }
    }
    ArrayFiles files = new ArrayFiles(arena, backend).beside(options.labels, options.sampleNames);
    Tensor x = files.largeMatrix(options.features, head.weight().dtype());
    checkWidth(options.features, x, file, head);
    Names given = given(options, -1);
    Names known = given.known() ? given : headNames(file, head.proxies().dim(0) / loss.centers());
    Labels labels = files.labels(options.labels, options.features, x.dim(0), known);
    Tensor y = labels.ids();
    boolean texts = labels.classes().known();
    labelTexts = labels.classes();
    if (texts && !known.known()) {
      checkTexts(options, file, labels.classes(), head.proxies().dim(0) / loss.centers());
    }
    classNames = texts ? labels.classes() : known;
    checkProxies(options, file, head, loss, y);
    model = new HeadModel(loss, new FeatureSet(x, y, options.features.toString()), head.tensors());
    checkClasses(file);
    dataset = x.dim(0);
    datasetLabels = y.toLongs();
    labelsFile = options.labels;
    positions = LongStream.range(0, dataset).toArray();
    classes = LongStream.range(0, model.classes()).toArray();
    trainingHash = model.training().sha256();
    given(options, model.classes() - 1);
    sampleNames = Names.read(options.sampleNames, dataset, "samples");
    if (options.testFeatures != null) {
      test = readTest(options, head.weight().dtype(), texts && !given.known());
    }
  }

  private void trainOn(ModelOptions options, Loss loss, RunConfig config, boolean withTest) {
    ArrayFiles files = new ArrayFiles(arena, backend).beside(options.labels, options.sampleNames);
    Tensor x = files.largeMatrix(options.features, null);
    Names named = given(options, -1);
    Labels labels = files.labels(options.labels, options.features, x.dim(0), named);
    boolean texts = labels.classes().known();
    labelTexts = labels.classes();
    classNames = texts ? labels.classes() : named;
    Tensor y = labels.ids();
    datasetLabels = y.toLongs();
    labelsFile = options.labels;
    given(options, Arrays.stream(datasetLabels).max().getAsLong());
    sampleNames = Names.read(options.sampleNames, x.dim(0), "samples");
    classes = Arrays.stream(datasetLabels).sorted().distinct().toArray();
    if (classes.length < 2) {
      throw new InputException(
          options.labels
              + (datasetLabels.length == 1
                  ? ": has one label, class "
                  : ": has " + datasetLabels.length + " labels, all of class ")
              + classes[0]
              + "; a label can only be wrong where there is another class: give samples of two or more");
    }
    FeatureSet given = new FeatureSet(x, y, options.features.toString());
    trainingHash = given.sha256();
    FeatureSet numbered = given.renumbered(arena, classes);
    dataset = x.dim(0);
    positions = LongStream.range(0, dataset).toArray();
    if (options.testFeatures != null) {
      test = readTest(options, x.dtype(), texts && !named.known());
    } else if (withTest) {
      throw new InputException("--test-features: is missing; name the test set's two files");
    }
    Head head =
        HeadTraining.of(backend, config)
            .withLoss(loss)
            .train(x, Supervision.hard(classes.length, numbered.labels().toLongs()), arena);
    model = new HeadModel(loss, numbered, head.tensors());
    trainedHere = true;
  }

  /** The class names of the command line; they must reach to this id. */
  private static Names given(ModelOptions options, long most) {
    if (options.classNames == null) {
      return Names.none();
    }
    Names names = Names.read(options.classNames);
    if (names.size() <= most) {
      throw new InputException(
          options.classNames
              + ": "
              + names.size()
              + " names for the classes 0.."
              + most
              + "; give one for each, in their order");
    }
    return names;
  }

  /** What a head that 'train' wrote calls the classes of its proxies. */
  private static Names headNames(Path file, long classes) {
    String text = Safetensors.metadata(file).get("classNames");
    try {
      String[] names = text == null ? null : JsonFile.gson().fromJson(text, String[].class);
      boolean fits = names != null && names.length == classes && !List.of(names).contains("");
      return fits ? Names.of(List.of(names)) : Names.none();
    } catch (JsonParseException | NullPointerException e) {
      return Names.none(); // another program's metadata
    }
  }

  /** Names in their order are the proxies' order only if both are all the classes. */
  private static void checkTexts(ModelOptions options, Path file, Names names, long classes) {
    if (names.size() != classes) {
      throw new InputException(
          options.labels
              + ": has "
              + names.size()
              + " class names, but "
              + file
              + " has proxies of "
              + classes
              + " classes and does not name them; give --class-names, one for each in the order"
              + " of the proxies");
    }
  }

  /**
   * @param texts whether the training labels are texts, which nobody but they numbered
   */
  private FeatureSet readTest(ModelOptions options, DType dtype, boolean texts) {
    ArrayFiles files =
        new ArrayFiles(arena, backend).beside(options.testLabels, options.testSampleNames);
    Tensor t = files.matrix(options.testFeatures, dtype);
    Labels ty = files.labels(options.testLabels, options.testFeatures, t.dim(0), classNames);
    boolean testTexts = ty.classes().known();
    if (texts && !testTexts || testTexts && !classNames.known()) {
      throw new InputException(
          options.testLabels
              + ": the test labels are "
              + (testTexts
                  ? "names and the training labels are numbers"
                  : "numbers and the training labels are names")
              + ", so nobody knows which are the same; give both alike, or the names of the classes"
              + " with --class-names");
    }
    classNames = testTexts ? ty.classes() : classNames; // and those that only the test set has
    return new FeatureSet(t, ty.ids(), options.testFeatures.toString());
  }

  private static void checkWidth(Path features, Tensor x, Path file, Head head) {
    if (x.dim(1) != head.features()) {
      throw new InputException(
          features
              + ": has "
              + x.dim(1)
              + " columns, but the head "
              + file
              + " takes "
              + head.features()
              + "; give the features that it was trained on");
    }
  }

  private static void checkProxies(
      ModelOptions options, Path file, Head head, Loss loss, Tensor labels) {
    long rows = head.proxies().dim(0);
    if (rows % loss.centers() != 0) {
      throw new InputException(
          file
              + ": "
              + rows
              + " proxies are not a multiple of the "
              + loss.centers()
              + " centres per class; set --param centers=K to match");
    }
    long most = rows / loss.centers();
    long[] values = labels.toLongs();
    for (int i = 0; i < values.length; i++) {
      if (values[i] >= most) {
        throw new InputException(
            options.labels
                + ": label "
                + values[i]
                + " at ["
                + i
                + "] has no proxy: "
                + file
                + " holds the classes 0.."
                + (most - 1)
                + "; remove that row, or give the head that knows it");
      }
    }
  }

  private void checkClasses(Path file) {
    if (model.classes() < 2) {
      throw new InputException(
          file
              + ": has proxies of one class: its loss is the same whatever it learns, so no sample"
              + " can be to blame; train with two classes or more");
    }
  }

  private void checkTest(ModelOptions options) {
    if (test == null) {
      return;
    }
    testNames =
        options.testSampleNames == null
            ? test.sampleNames()
            : Names.read(options.testSampleNames, test.samples(), "test samples");
    if (test.width() != model.training().width()) {
      throw new InputException(
          test.name()
              + ": has "
              + test.width()
              + " columns, but the training features have "
              + model.training().width()
              + "; compute both in the same way");
    }
    if (test.samples() < 2) {
      throw new InputException(
          test.name() + ": one test sample has no neighbour; give two or more");
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
   * @param labels of {@link #labelled}, in its numbers; other samples keep their class
   */
  void writeLabels(long[] labels, Path file) {
    Labels.write(file, Arrays.stream(subject.ofDataSet(labels)).mapToObj(this::labelText).toList());
  }

  /** The classes where the file of labels holds their names, else none. */
  Names labelClasses() {
    return labelTexts;
  }

  /** A class as the file of labels has it. */
  String labelText(long classId) {
    return labelTexts.known() ? labelTexts.get(classId) : Long.toString(classId);
  }

  /** The file of the dataset's labels, null where a named dataset has none. */
  Path labelsFile() {
    return labelsFile;
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

  Arena arena() {
    return arena;
  }

  /**
   * A table in which samples and classes are numbers; names that are known follow as columns of
   * their own: {@code class_name} of {@code class}.
   */
  CsvFile csv(String... header) {
    Map<String, Names> names = new LinkedHashMap<>();
    for (String column : header) {
      switch (column) {
        case "sample" -> names.put(column, subject.sampleNames());
        case "i", "j" -> names.put(column, subject.testNames());
        case "class", "label", "label_i", "label_j", "proposed", "second", "towards" ->
            names.put(column, subject.classNames());
        default -> {}
      }
    }
    names.values().removeIf(list -> !list.known());
    return new CsvFile(names, header);
  }

  /** How {@link #labelled} samples look, or null if nothing can be shown. */
  Look look() {
    return look;
  }

  /** How these samples look, all of {@link #labelled} or those trained on; or null. */
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
              testNames::get);
    }
  }

  private Look pixels(ModelOptions options, FeatureSet set) {
    Look given = options.pixels(set.features());
    int side = FashionMnist.SIDE;
    boolean known = given == null && images;
    return known && set.width() == side * side ? Pixels.of(set.features(), side, side) : given;
  }

  /** Hash of the whole dataset. */
  String trainingHash() {
    return trainingHash;
  }

  /** What was opened, in words and hashes. */
  JsonObject facts() {
    JsonObject json = new JsonObject();
    json.addProperty("training", subject.model().training().name());
    json.addProperty("training_samples", subject.model().samples());
    json.addProperty("dataset_samples", subject.samples());
    json.addProperty("held_out_samples", subject.labelled().heldOut());
    json.addProperty("dataset_sha256", trainingHash);
    json.addProperty("features", subject.model().training().width());
    json.addProperty("embedding", subject.model().head().weight().dim(0));
    json.addProperty("classes", subject.model().classes());
    if (subject.classNames().known()) {
      JsonArray names = new JsonArray();
      Arrays.stream(subject.classIds()).forEach(id -> names.add(subject.classNames().get(id)));
      json.add("class_names", names);
    }
    json.addProperty("loss", subject.model().loss().name());
    json.add("params", JsonFile.gson().toJsonTree(subject.model().loss().params()));
    json.addProperty("weight_sha256", Key.hash(subject.model().head().weight()));
    json.addProperty("test", subject.test() == null ? null : subject.test().name());
    json.addProperty("test_samples", subject.test() == null ? 0 : subject.test().samples());
    json.addProperty("test_sha256", subject.test() == null ? null : subject.test().sha256());
    return json;
  }

  /** Adds everything that results depend on. */
  void addTo(Key key) {
    key.add("data", trainingHash)
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
