package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.EvaluateConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;

/**
 * Trains a head on features, in a run folder.
 *
 * <p>Killed at any moment and resumed, a run ends with the same bytes in {@code head.safetensors}
 * and the same metrics as one that was not, on the same device, instruction set and thread count.
 * The delivered head is the best on validation; test data is never looked at. An interrupted thread
 * writes a checkpoint between two steps and throws {@link io.vicinal.CancelledException}.
 *
 * <p>Settings are the caller's; {@link #train} may be called any number of times, from any thread,
 * with different folders: a folder is locked while a run uses it.
 */
public final class Trainer {

  private Trainer() {}

  /**
   * A new run on the data that the configuration names.
   *
   * @param folder created if need be; must not hold a run
   * @throws InputException when a value, a file or the folder is wrong
   * @throws DivergedException when a loss, gradient or parameter becomes NaN or infinite
   */
  public static TrainResult train(RunConfig config, Path folder, TrainingListener listener) {
    return train(config, null, folder, RunMode.NEW, listener);
  }

  /** As {@link #train(RunConfig, Path, TrainingListener)}, saying what to do about an older run. */
  public static TrainResult train(
      RunConfig config, Path folder, RunMode mode, TrainingListener listener) {
    return train(config, null, folder, mode, listener);
  }

  /**
   * A run on features that the program has, in place of those that the configuration names.
   *
   * @param features [N, D], open until this returns
   */
  public static TrainResult train(
      RunConfig config, FeatureSet features, Path folder, RunMode mode, TrainingListener listener) {
    return train(config, features, folder, mode, RetrievalMetrics::new, listener);
  }

  /**
   * Goes on with the run of a folder, under its own configuration.
   *
   * @throws InputException when the folder holds no run
   */
  public static TrainResult resume(Path folder, TrainingListener listener) {
    RunRecord record = RunRecord.read(folder.resolve("config.json"));
    if (record == null) {
      throw new InputException(folder + ": holds no run to resume; give a configuration to start");
    }
    return train(record.config(), folder, RunMode.RESUME, listener);
  }

  /** The same with the metrics in the caller's hands. */
  static TrainResult train(
      RunConfig config,
      FeatureSet features,
      Path path,
      RunMode mode,
      BiFunction<Backend, EvaluateConfig, MetricFn> metrics,
      TrainingListener listener) {
    Parts.loss(config); // a wrong loss is told before anything is written
    try (RunFolder folder = RunFolder.open(path, mode)) {
      RunRecord record = mode == RunMode.RESUME ? RunRecord.read(folder.config()) : null;
      if (record != null) {
        record.checkSame(config, path);
      }
      String device = config.compute().device();
      try (Backend backend = Backend.open(device, Parts.options(config.compute()));
          Arena arena = new Arena(backend.memory())) {
        MetricFn metric = metrics.apply(backend, config.evaluate());
        TrainingSet data = TrainingSet.load(config, features, backend, arena);
        String lone = data.loneClasses();
        if (lone != null) {
          listener.note(lone);
        }
        TrainingRun run = new TrainingRun(config, folder, backend, data, metric, listener, arena);
        begin(folder, config, record, data, backend, listener);
        return run.run(record != null);
      }
    }
  }

  /** Checks a resumed run's data, then records the configuration. */
  private static void begin(
      RunFolder folder,
      RunConfig config,
      RunRecord record,
      TrainingSet data,
      Backend backend,
      TrainingListener listener) {
    if (record != null) {
      record.checkData(data, folder.path());
      if (record.run().has("threads")
          && record.run().get("threads").getAsInt() != backend.threads()) {
        listener.note("another number of threads than before: results differ in the last bits");
      }
    }
    RunRecord.write(folder.config(), config, RunRecord.facts(data, backend));
    try {
      Files.deleteIfExists(folder.diverged());
      Files.deleteIfExists(folder.result());
    } catch (IOException e) {
      throw new InputException(
          folder.path() + ": cannot be written (" + e.getMessage() + "); check permissions", e);
    }
  }
}
