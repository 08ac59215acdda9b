package io.vicinal.train;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.Schedule;
import io.vicinal.sample.Sampler;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The loop. One step: draw ids, gather their rows, gradient of the loss through the head, check,
 * clip, optimiser step, check. One epoch: its steps, validation, schedule, the head if it is the
 * best, a line of metrics, a checkpoint; in this order, so that a crash before the checkpoint is
 * undone by repeating from the one before.
 */
final class TrainingRun {

  private final RunConfig config;
  private final RunKeeper keeper;
  private final Backend backend;
  private final TrainingSet data;
  private final MetricFn metric;
  private final TrainingListener listener;

  private final Loss loss;
  private final LossSpec spec;
  private final Head head;
  private final Head gradient;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final Sampler sampler;
  private final int[] lastSeen; // per class: the step that last had it in its batch

  private final Tensor batchIds; // [B], as are the next two's rows; a batch may be smaller
  private final Tensor batchLabels;
  private final Tensor batch;

  private RunState progress = new RunState();
  private long epochStart; // nanoseconds, of the epoch or its resumption
  private long samplesSinceStart;

  /**
   * @param arena owner of everything that the run allocates
   */
  TrainingRun(
      RunConfig config,
      RunKeeper keeper,
      Backend backend,
      TrainingSet data,
      MetricFn metric,
      TrainingListener listener,
      Arena arena) {
    this.config = config;
    this.keeper = keeper;
    this.backend = backend;
    this.data = data;
    this.metric = metric;
    this.listener = listener;
    this.loss = Parts.loss(config);
    this.spec = loss.spec();
    this.sampler = Parts.sampler(config, data.training(), data.trainedRows());
    long width = data.all().width();
    this.head = Parts.head(config, loss, width, data.classes().size(), arena);
    this.gradient = head.like(arena);
    this.optimizer = Parts.optimizer(config, head, gradient, arena);
    this.schedule = Parts.schedule(config.schedule());
    this.lastSeen = new int[data.classes().size()];
    this.batchIds = arena.allocate(DType.I64, sampler.batchSize());
    this.batchLabels = arena.allocate(DType.I64, sampler.batchSize());
    this.batch = arena.allocate(head.weight().dtype(), sampler.batchSize(), width);
  }

  /**
   * @param resume goes on from the last checkpoint, if there is one
   * @return where it ended
   */
  RunState run(boolean resume) {
    RunState saved = keeper.begin(new RunKeeper.State(head, optimizer, schedule, sampler), resume);
    if (saved != null) {
      progress = saved;
      listener.note(resuming());
    }
    ValidationReport report = measureFeatures(saved == null);
    while (progress.epoch < config.epochs() && !progress.stopped) {
      epoch();
    }
    if (progress.bestEpoch == 0) {
      saveHead(); // no epoch, or none evaluated
    }
    if (report != null) {
      progress.report = report.with(progress.rawValues, progress.bestValues, progress.bestEpoch);
    }
    finish();
    return progress;
  }

  /** What is left to do after a checkpoint. */
  private String resuming() {
    int asked = config.epochs();
    String done = progress.epoch + (progress.epoch == 1 ? " epoch" : " epochs");
    if (progress.stopped) {
      return "nothing is left to do: the run stopped early after " + done;
    }
    if (progress.epoch < asked) {
      return "resuming after epoch " + progress.epoch + ", batch " + progress.batch;
    }
    return progress.epoch == asked && progress.batch == 0
        ? "nothing is left to do: the run has done its " + done + "; more epochs extend it"
        : "epochs: "
            + asked
            + ", but the run has done "
            + done
            + (progress.batch > 0 ? " and " + progress.batch + " batches" : "")
            + "; none is undone, and nothing is left to do";
  }

