package io.vicinal.train;

import java.util.Map;

/**
 * Watches a run: a progress bar, for example. Called from the training thread; an exception stops
 * the run.
 */
public interface TrainingListener {

  /** Does nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /**
   * One step is done.
   *
   * @param epoch from 1
   * @param epochs in this run
   * @param step within the epoch, from 1
   * @param steps in this epoch
   * @param loss of this batch
   * @param samplesPerSecond since the epoch, or its resumption, began
   * @param activeProxies proxies whose class is in this batch; 0 of a loss without
   */
  record Step(
      int epoch,
      int epochs,
      int step,
      int steps,
      double loss,
      double samplesPerSecond,
      long activeProxies) {}

  /**
   * One epoch is done.
   *
   * @param epoch from 1
   * @param epochs in this run
   * @param loss mean over the epoch's batches
   * @param validation metric values; empty when this epoch was not evaluated
   * @param best whether this epoch's head is the best so far; false where nothing is measured
   * @param seconds it took, evaluation included
   */
  record Epoch(
      int epoch,
      int epochs,
      double loss,
      Map<String, Double> validation,
      boolean best,
      double seconds) {}

  /** Something that the user should know, one sentence. */
  default void note(String sentence) {}

  /** After every step. */
  default void stepped(Step step) {}

  /** After every epoch. */
  default void epochEnded(Epoch epoch) {}
}
