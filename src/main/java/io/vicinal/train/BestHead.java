package io.vicinal.train;

import io.vicinal.nn.Parameters;
import java.util.Map;

/** Keeps the parameters of the best epoch, without validation those of the last. */
final class BestHead implements Loop.Listener {
  private final RunState at;
  private final boolean judged;
  private final Parameters delivered;
  private final Map<String, String> metadata;
  private final RunKeeper keeper;

  /**
   * @param at takes the best epoch and its values
   * @param judged whether there is a validation part
   * @param delivered what is kept, as it is at the time
   * @param metadata what is written beside it
   */
  BestHead(
      RunState at,
      boolean judged,
      Parameters delivered,
      Map<String, String> metadata,
      RunKeeper keeper) {
    this.at = at;
    this.judged = judged;
    this.delivered = delivered;
    this.metadata = metadata;
    this.keeper = keeper;
  }

  @Override
  public void judge(Loop.Epoch epoch) {
    epoch.best = !epoch.validation.isEmpty() && (epoch.metric > at.best || at.bestEpoch == 0);
    if (epoch.best || !judged) {
      at.best = Double.isNaN(epoch.metric) ? at.best : epoch.metric;
      at.bestEpoch = epoch.number;
      at.bestValues.clear();
      at.bestValues.putAll(epoch.validation);
      keep();
    }
  }

  /** Keeps them as they are now. */
  void keep() {
    keeper.saveHead(delivered, metadata);
  }
}
