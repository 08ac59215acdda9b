package io.vicinal.train;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A loss, a gradient or a parameter became NaN or infinite. In a run folder the last checkpoint is
 * from before. Immutable.
 */
public final class DivergedException extends InputException {

  private static final long serialVersionUID = 1L;
  private static final int NAMED_IDS = 8; // the sentence stays readable; sampleIds() has all

  private final long step;
  private final String tensor;
  private final long[] sampleIds;

  /**
   * @param lr the optimizer's learning rate
   * @param kept what is not lost, with a semicolon; may be empty
   */
  DivergedException(long step, int epoch, String tensor, long[] sampleIds, double lr, String kept) {
    super(
        "training diverged at step "
            + step
            + " (epoch "
            + epoch
            + "): "
            + tensor
            + " is NaN or infinite; batch of samples "
            + named(sampleIds)
            + "; "
            + kept
            + "start over with a lower optimizer.lr (now "
            + lr
            + "), with clip.value or with features of a smaller scale");
    this.step = step;
    this.tensor = tensor;
    this.sampleIds = sampleIds.clone();
  }

  /** The step of the run, from 1. */
  public long step() {
    return step;
  }

  /** What was not finite: for example {@code loss} or {@code gradient of proxies}. */
  public String tensor() {
    return tensor;
  }

  /** The batch's sample ids: a copy. */
  public long[] sampleIds() {
    return sampleIds.clone();
  }

  private static String named(long[] ids) {
    String some =
        Arrays.stream(ids)
            .limit(NAMED_IDS)
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(", "));
    return ids.length <= NAMED_IDS ? some : some + ", ... (" + ids.length + " in all)";
  }
}
