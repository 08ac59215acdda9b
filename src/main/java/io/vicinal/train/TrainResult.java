package io.vicinal.train;

import java.nio.file.Path;
import java.util.Map;

/**
 * How a run ended.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param folder the run folder
 * @param head its {@code head.safetensors}: the best head on validation, without validation the
 *     last
 * @param epochs finished epochs
 * @param steps optimiser steps
 * @param bestEpoch the epoch of the delivered head; 0 for the first head
 * @param validation the delivered head's validation metrics; empty without validation
 * @param stoppedEarly whether the validation metric ended the run
 * @param report what judged the run, with the raw features beside the head; null without validation
 */
public record TrainResult(
    Path folder,
    Path head,
    int epochs,
    long steps,
    int bestEpoch,
    Map<String, Double> validation,
    boolean stoppedEarly,
    ValidationReport report) {}
