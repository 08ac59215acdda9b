package io.vicinal.cli.explain;

import com.google.gson.JsonParseException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Text;
import io.vicinal.config.DataConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Safetensors;
import io.vicinal.explain.Labelled;
import io.vicinal.explain.Subject;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import io.vicinal.train.TrainedRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Reads what is explained from a run folder, or from arrays with a head or without. Every complaint
 * names the file, the place and the remedy. For one thread, and one reading.
 */
final class ModelReader {
  /**
   * What was read.
   *
   * @param hash SHA-256 of the whole data set
   * @param labelsFile whence the labels are; null of a named data set
   * @param labelTexts by class id, where the file of labels holds texts; else none
   * @param images whether it is a named data set of images
   * @param features whence those are; null of a named data set
   * @param testFeatures whence those of the test samples are, or null
   * @param testPlaces of the test samples among those there; null for all
   */
  record Opened(
      Subject subject,
      String hash,
      Path labelsFile,
      Names labelTexts,
      boolean images,
      Path features,
      Path testFeatures,
      long[] testPlaces) {}

  private final ModelOptions options;
  private final Backend backend;
  private final Arena arena; // owner of what is read
  private HeadModel model;
  private FeatureSet test;
  private long[] positions;
  private long[] classes;
  private long[] datasetLabels; // class ids
  private Labelled labelled; // null for those trained on
  private Names classNames = Names.none(); // by class id
  private Names sampleNames = Names.none(); // by position in the dataset
  private Names labelTexts = Names.none();
  private Path testFeatures;
  private long[] testPlaces;

  ModelReader(ModelOptions options, Backend backend, Arena arena) {
    this.options = options;
    this.backend = backend;
    this.arena = arena;
  }

  private Opened opened(String hash, Path features, Path labelsFile, boolean images) {
    checkTest();
    Subject trained =
        new Subject(
            model, positions, classes, datasetLabels, labelled, test, classNames, sampleNames);
    Subject subject = labelled != null ? trained : trained.with(trained.trained());
    return new Opened(
        subject, hash, labelsFile, labelTexts, images, features, testFeatures, testPlaces);
  }

