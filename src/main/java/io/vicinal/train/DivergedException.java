package io.vicinal.train;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A loss, a gradient or a parameter became NaN or infinite. In a run folder the last checkpoint, if
 * there is one, is from before. Immutable.
 */
public final class DivergedException extends InputException {

  private static final long serialVersionUID = 1L;
  private static final int NAMED_IDS = 8; // the sentence stays readable; sampleIds() has all

  private final long step;
  private final String tensor;
  private final long[] sampleIds;

  /**
   * @param lr the optimizer's learning rate
   * @param kept what is not lost, and "train again with" in the keeper's own words
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
            + remedy(step, tensor, lr));
    this.step = step;
    this.tensor = tensor;
    this.sampleIds = sampleIds.clone();
  }

  /** In the first step's loss and gradient the learning rate has no part. */
  static String remedy(long step, String tensor, double lr) {
    boolean learnt = step > 1 || !(tensor.equals("loss") || tensor.startsWith("gradient"));
    return learnt
        ? "a lower optimizer.lr (now " + lr + "), clip.value or features of a smaller scale"
        : "smaller parameters of the loss or features of a smaller scale";
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
