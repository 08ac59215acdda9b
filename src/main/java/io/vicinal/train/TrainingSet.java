package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.DataConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.config.ValidationConfig;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.TooLargeException;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * What a run trains on: the whole dataset's features (sample ids are its rows), which of them are
 * training samples, their classes, and the validation part as tensors of its own.
 *
 * @param all the whole dataset, its features of the run's type
 * @param rows the class row of every sample, {@link ClassMap#NONE} when its class is not trained
 * @param training training ids, ascending
 * @param validation the part that judges, labels as the data has them; null when there is none
 * @param hash of the dataset as it was read
 * @param config the asked one with a validation part that these data can give
 */
record TrainingSet(
    FeatureSet all,
    int[] rows,
    long[] training,
    ClassMap classes,
    FeatureSet validation,
    String hash,
    RunConfig config) {
  /** What helps where features are too large for float32. */
  static final String FLOAT64 = "train in float64: --set compute.dtype=float64";

  /**
   * @param notes receives what is not obvious about how the data was read
   */
  static TrainingSet load(
      RunConfig config, FeatureSet given, Backend backend, Arena arena, Consumer<String> notes) {
    DType dtype = Parts.dtype(config);
    Path file = given == null ? config.data().features() : null;
    Shape stored = file == null ? null : ArrayFile.storedShape(file);
    if (stored != null && stored.rank() == 2) {
      MemoryEstimate.checkLeast(config, stored.dim(0), stored.dim(1));
    }
    FeatureSet read = read(config.data(), given, dtype, arena, notes);
    checkFinite(read, given == null ? config.data() : null, backend);
    long[] labels = read.labels().toLongs();
    RunConfig fitted = fitted(config, labels);
    ValidationSplit split = split(fitted, labels);
    ClassMap classes = ClassMap.of(labels, split.training());
    FeatureSet all =
        new FeatureSet(
            typed(read.features(), dtype, arena),
            read.labels(),
            "data",
            read.classNames(),
            read.sampleNames());
    FeatureSet validation = validation(fitted, all, split, backend, arena, notes);
    if (validation != null && validation.width() != all.width()) {
      throw otherWidth(validation.width(), all.width());
    }
    int without = leftOut(fitted);
    if (without > 0) {
      notes.accept(FeatureOrigin.leftOutText(without));
    }
    return new TrainingSet(
        all,
        Arrays.stream(labels).mapToInt(classes::row).toArray(),
        split.training(),
        classes,
        validation,
        read.sha256(),
        fitted);
  }

  private static int leftOut(RunConfig config) {
    return FeatureOrigin.leftOut(config.data().features(), config.validation().features());
  }

  /** How many samples the features are without that their dataset had. */
  int leftOut() {
    return leftOut(config);
  }

  /** The class row of each training sample, in their order. */
  long[] trainedRows() {
    return Arrays.stream(training).map(id -> rows[(int) id]).toArray();
  }

  /** Every sample with the row of its class; of a class that is not trained none is ever drawn. */
  Supervision supervision() {
    long[] labels = Arrays.stream(rows).mapToLong(row -> Math.max(row, 0)).toArray();
    return Supervision.hard(classes.size(), labels);
  }

  /** The names of the trained classes by row, or none. */
  Names trainedNames() {
    return all.classNames().subset(classes.ids());
  }

  static InputException otherWidth(long validation, long training) {
    return new InputException(
        "validation.features: rows of "
            + validation
            + " numbers, but the training features have "
            + training
            + "; compute both in the same way");
  }

  /** The configuration with a validation part that the data can give. */
  static RunConfig fitted(RunConfig config, long[] labels) {
    return config.fitted(
        ValidationSplit.fitted(labels, covered(config, labels), config.validation(), seed(config)));
  }

  private static long seed(RunConfig config) {
    Long own = config.seeds().validation();
    return own != null ? own : Xoshiro.derive(config.seed(), "validation");
  }

  /**
   * The samples of the configured classes, divided.
   *
   * @param config {@link #fitted}
   */
  static ValidationSplit split(RunConfig config, long[] labels) {
    long[] ids = covered(config, labels);
    return ValidationSplit.of(labels, ids, config.validation(), seed(config));
  }

  /** The samples of the configured classes, ascending. */
  static long[] covered(RunConfig config, long[] labels) {
    List<Long> classes = config.data().classes();
    for (long wanted : classes) {
      if (Arrays.stream(labels).noneMatch(label -> label == wanted)) {
        throw new InputException(
            "data.classes: the data has no sample of class " + wanted + "; remove it");
      }
    }
    return LongStream.range(0, labels.length)
        .filter(id -> classes.isEmpty() || classes.contains(labels[(int) id]))
        .toArray();
  }

  private static FeatureSet read(
      DataConfig data, FeatureSet given, DType dtype, Arena arena, Consumer<String> notes) {
    if (given != null) {
      checkGiven(data);
      return named(given, data);
    }
    if (DataConfig.GIVEN.equals(data.dataset())) {
      throw new InputException(
          "data.dataset: \"given\" means features handed over by a program; name files or"
              + " fashion-mnist");
    }
    if (data.dataset() != null) {
      Path folder = data.folder() == null ? FashionMnist.FOLDER : data.folder();
      return named(FashionMnist.train(folder, arena), data);
    }
    Names classes = Names.read(data.classNames());
    return named(
        files(data.features(), data.labels(), data.sampleNames(), classes, dtype, arena, notes),
        data);
  }

  /** Two sources of data: nobody knows which is meant. */
  private static void checkGiven(DataConfig data) {
    if (DataConfig.GIVEN.equals(data.dataset())) {
      return;
    }
    String named =
        data.dataset() != null
            ? "data.dataset: \"" + data.dataset() + "\""
            : "data.features: " + data.features();
    throw new InputException(
        named
            + " contradicts the features that the program hands over; set data.dataset to"
            + " \"given\" in its place, or hand no features over");
  }

  /** With the names that the configuration gives. */
  private static FeatureSet named(FeatureSet set, DataConfig data) {
    Names classes = Names.read(data.classNames());
    Names samples = Names.read(data.sampleNames(), set.samples(), "samples");
    return set.named(
        set.classNames().known() ? set.classNames() : classes,
        samples.known() ? samples : set.sampleNames());
  }

  /**
   * @param names of samples, which may be a column of the features' table
   * @param known names of classes whose ids labels that are texts get
   */
  private static FeatureSet files(
      Path features,
      Path labels,
      Path names,
      Names known,
      DType dtype,
      Arena arena,
      Consumer<String> notes) {
    Labels read = Labels.read(labels, arena, known, notes);
    if (read.classes().known() && !known.known()) {
      notes.accept(labels + ": " + read.told());
    }
    Tensor x = tensor(features, dtype, arena, notes, labels, names);
    String name = features.getFileName().toString();
    if (x.shape().rank() == 2) {
      checkCount(labels, read.ids().size(), features, x.dim(0));
    }
    return new FeatureSet(x, read.ids(), name, read.classes(), Names.none());
  }

  /**
   * @param from where the features were read from, or null
   */
  private static void checkFinite(FeatureSet read, DataConfig from, Backend backend) {
    long bad = backend.findNonFinite(read.features());
    if (bad >= 0) {
      String column =
          from == null || from.features() == null
              ? ""
              : ArrayFile.column(
                  from.features(), bad % read.width(), from.labels(), from.sampleNames());
      throw FeatureSet.notFinite(read.name(), bad, read.width(), column);
    }
  }

  private static Tensor tensor(
      Path file, DType dtype, Arena arena, Consumer<String> notes, Path... beside) {
    try {
      return ArrayFile.read(file, arena, dtype, notes, beside);
    } catch (TooLargeException e) {
      throw e.or(FLOAT64);
    }
  }

  static void checkCount(Path labels, long count, Path features, long rows) {
    if (count != rows) {
      throw new InputException(
          labels
              + ": "
              + count
              + " labels for the "
              + rows
              + " rows of "
              + features
              + "; give one label per row");
    }
  }

  private static FeatureSet validation(
      RunConfig config,
      FeatureSet all,
      ValidationSplit split,
      Backend backend,
      Arena arena,
      Consumer<String> notes) {
    ValidationConfig validation = config.validation();
    if (validation.features() != null) {
      DType dtype = all.features().dtype();
      FeatureSet own =
          files(
              validation.features(),
              validation.labels(),
              validation.sampleNames(),
              all.classNames(),
              dtype,
              arena,
              notes);
      own.checkFinite(backend);
      Names classes = own.classNames().known() ? own.classNames() : covering(all.classNames(), own);
      return own.named(classes, Names.read(validation.sampleNames(), own.samples(), "samples"));
    }
    if (split.validation().length == 0) {
      return null;
    }
    return all.subset(arena, "validation", split.validation());
  }

  /** The names if every label has one, else none: validation may have classes of its own. */
  private static Names covering(Names names, FeatureSet set) {
    return set.classes() <= names.size() ? names : Names.none();
  }

  private static Tensor typed(Tensor tensor, DType dtype, Arena arena) {
    if (tensor.dtype() == dtype) {
      return tensor;
    }
    Tensor converted = arena.allocate(dtype, tensor.shape());
    converted.copyFrom(tensor);
    return converted;
  }

  /** As {@link Feasible#check}, and whether the run finds the memory. */
  RunConfig feasible(RunConfig asked, Consumer<String> notes) {
    long[] held = validation == null ? new long[0] : validation.labels().toLongs();
    Feasible.checkValidation(asked, config, notes);
    RunConfig resolved =
        Feasible.check(
            config, classes, training, trainedRows(), all.samples(), all.width(), held, notes);
    MemoryEstimate.of(resolved, all.samples(), all.width(), classes.size(), held.length)
        .check(resolved, true);
    return resolved;
  }
}
