package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.config.RunConfig;
import io.vicinal.config.SamplerConfig;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.retrieval.MetricId;
import io.vicinal.sample.Population;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * What a run can do with its data, found out before it starts: a plan and a run ask the same. What
 * is impossible is refused with the key and a remedy; what may not be meant is noted.
 */
final class Feasible {
  private Feasible() {}

  /**
   * @param classes of the training samples, ascending
   * @param ids of the training samples
   * @param rows the class row of each training sample
   * @param samples N of the dataset
   * @param width D
   * @param validation labels of the validation part; empty for none
   * @return the configuration with its sampler fitted to the data
   */
  static RunConfig check(
      RunConfig config,
      ClassMap classes,
      long[] ids,
      long[] rows,
      long samples,
      long width,
      long[] validation,
      Consumer<String> notes) {
    if (classes.size() < 2) {
      throw new InputException(
          (config.data().labels() == null ? "data" : "data.labels")
              + ": the training samples are all of one class, so there is nothing to tell apart;"
              + " give two classes or more");
    }
    metrics(config, validation);
    if (config.head().embedding() > width) {
      notes.accept(
          "head.embedding: "
              + config.head().embedding()
              + " numbers from "
              + width
              + " features hold no more than "
              + width
              + " would");
    }
    if (config.memory().momentum() != null && config.memory().size() >= rows.length) {
      notes.accept(
          "memory.size: a queue of "
              + config.memory().size()
              + " keys holds earlier ones of the same sample, since there are "
              + rows.length
              + " training samples, and takes them for negatives; lower it");
    }
    SamplerConfig fitted = config.sampler().fitted(rows.length, classes.size());
    String told = config.sampler().told(fitted);
    if (told != null) {
      notes.accept(told);
    }
    RunConfig resolved = config.fitted(fitted);
    Population data = Parts.population(resolved, ids, rows, samples);
    // Refuse given sizes that the data cannot fill, and a schedule that its epochs cannot hold.
    int batches = Parts.sampler(resolved, data).batchesPerEpoch();
    Parts.schedule(resolved.schedule(), resolved.epochs(), batches);
    smallClasses(fitted, data, notes);
    String smaller = fitted.sampling().remark(data);
    if (smaller != null) {
      notes.accept(smaller);
    }
    return resolved;
  }

  /**
   * Says what a validation part that was not given became.
   *
   * @throws InputException if it became nothing and something needs it
   */
  static void checkValidation(RunConfig given, RunConfig fitted, Consumer<String> notes) {
    FeatureOrigin.check(given.data().features(), given.validation().features());
    boolean plateau = given.schedule().name().equals("plateau");
    if (!fitted.validation().present() && (plateau || given.earlyStop().patience() > 0)) {
      throw new InputException(
          (plateau ? "schedule.name: plateau" : "earlyStop.patience:")
              + " needs validation data, and no class has samples to spare for the default part;"
              + " set validation.fraction, such as 0.4, or give validation files");
    }
    String told = ValidationSplit.told(given.validation(), fitted.validation());
    if (told != null) {
      notes.accept(told);
    }
  }

  private static void smallClasses(SamplerConfig sampler, Population data, Consumer<String> notes) {
    Object replacement = sampler.params().getOrDefault("replacement", "none");
    long small =
        IntStream.range(0, data.classes())
            .filter(c -> data.members(c).length < sampler.samples())
            .count();
    if (small > 0 && replacement.equals("none")) {
      notes.accept(
          "sampler.samples: "
              + small
              + " of the "
              + data.classes()
              + " classes have fewer than "
              + sampler.samples()
              + " training samples and give all they have");
    }
  }

  private static void metrics(RunConfig config, long[] validation) {
    String chooses = config.evaluate().metric();
    if (!RetrievalMetrics.parse(chooses).kind().isBetterLarger()) {
      throw new InputException(
          "evaluate.metric: more of "
              + chooses
              + " is not better, so it cannot choose the best epoch; name another of"
              + " evaluate.metrics, such as map@r");
    }
    for (String name : config.evaluate().metrics()) {
      MetricId id = RetrievalMetrics.parse(name);
      if (validation.length > 0 && id.k() > validation.length - 1) {
        throw new InputException(
            "evaluate.metrics: "
                + name
                + " looks at "
                + id.k()
                + " neighbours, but a validation sample has "
                + (validation.length - 1)
                + " others; lower k, or give more validation data");
      }
    }
    long classes = Arrays.stream(validation).distinct().count();
    if (validation.length > 0 && classes == validation.length) {
      throw new InputException(
          "validation: no class has two validation samples, so nothing could be retrieved; give"
              + " more of each class");
    }
  }
}
