package io.vicinal.cli.export;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.HeadFile;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.TrainedRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The head that is exported, and rows for it. */
final class HeadOptions {
  @Option(
      names = "--head",
      required = true,
      paramLabel = "HEAD",
      description = "A run folder of 'train', or a head.safetensors.")
  Path head;

  @Option(
      names = "--features",
      paramLabel = "X.npy",
      description = "[N, D], or a folder of 'features'; default: the data of the run.")
  Path features;

  @Option(
      names = "--normalize",
      description = {
        "Embeddings of length 1; default: as the run measures them (evaluate.normalize), of length 1",
        "where no run is known."
      })
  private boolean normalize;

  @Option(names = "--no-normalize", description = "Embeddings as they are.")
  private boolean plain;

  @Mixin private DeviceOptions device;

  /**
   * @param rows features [N, D] of the head's type
   * @param from where they are from, for messages
   * @param config of the run, or null
   */
  record Opened(HeadFile head, Tensor rows, FeatureSet data, Path from, RunConfig config) {
    /** The array that the run was trained on, or null. */
    Path trainedOn() {
      return config == null ? null : config.data().features();
    }
  }

  Backend backend() {
    return device.open();
  }

  /**
   * @param labels of the rows and the like: columns of a table that are no features
   */
  Opened open(Backend backend, Arena arena, Path... labels) {
    if (normalize && plain) {
      throw new InputException("--normalize, --no-normalize: contradict each other; give one");
    }
    HeadFile map = HeadFile.read(head, backend, arena);
    Path folder = map.file().toAbsolutePath().getParent();
    Path stored = folder.resolve("config.json");
    RunConfig config = Files.exists(stored) ? ConfigParser.stored(stored) : null;
    if (features != null) {
      Tensor rows = new ArrayFiles(arena, backend).beside(labels).matrix(features, map.dtype());
      return new Opened(map, rows, null, features, config);
    }
    if (config == null) {
      throw new InputException(
          "--features: is missing, and there is no run beside "
              + map.file()
              + " whose data would be taken; name some features");
    }
    FeatureSet data;
    try {
      data = TrainedRun.data(folder, backend, arena);
    } catch (InputException e) {
      throw new InputException(e.getMessage() + "; or name other features with --features", e);
    }
    Tensor rows = data.features();
    if (rows.dtype() != map.dtype()) {
      rows = arena.allocate(map.dtype(), data.features().shape());
      rows.copyFrom(data.features());
    }
    return new Opened(map, rows, data, head, config);
  }

  /** Whether embeddings are divided by their lengths. */
  boolean normalizes(Opened opened) {
    return normalize || !plain && (opened.config == null || opened.config.evaluate().normalize());
  }

  /** Why. */
  String why(Opened opened) {
    return normalize || plain
        ? "as asked"
        : opened.config == null ? "no run says otherwise" : "as the run's evaluate.normalize";
  }

  /** What rows are called, and their labels as texts. */
  static final class NameOptions {
    @Option(
        names = "--labels",
        paramLabel = "y.npy",
        description = "[N], ids or names; known of the run's data and of a folder of 'features'.")
    private Path labels;

    @Option(
        names = "--class-names",
        paramLabel = "LIST",
        description = "What to call class 0, 1, ...: a .txt, or FILE.csv:COLUMN.")
    private Path classNames;

    @Option(
        names = "--sample-names",
        paramLabel = "LIST",
        description = "What to call the N rows, likewise.")
    private Path sampleNames;

    Path[] paths() {
      return new Path[] {labels, sampleNames};
    }

    private static Path given(Opened opened) {
      return opened.data == null ? opened.from : null;
    }

    /** By row, or none. */
    Names samples(Opened opened) {
      Path path = FeatureFolder.or(sampleNames, given(opened));
      Names given = Names.read(path, opened.rows.dim(0), "rows");
      return given.known() || opened.data == null ? given : opened.data.sampleNames();
    }

    /** The label of each row as it is called, or none. */
    List<String> labels(Opened opened, Backend backend, Arena arena) {
      Names given = Names.read(classNames);
      Tensor ids;
      Names classes;
      Path path = FeatureFolder.or(labels, given(opened));
      if (path != null) {
        Labels read =
            new ArrayFiles(arena, backend).labels(path, opened.from, opened.rows.dim(0), given);
        ids = read.ids();
        classes = read.classes().known() ? read.classes() : given;
      } else if (opened.data != null) {
        ids = opened.data.labels();
        classes = given.known() ? given : opened.data.classNames();
      } else {
        return List.of();
      }
      return Arrays.stream(ids.toLongs())
          .mapToObj(id -> classes.get(id) == null ? Long.toString(id) : classes.get(id))
          .toList();
    }
  }
}
