package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.EvaluateConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Rows;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Trains a head on features, in a run folder or in memory.
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
   * Trains in memory: nothing is written, and a run that is interrupted leaves nothing. The head is
   * the same as that of a run folder with the same settings and data.
   *
   * @param features [N, D]
   * @param labels [N]
   * @param options for data that the program hands over: they name no files and no dataset
   * @return the best head and its history, to be closed
   * @throws InputException when a value does not fit the data: another number of labels, a class
   *     that no sample has, a row that is not finite, data that the options name too
   * @throws DivergedException when a loss, gradient or parameter becomes NaN or infinite
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public static TrainedHead train(Rows features, ClassLabels labels, TrainingOptions options) {
    return train(features, labels, options, TrainingListener.NONE);
  }

  /** As {@link #train(Rows, ClassLabels, TrainingOptions)}, with somebody watching. */
  public static TrainedHead train(
      Rows features, ClassLabels labels, TrainingOptions options, TrainingListener listener) {
    if (features.count() != labels.count()) {
      throw new InputException(
          "labels: "
              + labels.count()
              + " for "
              + features.count()
              + " rows of features; give one each");
    }
    RunConfig asked = options.config(); // which holds nothing fitted
    Arena kept = Arena.host(); // the head's; closed by its user
    try (Backend backend = open(asked);
        Arena arena = new Arena(backend.memory())) {
      FeatureSet given = FeatureSet.of(arena, features, labels, "the program's data");
      MetricFn metric = new RetrievalMetrics(backend, asked.evaluate());
      TrainingSet data = load(asked, given, backend, arena, listener);
      RunConfig config = data.feasible(asked, listener::note);
      MemoryKeeper keeper = new MemoryKeeper(kept);
      History history = new History(listener);
      RunState end =
          new TrainingRun(config, keeper, backend, data, metric, history, arena).run(false);
      return new TrainedHead(
          keeper,
          new RunLoss(asked).againstProxies(),
          data.training(),
          data.classes().ids(),
          labels.names(),
          history.epochs(),
          end,
          kept);
    } catch (RuntimeException | Error e) {
      kept.close();
      throw e;
    }
  }

  /** Keeps the epochs and tells the caller's listener. */
  private record History(TrainingListener listener, List<TrainingListener.Epoch> epochs)
      implements TrainingListener {
    History(TrainingListener listener) {
      this(listener, new ArrayList<>());
    }

    @Override
    public void note(String sentence) {
      listener.note(sentence);
    }

    @Override
    public void stepped(Step step) {
      listener.stepped(step);
    }

    @Override
    public void epochEnded(Epoch epoch) {
      epochs.add(epoch);
      listener.epochEnded(epoch);
    }
  }

  private static Backend open(RunConfig config) {
    return Backend.open(config.compute().device(), Parts.options(config.compute()));
  }

  private static TrainingSet load(
      RunConfig config,
      FeatureSet features,
      Backend backend,
      Arena arena,
      TrainingListener listener) {
    TrainingSet data = TrainingSet.load(config, features, backend, arena, listener::note);
    Remarks.of(data).forEach(listener::note);
    return data;
  }

  /**
   * A run on features that the program has. The configuration must say so: {@code data.dataset} is
   * {@code given}.
   *
   * @param features [N, D], open until this returns
   * @throws InputException as above, and when the configuration names other data
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
    RunRecord record = RunRecord.read(RunFolder.config(folder));
    if (record == null) {
      throw new InputException(folder + ": holds no run to resume; give a configuration to start");
    }
    return train(record.config(), folder, RunMode.RESUME, listener);
  }

  /**
   * Says whether a folder could take a run, and whether a run of it can go on so; makes nothing.
   *
   * @param config resolved, as a {@link TrainingPlan} has it
   * @throws InputException as training would throw it
   */
  public static void checkFolder(Path folder, RunMode mode, RunConfig config) {
    RunFolder.checkUsable(folder, mode);
    RunRecord record = before(folder, mode);
    if (record != null) {
      record.checkSame(config, folder);
    }
  }

  /**
   * Says, before any data is read, whether a run of the folder can go on with the data named.
   *
   * @throws InputException as training would throw it
   */
  public static void checkData(Path folder, RunMode mode, RunConfig config) {
    RunRecord record = before(folder, mode);
    if (record != null) {
      record.checkSameData(config, folder);
    }
  }

  /** What a resumed run was; null if there is none, or it is another. */
  private static RunRecord before(Path folder, RunMode mode) {
    return mode == RunMode.RESUME ? RunRecord.read(RunFolder.config(folder)) : null;
  }

  /** The same with the metrics in the caller's hands. */
  static TrainResult train(
      RunConfig config,
      FeatureSet features,
      Path path,
      RunMode mode,
      BiFunction<Backend, EvaluateConfig, MetricFn> metrics,
      TrainingListener listener) {
    // What a run fitted to its data is fitted again: these may be others.
    RunConfig asked = config.asked();
    // Everything that can be refused is refused before the folder is touched.
    new RunLoss(asked);
    RunFolder.checkUsable(path, mode);
    RunRecord before = before(path, mode);
    if (before != null) {
      before.checkSameData(asked, path);
    }
    try (Backend backend = open(asked);
        Arena arena = new Arena(backend.memory())) {
      MetricFn metric = metrics.apply(backend, asked.evaluate());
      TrainingSet data = load(asked, features, backend, arena, listener);
      if (before != null) {
        before.checkData(data, path); // before anything is fitted to other data, and blamed
      }
      RunConfig resolved = data.feasible(asked, listener::note);
      try (RunFolder folder = RunFolder.open(path, mode)) {
        // Read again: only now nobody else changes it.
        RunRecord record = before(path, mode);
        if (record != null) {
          record.checkSame(resolved, path);
        }
        RunKeeper keeper = new FolderKeeper(folder);
        TrainingRun run = new TrainingRun(resolved, keeper, backend, data, metric, listener, arena);
        begin(folder, resolved, record, data, backend, listener);
        TrainResult result = result(folder, run.run(record != null));
        String scale =
            result.report() == null || !result.report().worse()
                ? null
                : Scales.told(data.all().features(), asked.data());
        if (scale != null) {
          listener.note("a likely reason why the head does not help: " + scale);
        }
        return result;
      }
    }
  }

  private static TrainResult result(RunFolder folder, RunState end) {
    return new TrainResult(
        folder.path(),
        folder.head(),
        end.epoch,
        end.steps,
        end.bestEpoch,
        Collections.unmodifiableMap(new LinkedHashMap<>(end.bestValues)),
        end.stopped,
        end.report);
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
