package io.vicinal.train;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.Schedule;
import io.vicinal.sample.Population;
import io.vicinal.sample.Sampler;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A {@link Loop} with what a run has around it. At the end of an epoch validation, the head if it
 * is the best, the schedule, a line of metrics, a checkpoint; in this order, so that a crash before
 * the checkpoint is undone by repeating from the one before.
 */
final class TrainingRun {

  private final RunConfig config;
  private final RunKeeper keeper;
  private final TrainingSet data;
  private final TrainingListener listener;
  private final Backend backend;

  private final RunLoss loss;
  private final Criterion criterion;
  private final Sampler sampler;
  private final FeatureTraining model;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final Averaging averaging; // null without
  private final Parameters delivered; // those that are trained, or their averages
  private final Validation validation; // null without a part that judges

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
    this.listener = listener;
    this.loss = new RunLoss(config);
    int classes = data.classes().size();
    Head head = loss.head(data.all().width(), classes, arena);
    Population drawn =
        Parts.population(config, data.training(), data.trainedRows(), data.all().samples());
    this.sampler =
        Parts.sampler(
            config,
            drawn.seenBy(
                new HeadEmbeddings(
                    backend, data.all().features(), head, config.evaluate().normalize())));
    this.criterion = loss.criterion(backend, head, classes, sampler.batchSize(), arena);
    this.model =
        new FeatureTraining(
            backend,
            data.all().features(),
            data.supervision(),
            head,
            criterion,
            sampler.batchSize(),
            arena);
    this.optimizer = Parts.optimizer(config, model, arena);
    this.schedule = Parts.schedule(config.schedule(), config.epochs(), sampler.batchesPerEpoch());
    this.averaging = Averaging.of(config, backend, model.parameters(), arena);
    this.delivered = averaging == null ? model.parameters() : averaging.parameters();
    Head map = Head.of(delivered.subset(Head.GROUPS)); // what a loss learns has any shape
    this.validation =
        data.validation() == null
            ? null
            : new Validation(config, backend, data.validation(), metric, map);
  }

  /**
   * @param resume goes on from the last checkpoint, if there is one
   * @return where it ended
   */
  RunState run(boolean resume) {
    try (criterion) {
      return trained(resume);
    }
  }

  private RunState trained(boolean resume) {
    Map<String, Tensor> averages = averaging == null ? Map.of() : averaging.buffers();
    RunState saved =
        keeper.begin(new RunKeeper.State(model, averages, optimizer, schedule, sampler), resume);
    RunState at = saved == null ? new RunState() : saved;
    if (averaging != null) {
      averaging.goOn(at.steps);
    }
    if (saved != null) {
      listener.note(resuming(at));
    }
    ValidationReport report = null;
    if (validation != null) {
      report =
          new RawFeatures(config, data, keeper, listener).measure(validation, at, saved == null);
    }
    BestHead best = new BestHead(at, validation != null, delivered, metadata(), keeper);
    loop(at, best).run(at, config.epochs());
    if (at.bestEpoch == 0) {
      best.keep(); // no epoch, or none evaluated
    }
    if (report != null) {
      at.report = report.with(at.rawValues, at.bestValues, at.bestEpoch);
    }
    finish(at);
    return at;
  }

  private Loop loop(RunState at, BestHead best) {
    int batches = sampler.batchesPerEpoch();
    return new Loop(
        backend,
        model,
        sampler,
        optimizer,
        schedule,
        Parts.frozen(config, model.parameters(), Set.of()),
        this::diverged,
        Stream.of(
                averaging,
                validation,
                best,
                new EarlyStop(at, config.earlyStop()),
                new MetricsLines(keeper),
                new Checkpoints(at, keeper, config.checkpointSteps(), batches),
                new Announcer(
                    listener,
                    config.epochs(),
                    batches,
                    data.rows(),
                    data.classes().size(),
                    loss.centers()))
            .filter(Objects::nonNull)
            .toList());
  }

  /** What is left to do after a checkpoint. */
  private String resuming(RunState at) {
    int asked = config.epochs();
    String done = at.epoch + (at.epoch == 1 ? " epoch" : " epochs");
    if (at.stopped) {
      return "nothing is left to do: the run stopped early after " + done;
    }
    if (at.epoch < asked) {
      return "resuming after epoch " + at.epoch + ", batch " + at.batch;
    }
    return at.epoch == asked && at.batch == 0
        ? "nothing is left to do: the run has done its " + done + "; more epochs extend it"
        : "epochs: "
            + asked
            + ", but the run has done "
            + done
            + (at.batch > 0 ? " and " + at.batch + " batches" : "")
            + "; none is undone, and nothing is left to do";
  }

  private DivergedException diverged(long step, int epoch, String tensor, long[] ids) {
    JsonObject o = new JsonObject();
    o.addProperty("step", step);
    o.addProperty("epoch", epoch);
    o.addProperty("tensor", tensor);
    o.add("sampleIds", new Gson().toJsonTree(ids));
    String kept = keeper.diverged(o);
    return new DivergedException(step, epoch, tensor, ids, config.optimizer().lr(), kept);
  }

  /** What is written beside a head. */
  private Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "vicinal head 1");
    metadata.put("loss", config.loss().name());
    metadata.put("params", new Gson().toJson(loss.params()));
    if (loss.centers() > 0) {
      metadata.put("centers", String.valueOf(loss.centers()));
    }
    metadata.put("classes", data.classes().json());
    if (data.trainedNames().known()) {
      metadata.put("classNames", new Gson().toJson(data.trainedNames().list()));
    }
    FeatureOrigin origin = FeatureOrigin.of(config.data().features());
    if (origin != null) {
      metadata.putAll(origin.metadata());
    }
    return metadata;
  }

  private void finish(RunState at) {
    JsonObject o = new JsonObject();
    o.addProperty("epochs", at.epoch);
    o.addProperty("steps", at.steps);
    o.addProperty("bestEpoch", at.bestEpoch);
    o.addProperty("stoppedEarly", at.stopped);
    o.add("validation", MetricsLines.numbers(at.bestValues));
    if (at.report != null) {
      o.add("rawFeatures", MetricsLines.numbers(at.rawValues));
      o.addProperty("validationSamples", at.report.samples());
      o.addProperty("validationClasses", at.report.classes());
      o.addProperty("validationQueries", at.report.queries());
      o.addProperty("comparison", at.report.comparison());
    }
    keeper.finished(o);
  }
}