  /**
   * The metrics of the features as they are, before the first step: a head that does not beat them
   * does harm.
   *
   * @return null without validation
   */
  private ValidationReport measureFeatures(boolean begins) {
    FeatureSet validation = data.validation();
    if (validation == null) {
      return null;
    }
    ValidationReport report =
        ValidationReport.of(
            config.evaluate().metric(),
            config.evaluate().normalize(),
            validation.classCounts(),
            data.classes());
    if (!progress.rawValues.isEmpty()) {
      return report; // a checkpoint had them
    }
    listener.note(report.told());
    long start = System.nanoTime();
    try {
      progress.rawValues.putAll(measured(validation.features()));
    } catch (InputException e) {
      listener.note("the raw features cannot be measured beside the head: " + e.getMessage());
      return report;
    }
    if (begins) {
      JsonObject o = new JsonObject();
      o.addProperty("epoch", 0);
      o.addProperty("of", "raw features");
      o.add("validation", numbers(progress.rawValues));
      o.addProperty("seconds", secondsSince(start));
      keeper.log(o.toString());
    }
    report.with(progress.rawValues, Map.of(), 0).rawTold().lines().forEach(listener::note);
    return report;
  }

  private void epoch() {
    int epoch = progress.epoch + 1;
    int batches = sampler.batchesPerEpoch();
    Set<String> frozen =
        epoch <= config.warmup().epochs() ? Set.copyOf(config.warmup().groups()) : Set.of();
    epochStart = System.nanoTime();
    samplesSinceStart = 0;
    while (progress.batch < batches) {
      stopIfInterrupted();
      step(epoch, frozen);
      if (progress.batch < batches && dueWithinEpoch()) {
        save();
      }
    }
    endEpoch(epoch);
  }

  private boolean dueWithinEpoch() {
    return config.checkpointSteps() > 0 && progress.steps % config.checkpointSteps() == 0;
  }

