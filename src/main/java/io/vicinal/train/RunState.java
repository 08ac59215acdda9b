package io.vicinal.train;

import com.google.gson.JsonObject;
import io.vicinal.backend.LossValue;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a run stands: everything of a checkpoint that is a single number. Doubles are written as
 * text by {@link Double#toString}, which reads back exactly, infinities included.
 */
final class RunState {

  int epoch; // finished epochs
  int batch; // finished batches of the epoch in progress
  long steps; // optimiser steps of the run
  double lossSum; // over the epoch in progress, each batch counting once
  long samples; // drawn in the epoch in progress
  long empty; // of them, with an empty denominator
  double best = Double.NEGATIVE_INFINITY; // metric of the delivered head
  int bestEpoch;
  final Map<String, Double> bestValues = new LinkedHashMap<>(); // all metrics of that head
  final Map<String, Double> rawValues = new LinkedHashMap<>(); // metrics of the features
  double reference = Double.NEGATIVE_INFINITY; // what early stopping must exceed
  int badEvaluations; // in a row
  boolean stopped; // by the validation metric
  long metricsBytes; // length of metrics.jsonl
  ValidationReport report; // of the finished run; not in a checkpoint

  /** A step of so many samples is done. */
  void stepped(int drawn, LossValue value) {
    batch++;
    steps++;
    lossSum += value.loss();
    samples += drawn;
    empty += value.empty();
  }

  /** The epoch in progress is done. */
  void endEpoch() {
    epoch++;
    batch = 0;
    lossSum = 0;
    samples = 0;
    empty = 0;
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("epoch", epoch);
    o.addProperty("batch", batch);
    o.addProperty("steps", steps);
    o.addProperty("lossSum", Double.toString(lossSum));
    o.addProperty("samples", samples);
    o.addProperty("empty", empty);
    o.addProperty("best", Double.toString(best));
    o.addProperty("bestEpoch", bestEpoch);
    o.add("bestValues", texts(bestValues));
    o.add("rawValues", texts(rawValues));
    o.addProperty("reference", Double.toString(reference));
    o.addProperty("badEvaluations", badEvaluations);
    o.addProperty("stopped", stopped);
    o.addProperty("metricsBytes", metricsBytes);
    return o;
  }

  static RunState of(JsonObject o) {
    RunState p = new RunState();
    p.epoch = o.get("epoch").getAsInt();
    p.batch = o.get("batch").getAsInt();
    p.steps = o.get("steps").getAsLong();
    p.lossSum = Double.parseDouble(o.get("lossSum").getAsString());
    p.samples = o.get("samples").getAsLong();
    p.empty = o.get("empty").getAsLong();
    p.best = Double.parseDouble(o.get("best").getAsString());
    p.bestEpoch = o.get("bestEpoch").getAsInt();
    read(o.getAsJsonObject("bestValues"), p.bestValues);
    if (o.has("rawValues")) { // checkpoints of older versions have none
      read(o.getAsJsonObject("rawValues"), p.rawValues);
    }
    p.reference = Double.parseDouble(o.get("reference").getAsString());
    p.badEvaluations = o.get("badEvaluations").getAsInt();
    p.stopped = o.get("stopped").getAsBoolean();
    p.metricsBytes = o.get("metricsBytes").getAsLong();
    long least = Math.min(Math.min(p.epoch, p.batch), Math.min(p.bestEpoch, p.badEvaluations));
    if (Math.min(Math.min(least, p.steps), Math.min(p.samples, p.metricsBytes)) < 0) {
      throw new IllegalArgumentException("a count is negative");
    }
    return p;
  }

  private static JsonObject texts(Map<String, Double> values) {
    JsonObject o = new JsonObject();
    values.forEach((metric, value) -> o.addProperty(metric, Double.toString(value)));
    return o;
  }

  private static void read(JsonObject texts, Map<String, Double> values) {
    texts
        .entrySet()
        .forEach(e -> values.put(e.getKey(), Double.valueOf(e.getValue().getAsString())));
  }
}
