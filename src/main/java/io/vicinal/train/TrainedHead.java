package io.vicinal.train;

import io.vicinal.loss.Loss;
import io.vicinal.nn.Embedder;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A head that was trained in memory, and how its training went. It owns the head's memory: close it
 * when the head is no longer needed.
 *
 * <p>Immutable, so safe for any thread until it is closed.
 */
public final class TrainedHead implements AutoCloseable {
  private final Parameters kept;
  private final Head head;
  private final Map<String, String> metadata;
  private final Loss loss;
  private final long[] samples;
  private final long[] classes;
  private final List<String> classNames;
  private final List<TrainingListener.Epoch> history;
  private final RunState end;
  private final Arena arena;

  TrainedHead(
      MemoryKeeper kept,
      Loss loss,
      long[] samples,
      long[] classes,
      List<String> classNames,
      List<TrainingListener.Epoch> history,
      RunState end,
      Arena arena) {
    this.kept = kept.head();
    this.head = Head.of(loss == null ? this.kept.subset(Head.GROUPS) : this.kept);
    this.metadata = kept.metadata();
    this.loss = loss;
    this.samples = samples;
    this.classes = classes;
    this.classNames = classNames;
    this.history = List.copyOf(history);
    this.end = end;
    this.arena = arena;
  }

  /**
   * The best head on validation, without validation the last; valid until this is closed. It has
   * proxies if its loss is one against proxies.
   */
  public Head head() {
    return head;
  }

  /** The head at work on Java arrays, as a copy: close it on its own. */
  public Embedder embedder() {
    return Embedder.of(head);
  }

  /**
   * Writes the head as a run folder's {@code head.safetensors}: {@link Embedder#load} and {@code
   * vicinal embed} read it.
   *
   * @throws io.vicinal.InputException if the file cannot be written
   */
  public void save(Path file) {
    kept.save(file, metadata);
  }

  /** The loss that it was trained with; null for one that is not against proxies. */
  public Loss loss() {
    return loss;
  }

  /** The rows of the data that it was trained on, ascending, without those held out: a copy. */
  public long[] samples() {
    return samples.clone();
  }

  /** The class of proxy rows cK..cK+K-1, for c = 0..C-1, ascending: a copy. */
  public long[] classes() {
    return classes.clone();
  }

  /** The name of class 0, 1, 2, ... of the labels; empty where they were numbers. */
  public List<String> classNames() {
    return classNames;
  }

  /** Loss, validation metrics and seconds of every epoch, in order. */
  public List<TrainingListener.Epoch> history() {
    return history;
  }

  /** Optimiser steps. */
  public long steps() {
    return end.steps;
  }

  /** The epoch of the head, from 1; 0 for the first head. */
  public int bestEpoch() {
    return end.bestEpoch;
  }

  /** The head's validation metrics by id; empty without validation. */
  public Map<String, Double> validation() {
    return Collections.unmodifiableMap(new LinkedHashMap<>(end.bestValues));
  }

  /**
   * What judged the run, with the raw features' metrics beside the head's: {@link
   * ValidationReport#worse} tells a head that does harm. Null without validation.
   */
  public ValidationReport report() {
    return end.report;
  }

  /** Whether the validation metric ended the run. */
  public boolean stoppedEarly() {
    return end.stopped;
  }

  /** Sizes, epoch and validation metrics on one line. */
  @Override
  public String toString() {
    return "TrainedHead "
        + head.features()
        + " -> "
        + head.embedding()
        + ", "
        + classes.length
        + " classes, epoch "
        + end.bestEpoch
        + (end.bestValues.isEmpty() ? "" : ", validation " + end.bestValues);
  }

  /** Frees the head; idempotent. */
  @Override
  public void close() {
    arena.close();
  }
}
