package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Names;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A run folder opened for reading: the delivered head, its loss, and the samples that it was
 * trained on, which are a part of the dataset where some were held out or some classes left out.
 * Immutable; its tensors belong to the arena that was given.
 *
 * @param config as stored
 * @param head the delivered head
 * @param ids position in the dataset of every training sample, ascending
 * @param labels class id of every sample of the dataset [N]
 * @param classes the class id of every proxy row c (rows cK..cK+K-1), ascending
 * @param training the training samples, in the order of {@code ids}; labels are proxy rows
 * @param validation what was held out, with class ids as labels; null if nothing was
 * @param hash of the whole dataset
 * @param classNames by class id, or none
 * @param sampleNames by position in the dataset, or none
 * @param features of the whole dataset [N, D]
 */
public record TrainedRun(
    RunConfig config,
    Head head,
    long[] ids,
    long[] labels,
    long[] classes,
    FeatureSet training,
    FeatureSet validation,
    String hash,
    Names classNames,
    Names sampleNames,
    Tensor features) {

  /**
   * Positions in the dataset of all samples of the run's classes, ascending: those trained on and
   * those held out.
   */
  public long[] covered() {
    return TrainingSet.covered(config, labels);
  }

  /** Positions in the dataset of the samples that were held out of it, ascending. */
  public long[] heldOut() {
    return TrainingSet.split(config, labels).validation();
  }

  /** The loss of the run. */
  public Loss loss() {
    return Parts.loss(config);
  }

  /**
   * Reads a run folder and the data that its configuration names.
   *
   * @throws InputException if there is no head, the data has changed since, or a file is damaged
   */
  public static TrainedRun open(Path folder, Backend backend, Arena arena) {
    return open(folder, null, backend, arena);
  }

  /**
   * Reads the folder of a run on data that a program handed over.
   *
   * @param given the same data [N, D], open as long as the result
   * @throws InputException as above, and if the run's configuration names its data
   */
  public static TrainedRun open(Path folder, FeatureSet given, Backend backend, Arena arena) {
    RunRecord record = RunRecord.read(RunFolder.config(folder));
    Path file = folder.resolve("head.safetensors");
    if (record == null || !Files.exists(file)) {
      throw new InputException(
          folder + ": holds no trained run; train one, or name the arrays and the head");
    }
    try {
      Parts.loss(record.config());
    } catch (InputException e) {
      throw new InputException(folder + ": " + e.getMessage(), e);
    }
    TrainingSet data = TrainingSet.load(record.config(), given, backend, arena, note -> {});
    record.checkData(data, folder);
    FeatureSet all = data.all();
    Parameters stored = Head.load(file, arena).parameters();
    Head head = Head.of(stored.as(all.features().dtype(), arena));
    return new TrainedRun(
        record.config(),
        head,
        data.training(),
        all.labels().toLongs(),
        data.classes().ids(),
        training(data, folder, arena),
        data.validation(),
        data.hash(),
        all.classNames(),
        all.sampleNames(),
        all.features());
  }

  /**
   * The whole dataset that a run's configuration names, whatever its loss, with what names there
   * are.
   *
   * @param folder of a run
   * @throws InputException if that is no run, the data has changed since, or cannot be read
   */
  public static FeatureSet data(Path folder, Backend backend, Arena arena) {
    RunRecord record = RunRecord.read(RunFolder.config(folder));
    if (record == null) {
      throw new InputException(
          folder + ": holds no trained run, whose data would be known; name features");
    }
    TrainingSet data = TrainingSet.load(record.config(), null, backend, arena, note -> {});
    record.checkData(data, folder);
    return data.all();
  }

  private static FeatureSet training(TrainingSet data, Path folder, Arena arena) {
    long[] rows = data.trainedRows();
    String name = folder + ": training samples";
    Tensor features =
        rows.length == data.all().samples()
            ? data.all().features()
            : data.all().subset(arena, name, data.training()).features();
    return new FeatureSet(features, arena.of(rows, rows.length), name);
  }
}
