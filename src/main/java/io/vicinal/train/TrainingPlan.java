package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.DataConfig;
import io.vicinal.config.RunConfig;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.TooLargeException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a run would do, found out without training: {@code --dry-run}. Of {@code .npy} features only
 * the header is read.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param config as resolved, its sampler fitted to the data
 * @param notes what may not be meant, a sentence each
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
    List<String> notes,
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
  public static TrainingPlan of(RunConfig given) {
    RunConfig config = given.asked();
    DataConfig data = config.data();
    new RunLoss(config); // which refuses what no loss is
    Backend.open(config.compute().device(), Parts.options(config.compute())).close();
    try (Arena arena = Arena.host()) {
      if (DataConfig.GIVEN.equals(data.dataset())) {
        throw new InputException("data.dataset: \"given\" cannot be planned without the features");
      }
      if (data.dataset() != null) {
        Path folder = data.folder() == null ? FashionMnist.FOLDER : data.folder();
        FeatureSet set = FashionMnist.train(folder, arena);
        return of(config, set.labels().toLongs(), set.samples(), set.width(), set.classNames());
      }
      Shape shape = matrix(config, data.features(), data.labels(), data.sampleNames());
      Names names = Names.read(data.classNames());
      Labels read = Labels.read(data.labels(), arena, names, note -> {});
      long[] labels = read.ids().toLongs();
      TrainingSet.checkCount(data.labels(), labels.length, data.features(), shape.dim(0));
      checkNames(data, labels, shape.dim(0));
      Names known = read.classes().known() ? read.classes() : names;
      return of(config, labels, shape.dim(0), shape.dim(1), known);
    }
  }

  /**
   * Refuses a run on the processor that needs more memory than this process may take now.
   *
   * @throws InputException as training would throw it
   */
  public void checkMemory() {
    memory.check(config, false);
  }

  /** Labels of what would judge the run; empty for nothing. */
  private static long[] validationLabels(
      RunConfig config, Names names, long[] labels, ValidationSplit split, long count) {
    Path own = config.validation().labels();
    if (own == null) {
      return Arrays.stream(split.validation()).map(id -> labels[(int) id]).toArray();
    }
    try (Arena arena = Arena.host()) {
      long[] read = Labels.read(own, arena, names, note -> {}).ids().toLongs();
      TrainingSet.checkCount(own, read.length, config.validation().features(), count);
      Names.read(config.validation().sampleNames(), count, "validation samples");
      return read;
    }
  }

  private static void checkNames(DataConfig data, long[] labels, long samples) {
    Names.read(data.sampleNames(), samples, "samples");
    Names classes = Names.read(data.classNames());
    long most = Arrays.stream(labels).max().orElse(0);
    if (classes.known() && most >= classes.size()) {
      throw new InputException(
          data.classNames()
              + ": "
              + classes.size()
              + " names for labels up to "
              + most
              + "; give a name for every class from 0");
    }
  }

  /** The shape of a file that training could read as features. */
  private static Shape matrix(RunConfig config, Path file, Path... beside) {
    Shape shape = ArrayFile.shape(file, beside);
    if (shape.rank() != 2 || shape.size() == 0) {
      throw new InputException(
          file
              + ": features have shape "
              + shape
              + "; expected a non-empty [N, D]"
              + ArrayFile.asRows(shape));
    }
    try {
      long bad = ArrayFile.checkTable(file, Parts.dtype(config), beside);
      if (bad >= 0) {
        String column = ArrayFile.column(file, bad % shape.dim(1), beside);
        throw FeatureSet.notFinite(file.getFileName().toString(), bad, shape.dim(1), column);
      }
    } catch (TooLargeException e) {
      throw e.or(TrainingSet.FLOAT64);
    }
    return shape;
  }

  private static TrainingPlan of(
      RunConfig asked, long[] labels, long samples, long width, Names names) {
    RunConfig given = TrainingSet.fitted(asked, labels);
    List<String> notes = new ArrayList<>();
    Feasible.checkValidation(asked, given, notes::add);
    ValidationSplit split = TrainingSet.split(given, labels);
    ClassMap classes = ClassMap.of(labels, split.training());
    long[] rows =
        Arrays.stream(split.training()).map(id -> classes.row(labels[(int) id])).toArray();
    Path own = given.validation().features();
    Shape ownShape =
        own == null
            ? Shape.of(split.validation().length, width)
            : matrix(given, own, given.validation().labels(), given.validation().sampleNames());
    if (ownShape.dim(1) != width) {
      throw TrainingSet.otherWidth(ownShape.dim(1), width);
    }
    long validation = ownShape.dim(0);
    long[] held = validationLabels(given, names, labels, split, validation);
    RunConfig config =
        Feasible.check(given, classes, split.training(), rows, samples, width, held, notes::add);
    int batches =
        Parts.sampler(config, Parts.population(config, split.training(), rows, samples))
            .batchesPerEpoch();
    MemoryEstimate memory = MemoryEstimate.of(config, samples, width, classes.size(), validation);
    return new TrainingPlan(
        config,
        List.copyOf(notes),
        samples,
        width,
        rows.length,
        validation,
        classes.size(),
        batches,
        memory);
  }
}
