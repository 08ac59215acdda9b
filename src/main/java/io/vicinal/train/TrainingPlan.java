package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.config.DataConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.Npy;
import io.vicinal.loss.Loss;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Shape;
import java.nio.file.Path;

/**
 * What a run would do, found out without training: {@code --dry-run}. Of {@code .npy} features only
 * the header is read.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param config as resolved
 * @param samples N, all in the data
 * @param width D
 * @param training samples trained on
 * @param validation samples held out or in validation files
 * @param classes C
 * @param batchesPerEpoch optimiser steps of an epoch
 * @param memory outside the Java heap
 */
public record TrainingPlan(
    RunConfig config,
    long samples,
    long width,
    long training,
    long validation,
    int classes,
    int batchesPerEpoch,
    MemoryEstimate memory) {

  /**
   * Reads labels and shapes, and checks all that can be checked without the features.
   *
   * @throws InputException as training would throw it
   */
  public static TrainingPlan of(RunConfig config) {
    DataConfig data = config.data();
    try (Arena arena = Arena.host()) {
      if (DataConfig.GIVEN.equals(data.dataset())) {
        throw new InputException("data.dataset: \"given\" cannot be planned without the features");
      }
      if (data.dataset() != null) {
        Path folder = data.folder() == null ? FashionMnist.FOLDER : data.folder();
        FeatureSet set = FashionMnist.train(folder, arena);
        return of(config, set.labels().toLongs(), set.samples(), set.width());
      }
      Shape shape = matrix(data.features());
      long[] labels = Labels.read(data.labels(), arena).toLongs();
      if (shape.dim(0) != labels.length) {
        throw new InputException(
            data.features()
                + ": shape "
                + shape
                + " does not fit "
                + labels.length
                + " labels; expected ["
                + labels.length
                + ", D]");
      }
      return of(config, labels, shape.dim(0), shape.dim(1));
    }
  }

  /** The shape of a file that training could read as features. */
  private static Shape matrix(Path file) {
    Npy.Header header = Npy.header(file);
    if (header.dtype() == null || !header.dtype().isFloat()) {
      throw new InputException(
          file + ": features have type " + header.descr() + "; save them with .astype('<f4')");
    }
    if (header.shape().rank() != 2 || header.shape().size() == 0) {
      throw new InputException(
          file + ": features have shape " + header.shape() + "; expected a non-empty [N, D]");
    }
    return header.shape();
  }

  private static TrainingPlan of(RunConfig config, long[] labels, long samples, long width) {
    Loss loss = Parts.loss(config);
    ValidationSplit split = TrainingSet.split(config, labels);
    ClassMap classes = ClassMap.of(labels, split.training());
    long[] rows = new long[split.training().length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = classes.row(labels[(int) split.training()[i]]);
    }
    int batches = Parts.sampler(config, split.training(), rows).batchesPerEpoch();
    Path own = config.validation().features();
    Shape ownShape = own == null ? Shape.of(split.validation().length, width) : matrix(own);
    if (ownShape.dim(1) != width) {
      throw TrainingSet.otherWidth(ownShape.dim(1), width);
    }
    long validation = ownShape.dim(0);
    boolean sgd = config.optimizer().name().equals("sgd");
    int moments = !sgd ? 2 : config.optimizer().momentum() > 0 ? 1 : 0;
    MemoryEstimate memory =
        MemoryEstimate.of(
            samples,
            width,
            config.head().embedding(),
            (long) classes.size() * loss.centers(),
            config.sampler().batchSize(),
            validation,
            TrainingSet.dtype(config).bytes(),
            moments,
            (long) config.compute().workspaceMiB() << 20);
    return new TrainingPlan(
        config, samples, width, rows.length, validation, classes.size(), batches, memory);
  }
}
