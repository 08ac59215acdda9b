package io.vicinal.train;

import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.UpdateResult;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.Schedule;
import io.vicinal.sample.Sampler;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The loop that trains everything. One step: draw ids, the loss of the batch with its gradient, the
 * optimiser's step. One epoch: its steps; then listeners judge it, the schedule follows their
 * verdict, and listeners record it. For one thread.
 *
 * @param model what is trained
 * @param frozen the parameters that stay as they are, by epoch from 1
 * @param divergence what is thrown when a number is NaN or infinite
 * @param listeners are told in this order
 */
record Loop(
    Backend backend,
    Trainable model,
    Sampler sampler,
    Optimizer optimizer,
    Schedule schedule,
    IntFunction<Set<String>> frozen,
    Divergence divergence,
    List<Listener> listeners) {

  /** Watches a loop. An exception ends it. */
  interface Listener {
    /** The gradients of a batch are there, and are about to change the parameters. */
    default void stepping(Step step) {}

    /** A step is done. */
    default void stepped(Step step) {}

    /** The steps of an epoch are done: whoever judges them says so in the epoch. */
    default void judge(Epoch epoch) {}

    /** An epoch is over and judged; the next one can begin. */
    default void ended(Epoch epoch) {}

    /** The thread is interrupted, between two steps; the loop is about to end. */
    default void interrupted() {}
  }

  /**
   * A step.
   *
   * @param number of the run, from 1
   * @param epoch from 1
   * @param batch of the epoch, from 0
   * @param ids its samples
   * @param value of the loss
   * @param frozen the parameters that stay as they are
   * @param start of the epoch or its resumption, as {@link System#nanoTime} has it
   */
  record Step(
      long number,
      int epoch,
      int batch,
      long[] ids,
      LossValue value,
      Set<String> frozen,
      long start) {}

  /** An epoch, and what those who judge it find. */
  static final class Epoch {
    /** From 1. */
    final int number;

    /** Steps of the run until its end. */
    final long steps;

    /** The mean over its batches. */
    final double loss;

    /** Samples drawn, and those of them that had nothing to be compared with. */
    final long samples;

    final long empty;

    /** By parameter, as they were in the last step of this epoch. */
    final Map<String, Double> learningRates;

    /** What was measured, empty if nothing was. */
    Map<String, Double> validation = Map.of();

    /** Larger is better; NaN if nothing was measured. */
    double metric = Double.NaN;

    /** Whether no epoch so far was better. */
    boolean best;

    private final long start;
    private final long samplesSinceStart;

    /** Of the epoch or its resumption, what judges took included. */
    double seconds;

    private Epoch(
        RunState at, double loss, Map<String, Double> rates, long start, long samplesSinceStart) {
      this.number = at.epoch + 1;
      this.steps = at.steps;
      this.loss = loss;
      this.samples = at.samples;
      this.empty = at.empty;
      this.learningRates = rates;
      this.start = start;
      this.samplesSinceStart = samplesSinceStart;
    }

    double samplesPerSecond() {
      return samplesSinceStart / seconds;
    }
  }

  /** Says what is lost and what is not. */
  @FunctionalInterface
  interface Divergence {
    /**
     * @param step of the run, from 1
     * @param tensor that is not finite
     * @param ids of the batch
     */
    DivergedException at(long step, int epoch, String tensor, long[] ids);
  }

  /**
   * Trains until so many epochs are done, or a listener stops it.
   *
   * @param at where it stands, and then where it ended
   */
  void run(RunState at, int epochs) {
    while (at.epoch < epochs && !at.stopped) {
      epoch(at);
    }
  }

  private void epoch(RunState at) {
    int epoch = at.epoch + 1;
    Set<String> still = frozen.apply(epoch);
    long start = System.nanoTime();
    long before = at.samples;
    double factor = schedule.factor();
    while (at.batch < sampler.batchesPerEpoch()) {
      if (Thread.currentThread().isInterrupted()) {
        listeners.forEach(Listener::interrupted);
        throw new CancelledException("training after step " + at.steps);
      }
      factor = step(at, epoch, still, start);
    }
    double loss = at.lossSum / sampler.batchesPerEpoch();
    Map<String, Double> rates = optimizer.learningRates(factor, Set.of());
    Epoch over = new Epoch(at, loss, rates, start, at.samples - before);
    listeners.forEach(listener -> listener.judge(over));
    schedule.epochEnded(over.metric);
    over.seconds = Math.max(1e-9, (System.nanoTime() - over.start) / 1e9);
    at.endEpoch();
    listeners.forEach(listener -> listener.ended(over));
  }

  /** The factor of the learning rates that it had. */
  private double step(RunState at, int epoch, Set<String> still, long start) {
    long[] ids = sampler.nextBatch();
    long number = at.steps + 1;
    LossValue value = model.step(number, ids, still);
    if (!Double.isFinite(value.loss())) {
      throw divergence.at(number, epoch, "loss", ids);
    }
    Step step = new Step(number, epoch, at.batch, ids, value, still, start);
    listeners.forEach(listener -> listener.stepping(step));
    double factor = schedule.factor();
    UpdateResult result = optimizer.step(backend, factor, still);
    if (result.nonFinite() != null) {
      throw divergence.at(number, epoch, result.nonFinite(), ids);
    }
    model.stepped();
    schedule.stepEnded();
    at.stepped(ids.length, value);
    listeners.forEach(listener -> listener.stepped(step));
    return factor;
  }
}
