package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Names;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

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
    List<Long> wanted = config.data().classes();
    return LongStream.range(0, labels.length)
        .filter(i -> wanted.isEmpty() || wanted.contains(labels[(int) i]))
        .toArray();
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
    TrainingSet data = TrainingSet.load(record.config(), given, backend, arena, note -> {});
    record.checkData(data, folder);
    Head head = typed(Head.load(file, arena), data.features().dtype(), arena);
    return new TrainedRun(
        record.config(),
        head,
        data.training(),
        data.labels(),
        data.classes().ids(),
        training(data, folder, arena),
        data.validation(),
        data.hash(),
        data.classNames(),
        data.sampleNames(),
        data.features());
  }

  private static FeatureSet training(TrainingSet data, Path folder, Arena arena) {
    long[] ids = data.training();
    long[] rows = Arrays.stream(ids).map(id -> data.rows()[(int) id]).toArray();
    Tensor labels = arena.of(rows, rows.length);
    String name = folder + ": training samples";
    if (ids.length == data.features().dim(0)) {
      return new FeatureSet(data.features(), labels, name);
    }
    Tensor zeros = arena.allocate(DType.I64, data.features().dim(0));
    FeatureSet all = new FeatureSet(data.features(), zeros, name);
    return new FeatureSet(all.subset(arena, name, ids).features(), labels, name);
  }

  private static Head typed(Head head, DType dtype, Arena arena) {
    if (head.weight().dtype() == dtype) {
      return head;
    }
    Head copy =
        new Head(
            arena.allocate(dtype, head.weight().shape()),
            head.bias() == null ? null : arena.allocate(dtype, head.bias().shape()),
            arena.allocate(dtype, head.proxies().shape()));
    Map<String, Tensor> from = head.named();
    copy.named().forEach((name, tensor) -> tensor.copyFrom(from.get(name)));
    return copy;
  }
}