  private void stopIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      save();
      throw new CancelledException("training after step " + progress.steps);
    }
  }

  private void save() {
    keeper.save(progress);
  }

  private void step(int epoch, Set<String> frozen) {
    long[] ids = sampler.nextBatch();
    long[] labels = new long[ids.length];
    long active = 0;
    int stamp = (int) progress.steps + 1;
    for (int i = 0; i < ids.length; i++) {
      int row = data.rows()[(int) ids[i]];
      labels[i] = row;
      if (lastSeen[row] != stamp) {
        lastSeen[row] = stamp;
        active++;
      }
    }
    Tensor idRows = batchIds.rows(0, ids.length);
    Tensor labelRows = batchLabels.rows(0, ids.length);
    Tensor featureRows = batch.rows(0, ids.length);
    idRows.set(ids);
    labelRows.set(labels);
    backend.gatherRows(data.all().features(), idRows, featureRows);
    LossValue value =
        backend.headGradient(
            spec,
            data.classes().size(),
            featureRows,
            Targets.of(labelRows),
            head.tensors(),
            null,
            Parts.thawed(gradient, frozen));
    FiniteCheck finite =
        new FiniteCheck(backend, optimizer, frozen, tensor -> diverged(epoch, tensor, ids));
    finite.loss(value.loss());
    finite.gradients();
    optimizer.step(backend, schedule.factor(), frozen);
    finite.parameters();
    progress.batch++;
    progress.steps++;
    progress.lossSum += value.loss();
    progress.samples += ids.length;
    progress.empty += value.empty();
    samplesSinceStart += ids.length;
    listener.stepped(
        new TrainingListener.Step(
            epoch,
            config.epochs(),
            progress.batch,
            sampler.batchesPerEpoch(),
            value.loss(),
            samplesSinceStart / secondsSince(epochStart),
            active * loss.centers()));
  }

  private DivergedException diverged(int epoch, String tensor, long[] ids) {
    JsonObject o = new JsonObject();
    o.addProperty("step", progress.steps + 1);
    o.addProperty("epoch", epoch);
    o.addProperty("tensor", tensor);
    o.add("sampleIds", new Gson().toJsonTree(ids));
    String kept = keeper.diverged(o);
    return new DivergedException(
        progress.steps + 1, epoch, tensor, ids, config.optimizer().lr(), kept);
  }

  private void endEpoch(int epoch) {
    double mean = progress.lossSum / sampler.batchesPerEpoch();
    Map<String, Double> learningRates = optimizer.learningRates(schedule.factor(), Set.of());
    Map<String, Double> values = evaluate(epoch);
    double chosen = values.getOrDefault(config.evaluate().metric(), Double.NaN);
    boolean best = !values.isEmpty() && (chosen > progress.best || progress.bestEpoch == 0);
    if (best || data.validation() == null) {
      progress.best = Double.isNaN(chosen) ? progress.best : chosen;
      progress.bestEpoch = epoch;
      progress.bestValues.clear();
      progress.bestValues.putAll(values);
      saveHead();
    }
    followMetric(chosen, !values.isEmpty());
    schedule.epochEnded(chosen);
    double seconds = secondsSince(epochStart);
    keeper.log(line(epoch, mean, learningRates, values, best, seconds));
    progress.epoch = epoch;
    progress.batch = 0;
    progress.lossSum = 0;
    progress.samples = 0;
    progress.empty = 0;
    save();
    listener.epochEnded(
        new TrainingListener.Epoch(epoch, config.epochs(), mean, values, best, seconds));
  }

  private void followMetric(double chosen, boolean evaluated) {
    if (!evaluated) {
      return;
    }
    if (chosen > progress.reference + config.earlyStop().minDelta()) {
      progress.reference = chosen;
      progress.badEvaluations = 0;
    } else {
      progress.badEvaluations++;
    }
    int patience = config.earlyStop().patience();
    progress.stopped = patience > 0 && progress.badEvaluations >= patience;
  }

  /** The validation metrics in the configured order; empty when this epoch is not evaluated. */
  private Map<String, Double> evaluate(int epoch) {
    boolean due = epoch % config.evaluate().every() == 0 || epoch == config.epochs();
    if (data.validation() == null || !due) {
      return Map.of();
    }
    try (Arena arena = new Arena(backend.memory())) {
      Tensor embeddings = head.embed(backend, data.validation().features(), arena);
      return measured(embeddings);
    }
  }

  /** In the configured order. */
  private Map<String, Double> measured(Tensor embeddings) {
    Map<String, Double> measured = metric.measure(embeddings, data.validation().labels());
    Map<String, Double> values = new LinkedHashMap<>();
    config.evaluate().metrics().forEach(id -> values.put(id, measured.get(id)));
    return values;
  }

  private String line(
      int epoch,
      double mean,
      Map<String, Double> learningRates,
      Map<String, Double> values,
      boolean best,
      double seconds) {
    JsonObject o = new JsonObject();
    o.addProperty("epoch", epoch);
    o.addProperty("steps", progress.steps);
    o.addProperty("loss", mean);
    o.addProperty("samples", progress.samples);
    o.addProperty("empty", progress.empty);
    o.add("lr", numbers(learningRates));
    o.add("validation", numbers(values));
    o.addProperty("best", best);
    o.addProperty("seconds", seconds);
    o.addProperty("samplesPerSecond", samplesSinceStart / seconds);
    return o.toString();
  }

  /** JSON has no NaN: a metric that is not defined is left out. */
  private static JsonObject numbers(Map<String, Double> values) {
    JsonObject o = new JsonObject();
    values.forEach(
        (name, value) -> {
          if (value != null && Double.isFinite(value)) {
            o.addProperty(name, value);
          }
        });
    return o;
  }

  private void saveHead() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "vicinal head 1");
    metadata.put("loss", loss.name());
    metadata.put("params", new Gson().toJson(loss.params()));
    metadata.put("centers", String.valueOf(loss.centers()));
    metadata.put("classes", data.classes().json());
    if (data.trainedNames().known()) {
      metadata.put("classNames", new Gson().toJson(data.trainedNames().list()));
    }
    keeper.saveHead(head, metadata);
  }

  private void finish() {
    JsonObject o = new JsonObject();
    o.addProperty("epochs", progress.epoch);
    o.addProperty("steps", progress.steps);
    o.addProperty("bestEpoch", progress.bestEpoch);
    o.addProperty("stoppedEarly", progress.stopped);
    o.add("validation", numbers(progress.bestValues));
    if (progress.report != null) {
      o.add("rawFeatures", numbers(progress.rawValues));
      o.addProperty("validationSamples", progress.report.samples());
      o.addProperty("validationClasses", progress.report.classes());
      o.addProperty("validationQueries", progress.report.queries());
      o.addProperty("comparison", progress.report.comparison());
    }
    keeper.finished(o);
  }

  private static double secondsSince(long start) {
    return Math.max(1e-9, (System.nanoTime() - start) / 1e9);
  }
}
