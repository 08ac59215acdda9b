package io.vicinal.train;

import io.vicinal.config.EarlyStopConfig;

/** Ends a run after so many evaluations in a row that were no improvement. */
final class EarlyStop implements Loop.Listener {
  private final RunState at;
  private final EarlyStopConfig config;

  EarlyStop(RunState at, EarlyStopConfig config) {
    this.at = at;
    this.config = config;
  }

  @Override
  public void judge(Loop.Epoch epoch) {
    if (epoch.validation.isEmpty()) {
      return;
    }
    if (epoch.metric > at.reference + config.minDelta()) {
      at.reference = epoch.metric;
      at.badEvaluations = 0;
    } else {
      at.badEvaluations++;
    }
    at.stopped = config.patience() > 0 && at.badEvaluations >= config.patience();
  }
}