  Opened run(boolean withTest) {
    TrainedRun run = TrainedRun.open(options.run, backend, arena);
    model = new HeadModel(run.loss(), run.training(), run.head().tensors());
    checkClasses(options.run.resolve("head.safetensors"));
    FeatureOrigin.checkHead(options.run.resolve("head.safetensors"), options.testFeatures);
    positions = run.ids();
    classes = run.classes();
    datasetLabels = run.labels();
    boolean named = run.config().data().dataset() != null;
    Names given = given(Arrays.stream(classes).max().getAsLong());
    classNames = given.known() ? given : run.classNames();
    sampleNames =
        options.sampleNames == null
            ? run.sampleNames()
            : Names.read(options.sampleNames, datasetLabels.length, "samples of the dataset");
    boolean texts = !named && run.config().data().classNames() == null && run.classNames().known();
    labelTexts = texts ? run.classNames() : Names.none();
    DataConfig data = run.config().data();
    options.testDefault(data.features());
    if (options.testFeatures != null) {
      test = readTest(run.head().weight().dtype(), texts && !given.known());
    } else if (named) {
      Path folder = run.config().data().folder();
      test = typed(FashionMnist.test(folder == null ? FashionMnist.FOLDER : folder, arena));
    } else {
      test = run.validation();
      Path own = run.config().validation().features();
      testFeatures = own != null ? own : data.features();
      testPlaces = own != null ? null : run.heldOut();
    }
    if (test == null && withTest) {
      throw new InputException(
          options.run
              + ": the run has no validation samples to explain; name a test set with"
              + " --test-features and --test-labels");
    }
    labelled = covered(run);
    return opened(run.hash(), data.features(), data.labels(), named);
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
    FeatureSet chosen =
        ids.length == datasetLabels.length ? all : all.subset(arena, all.name(), ids);
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

  Opened arrays(Loss loss) {
    Path file = options.head;
    if (Files.isDirectory(file)) {
      file = file.resolve("head.safetensors");
    }
    Head head = Head.load(file, arena);
    FeatureOrigin.checkHead(file, options.features);
    FeatureOrigin.check(options.features, options.testFeatures);
    for (Map.Entry<String, Tensor> part : head.named().entrySet()) {
      long bad = backend.findNonFinite(part.getValue());
      if (bad >= 0) {
        throw Text.wrong(
            "%s: %s is NaN or infinite at %s; train the head again",
            file, part.getKey(), ArrayFiles.place(bad, part.getValue().shape()));
      }
    }
    ArrayFiles files = new ArrayFiles(arena, backend).beside(options.labels, options.sampleNames);
    Tensor x = files.largeMatrix(options.features, head.weight().dtype());
    checkWidth(options.features, x, file, head);
    Names given = given(-1);
    Names known = given.known() ? given : headNames(file, head.proxies().dim(0) / loss.centers());
    Tensor y = labels(files, x, known);
    boolean texts = labelTexts.known();
    if (texts && !known.known()) {
      checkTexts(file, labelTexts, head.proxies().dim(0) / loss.centers());
    }
    checkProxies(file, head, loss, y);
    model = new HeadModel(loss, new FeatureSet(x, y, options.features.toString()), head.tensors());
    checkClasses(file);
    classes = LongStream.range(0, model.classes()).toArray();
    given(model.classes() - 1);
    sampleNames = Names.read(options.sampleNames, datasetLabels.length, "samples");
    if (options.testFeatures != null) {
      test = readTest(head.weight().dtype(), texts && !given.known());
    }
    return opened(model.training().sha256(), options.features, options.labels, false);
  }

  Opened trained(Loss loss, RunConfig config, boolean withTest) {
    FeatureOrigin.check(options.features, options.testFeatures);
    ArrayFiles files = new ArrayFiles(arena, backend).beside(options.labels, options.sampleNames);
    Tensor x = files.largeMatrix(options.features, null);
    Names named = given(-1);
    Tensor y = labels(files, x, named);
    given(Arrays.stream(datasetLabels).max().getAsLong());
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
    FeatureSet numbered = given.renumbered(arena, classes);
    if (options.testFeatures != null) {
      test = readTest(x.dtype(), labelTexts.known() && !named.known());
    } else if (withTest) {
      throw new InputException("--test-features: is missing; name the test set's two files");
    }
    Head head =
        HeadTraining.of(backend, config)
            .withLoss(loss)
            .train(x, Supervision.hard(classes.length, numbered.labels().toLongs()), arena);
    model = new HeadModel(loss, numbered, head.tensors());
    return opened(given.sha256(), options.features, options.labels, false);
  }

  /** The labels of some features; those that are texts get the ids of known names. */
  private Tensor labels(ArrayFiles files, Tensor x, Names known) {
    Labels labels = files.labels(options.labels, options.features, x.dim(0), known);
    labelTexts = labels.classes();
    classNames = labelTexts.known() ? labelTexts : known;
    datasetLabels = labels.ids().toLongs();
    positions = LongStream.range(0, x.dim(0)).toArray();
    return labels.ids();
  }

  /** The class names of the command line; they must reach to this id. */
  private Names given(long most) {
    if (options.classNames == null) {
      return Names.none();
    }
    Names names = Names.read(options.classNames);
    if (names.size() <= most) {
      throw Text.wrong(
          "%s: %s names for the classes 0..%s; give one for each, in their order",
          options.classNames, names.size(), most);
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
  private void checkTexts(Path file, Names names, long classes) {
    if (names.size() != classes) {
      throw Text.wrong(
          "%s: has %s class names, but %s has proxies of %s classes and does not name"
              + " them; give --class-names, one for each in the order of the proxies",
          options.labels, names.size(), file, classes);
    }
  }

  /**
   * @param texts whether the training labels are texts, which nobody but they numbered
   */
  private FeatureSet readTest(DType dtype, boolean texts) {
    testFeatures = options.testFeatures;
    ArrayFiles files =
        new ArrayFiles(arena, backend).beside(options.testLabels, options.testSampleNames);
    Tensor t = files.matrix(options.testFeatures, dtype);
    Labels ty = files.labels(options.testLabels, options.testFeatures, t.dim(0), classNames);
    boolean testTexts = ty.classes().known();
    if (texts && !testTexts || testTexts && !classNames.known()) {
      throw Text.wrong(
          "%s: the test labels are %s, so nobody knows which are the same; give both"
              + " alike, or the names of the classes with --class-names",
          options.testLabels,
          testTexts
              ? "names and the training labels are numbers"
              : "numbers and the training labels are names");
    }
    classNames = testTexts ? ty.classes() : classNames; // and those that only the test set has
    return new FeatureSet(t, ty.ids(), options.testFeatures.toString());
  }

  private static void checkWidth(Path features, Tensor x, Path file, Head head) {
    if (x.dim(1) != head.features()) {
      throw Text.wrong(
          "%s: has %s columns, but the head %s takes %s; give the features that it was"
              + " trained on",
          features, x.dim(1), file, head.features());
    }
  }

  private void checkProxies(Path file, Head head, Loss loss, Tensor labels) {
    ArrayFiles.checkProxies(
        options.labels,
        labels,
        file,
        ArrayFiles.classes(file, head.proxies(), "proxies", loss),
        "remove that row, or give the head that knows it");
  }

  private void checkClasses(Path file) {
    if (model.classes() < 2) {
      throw new InputException(
          file
              + ": has proxies of one class: its loss is the same whatever it learns, so no sample"
              + " can be to blame; train with two classes or more");
    }
  }

  private void checkTest() {
    if (test == null) {
      return;
    }
    if (options.testSampleNames != null) {
      Names names = Names.read(options.testSampleNames, test.samples(), "test samples");
      test = test.named(test.classNames(), names);
    }
    if (test.width() != model.training().width()) {
      throw Text.wrong(
          "%s: has %s columns, but the training features have %s; compute both in the"
              + " same way",
          test.name(), test.width(), model.training().width());
    }
    if (test.samples() < 2) {
      throw new InputException(
          test.name() + ": one test sample has no neighbour; give two or more");
    }
  }
}
