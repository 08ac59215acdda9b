package io.vicinal.train;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.Schedule;
import io.vicinal.sample.Population;
import io.vicinal.sample.Sampler;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Trains a head in memory: the same loop as {@link Trainer}, without a folder, checkpoints or
 * validation, and with weights, soft labels and a look at the head after every epoch. For
 * experiments that train many heads: folds, trajectories, re-weighting, relabelling.
 *
 * <p>Of the configuration it takes loss, head, optimizer, schedule, clip, sampler, epochs, warmup,
 * average and seeds; the head that comes out is the last epoch's, or the average of those on the
 * way. Deterministic for a number of threads.
 *
 * <p>Immutable, safe for any thread; each call of {@link #train} trains its own head.
 */
public final class HeadTraining {
  /** Sees the head on its way, itself and no average; it is changed again afterwards. */
  @FunctionalInterface
  public interface Listener {
    /**
     * An epoch is over.
     *
     * @param epoch from 1
     */
    void ended(int epoch, Head head);

    /** A step is about to change the head. */
    default void stepping(Step step) {
      // most look at epochs
    }
  }

  /**
   * A step of the optimiser.
   *
   * @param epoch from 1
   * @param batch of the epoch, from 0
   * @param head as it is before the step
   * @param learningRates by parameter group, with the schedule's factor; 0 for a frozen group
   * @param share of the step that is in the head that comes out: 1, or less of an average
   */
  public record Step(
      int epoch, int batch, Head head, Map<String, Double> learningRates, double share) {}

  /**
   * How long it goes on, and what its schedule hears.
   *
   * @param epochs of the configuration's
   * @param metrics of the validation, by epoch from 1; none where it was not evaluated
   */
  private record Course(int epochs, Map<Integer, Double> metrics) implements Loop.Listener {
    @Override
    public void judge(Loop.Epoch epoch) {
      epoch.metric = metrics.getOrDefault(epoch.number, Double.NaN);
    }
  }

  private final Backend backend;
  private final RunConfig config;
  private final Loss loss;
  private final Head start;
  private final Set<String> frozen;
  private final Course course;
  private final Listener listener;

  private HeadTraining(
      Backend backend,
      RunConfig config,
      Loss loss,
      Head start,
      Set<String> frozen,
      Course course,
      Listener listener) {
    this.backend = backend;
    this.config = config;
    this.loss = loss;
    this.start = start;
    this.frozen = frozen;
    this.course = course;
    this.listener = listener;
  }

  /**
   * @param backend borrowed
   * @throws InputException if the loss is unknown
   */
  public static HeadTraining of(Backend backend, RunConfig config) {
    return new HeadTraining(
        backend,
        config.asked(),
        Parts.loss(config),
        null,
        Set.of(),
        new Course(config.epochs(), Map.of()),
        (epoch, head) -> {});
  }

  /** The same with another loss than the configuration names. */
  public HeadTraining withLoss(Loss other) {
    return new HeadTraining(backend, config, other, start, frozen, course, listener);
  }

  /** The same from a copy of this head in place of a new one. */
  public HeadTraining from(Head head) {
    return new HeadTraining(backend, config, loss, head, frozen, course, listener);
  }

  /** The same with some of weight, bias and proxies as constants. */
  public HeadTraining freezing(String... groups) {
    return new HeadTraining(backend, config, loss, start, Set.of(groups), course, listener);
  }

  /**
   * The same as a run went.
   *
   * @param epochs that are trained, of the configuration's
   * @param metrics what its schedule is told, by epoch from 1
   */
  HeadTraining asRun(int epochs, Map<Integer, Double> metrics) {
    Course run = new Course(epochs, Map.copyOf(metrics));
    return new HeadTraining(backend, config, loss, start, frozen, run, listener);
  }

  /** The same with a listener in place of any before. */
  public HeadTraining watchedBy(Listener other) {
    return new HeadTraining(backend, config, loss, start, frozen, course, other);
  }

  /** Trains on all samples. */
  public Head train(Tensor features, Supervision supervision, Arena arena) {
    return train(
        features, supervision, LongStream.range(0, supervision.samples()).toArray(), arena);
  }

  /**
   * Trains on some samples.
   *
   * @param features X [N, D], F32 or F64; the head gets its type
   * @param ids distinct rows of X
   * @param arena owner of the head
   * @throws InputException if shapes do not fit, or the sampler cannot fill a batch
   * @throws DivergedException when a loss, gradient or parameter becomes NaN or infinite
   * @throws CancelledException if the thread is interrupted
   */
  public Head train(Tensor features, Supervision supervision, long[] ids, Arena arena) {
    if (features.dim(0) != supervision.samples()) {
      throw new InputException(
          "labels: " + supervision.samples() + " for " + features.dim(0) + " rows of features");
    }
    Head head = newHead(features, supervision.classes(), arena);
    long[] labels = LongStream.of(ids).map(id -> supervision.labels()[(int) id]).toArray();
    // The part is often a fold, whose size nobody chose: a batch is at most all of it.
    RunConfig own =
        config.withSampler(
            config.sampler().cutTo(ids.length, Arrays.stream(labels).distinct().count()));
    Population drawn = Parts.population(own, ids, labels, supervision.samples());
    Sampler sampler =
        Parts.sampler(
            own,
            drawn.seenBy(new HeadEmbeddings(backend, features, head, own.evaluate().normalize())));
    try (Arena scratch = new Arena(backend.memory());
        Criterion criterion = Parts.criterion(backend, loss, supervision.classes(), head)) {
      FeatureTraining model =
          new FeatureTraining(
              backend, features, supervision, head, criterion, sampler.batchSize(), scratch);
      Optimizer optimizer = Parts.optimizer(config, model, scratch);
      int batches = sampler.batchesPerEpoch();
      Schedule rates = Parts.schedule(config.schedule(), config.epochs(), batches);
      Averaging averaging = Averaging.of(config, backend, model.parameters(), scratch);
      long steps = (long) course.epochs() * batches;
      double[] shares = averaging == null ? null : averaging.shares(steps);
      new Loop(
              backend,
              model,
              sampler,
              optimizer,
              rates,
              Parts.frozen(config, model.parameters(), frozen),
              this::diverged,
              Stream.of(averaging, course, new Watched(listener, model, optimizer, rates, shares))
                  .filter(Objects::nonNull)
                  .toList())
          .run(new RunState(), course.epochs());
      if (averaging != null) {
        head.parameters().copyFrom(averaging.parameters());
      }
    }
    return head;
  }

  private DivergedException diverged(long step, int epoch, String tensor, long[] ids) {
    double lr = config.optimizer().lr();
    return new DivergedException(step, epoch, tensor, ids, lr, "train again with ");
  }

  private Head newHead(Tensor features, int classes, Arena arena) {
    if (start == null) {
      return Parts.head(
          config, loss.name(), loss.centers(), features.dtype(), features.dim(1), classes, arena);
    }
    if (start.features() != features.dim(1)
        || start.proxies().dim(0) != (long) classes * loss.centers()) {
      throw new InputException(
          "head: weight "
              + start.weight().shape()
              + " and proxies "
              + start.proxies().shape()
              + " do not fit "
              + features.dim(1)
              + " features and "
              + classes
              + " classes");
    }
    return start.copy(arena);
  }

  /**
   * Tells a listener of the head that is trained.
   *
   * @param shares of all steps in an average, null without
   */
  private record Watched(
      Listener listener,
      FeatureTraining model,
      Optimizer optimizer,
      Schedule schedule,
      double[] shares)
      implements Loop.Listener {
    @Override
    public void stepping(Loop.Step step) {
      Map<String, Double> rates = optimizer.learningRates(schedule.factor(), step.frozen());
      double share = shares == null ? 1 : shares[(int) step.number() - 1];
      listener.stepping(new Step(step.epoch(), step.batch(), head(), rates, share));
    }

    @Override
    public void ended(Loop.Epoch epoch) {
      listener.ended(epoch.number, head());
    }

    private Head head() {
      return Head.of(model.parameters());
    }
  }
}
