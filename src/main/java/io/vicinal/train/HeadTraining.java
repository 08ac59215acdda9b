package io.vicinal.train;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.Schedule;
import io.vicinal.sample.Sampler;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * Trains a head in memory: the same loop as {@link Trainer}, without a folder, checkpoints or
 * validation, and with weights, soft labels and a look at the head after every epoch. For
 * experiments that train many heads: folds, trajectories, re-weighting, relabelling.
 *
 * <p>Of the configuration it takes loss, head, optimizer, schedule, clip, sampler, epochs, warmup
 * and seeds; the head that comes out is the last epoch's. Deterministic for a number of threads.
 *
 * <p>Immutable, safe for any thread; each call of {@link #train} trains its own head.
 */
public final class HeadTraining {
  /** Sees the head on its way; it is changed again afterwards. */
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
   */
  public record Step(int epoch, int batch, Head head, Map<String, Double> learningRates) {}

  private final Backend backend;
  private final RunConfig config;
  private final Loss loss;
  private final Head start;
  private final Set<String> frozen;
  private final Supplier<Schedule> schedule;
  private final Listener listener;

  private HeadTraining(
      Backend backend,
      RunConfig config,
      Loss loss,
      Head start,
      Set<String> frozen,
      Supplier<Schedule> schedule,
      Listener listener) {
    this.backend = backend;
    this.config = config;
    this.loss = loss;
    this.start = start;
    this.frozen = frozen;
    this.schedule = schedule;
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
        () -> Parts.schedule(config.schedule()),
        (epoch, head) -> {});
  }

  /** The same with another loss than the configuration names. */
  public HeadTraining withLoss(Loss other) {
    return new HeadTraining(backend, config, other, start, frozen, schedule, listener);
  }

  /** The same from a copy of this head in place of a new one. */
  public HeadTraining from(Head head) {
    return new HeadTraining(backend, config, loss, head, frozen, schedule, listener);
  }

  /** The same with some of weight, bias and proxies as constants. */
  public HeadTraining freezing(String... groups) {
    return new HeadTraining(backend, config, loss, start, Set.of(groups), schedule, listener);
  }

  /** The same with another schedule than the configuration names, made for every training. */
  HeadTraining following(Supplier<Schedule> other) {
    return new HeadTraining(backend, config, loss, start, frozen, other, listener);
  }

  /** The same with a listener in place of any before. */
  public HeadTraining watchedBy(Listener other) {
    return new HeadTraining(backend, config, loss, start, frozen, schedule, other);
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
    try (Arena own = new Arena(backend.memory())) {
      new Run(features, supervision, ids, head, own).run();
    }
    return head;
  }

  private Head newHead(Tensor features, int classes, Arena arena) {
    if (start == null) {
      return Parts.head(config, loss, features.dtype(), features.dim(1), classes, arena);
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

  /** One training: its batches, its optimiser. */
  private final class Run {
    private final Tensor features;
    private final Supervision supervision;
    private final LossSpec spec = loss.spec();
    private final Head head;
    private final Head gradient;
    private final Sampler sampler;
    private final Optimizer optimizer;
    private final Schedule schedule;
    private final Xoshiro draws;
    private final Tensor batchIds; // [B], as are the next ones' rows; a batch may be smaller
    private final Tensor batchLabels;
    private final Tensor batchWeights;
    private final Tensor batchSoft;
    private final Tensor batch;
    private long steps;

    Run(Tensor features, Supervision supervision, long[] ids, Head head, Arena arena) {
      this.features = features;
      this.supervision = supervision;
      this.head = head;
      this.gradient = head.like(arena);
      long[] labels = LongStream.of(ids).map(id -> supervision.labels()[(int) id]).toArray();
      // The part is often a fold, whose size nobody chose: a batch is at most all of it.
      RunConfig own =
          config.withSampler(
              config.sampler().cutTo(ids.length, Arrays.stream(labels).distinct().count()));
      this.sampler = Parts.sampler(own, ids, labels);
      this.optimizer = Parts.optimizer(config, head, gradient, arena);
      this.schedule = HeadTraining.this.schedule.get();
      this.draws =
          supervision.drawSeed() == null ? null : Xoshiro.of(supervision.drawSeed(), "labels");
      int rows = sampler.batchSize();
      DType type = features.dtype();
      this.batchIds = arena.allocate(DType.I64, rows);
      this.batchLabels = arena.allocate(DType.I64, rows);
      this.batchWeights = supervision.weights() == null ? null : arena.allocate(type, rows);
      this.batchSoft =
          supervision.hasSoftTargets() ? arena.allocate(type, rows, supervision.classes()) : null;
      this.batch = arena.allocate(type, rows, features.dim(1));
    }

    void run() {
      for (int epoch = 1; epoch <= config.epochs(); epoch++) {
        Set<String> still = frozen;
        if (epoch <= config.warmup().epochs()) {
          still = new LinkedHashSet<>(frozen);
          still.addAll(config.warmup().groups());
        }
        for (int i = 0; i < sampler.batchesPerEpoch(); i++) {
          if (Thread.currentThread().isInterrupted()) {
            throw new CancelledException("training after step " + steps);
          }
          step(epoch, i, still);
        }
        schedule.epochEnded(Double.NaN);
        listener.ended(epoch, head);
      }
    }

    private void step(int epoch, int batchOfEpoch, Set<String> still) {
      long[] ids = sampler.nextBatch();
      Tensor rows = batch.rows(0, ids.length);
      Tensor idRows = batchIds.rows(0, ids.length);
      idRows.set(ids);
      backend.gatherRows(features, idRows, rows);
      LossValue value =
          backend.headGradient(
              spec,
              supervision.classes(),
              rows,
              targets(ids),
              head.tensors(),
              null,
              Parts.thawed(gradient, still));
      steps++;
      FiniteCheck finite =
          new FiniteCheck(
              backend,
              optimizer,
              still,
              tensor ->
                  new DivergedException(
                      steps, epoch, tensor, ids, config.optimizer().lr(), "train again with "));
      finite.loss(value.loss());
      finite.gradients();
      listener.stepping(
          new Step(epoch, batchOfEpoch, head, optimizer.learningRates(schedule.factor(), still)));
      optimizer.step(backend, schedule.factor(), still);
      finite.parameters();
    }

    private Targets targets(long[] ids) {
      long[] labels = new long[ids.length];
      for (int i = 0; i < ids.length; i++) {
        int id = (int) ids[i];
        double[] row = supervision.soft() == null ? null : supervision.soft()[id];
        labels[i] = draws != null && row != null ? drawn(row) : supervision.labels()[id];
      }
      Tensor labelRows = batchLabels.rows(0, ids.length);
      labelRows.set(labels);
      Tensor weightRows = null;
      if (batchWeights != null) {
        weightRows = batchWeights.rows(0, ids.length);
        weightRows.set(
            LongStream.of(ids).mapToDouble(i -> supervision.weights()[(int) i]).toArray());
      }
      return new Targets(labelRows, weightRows, batchSoft == null ? null : softRows(ids, labels));
    }

    private Tensor softRows(long[] ids, long[] labels) {
      int classes = supervision.classes();
      double[] values = new double[ids.length * classes];
      for (int i = 0; i < ids.length; i++) {
        double[] row = supervision.soft()[(int) ids[i]];
        if (row == null) {
          values[i * classes + (int) labels[i]] = 1;
        } else {
          System.arraycopy(row, 0, values, i * classes, classes);
        }
      }
      Tensor rows = batchSoft.rows(0, ids.length);
      rows.set(values);
      return rows;
    }

    private long drawn(double[] row) {
      double u = draws.nextDouble();
      double sum = 0;
      int last = 0;
      for (int c = 0; c < row.length; c++) {
        sum += row[c];
        last = row[c] > 0 ? c : last;
        if (u < sum) {
          return c;
        }
      }
      return last; // the row sums to a little less than 1
    }
  }
}
