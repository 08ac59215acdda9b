package io.vicinal.config;

import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;

/**
 * A queue of embeddings of earlier batches, with which a loss of a batch compares this one, too
 * (Wang et al., CVPR 2020); or the queue of a loss that is given keys (He et al., CVPR 2020).
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param size embeddings that are remembered; 0 for no memory
 * @param start steps after which it begins to fill
 * @param momentum what the copy of the head that makes keys keeps of itself in a step; null where
 *     there are no keys
 */
public record MemoryConfig(int size, int start, Double momentum) {
  /** No memory. */
  public static final MemoryConfig NONE = new MemoryConfig(0, 0, null);

  private static final int MOST = 1 << 20;
  private static final int KEYS = 1024;
  private static final double MOMENTUM = 0.999;

  static MemoryConfig read(ConfigObject s, LossConfig loss) {
    TupleLoss made = loss.ofTuples() ? TupleLosses.create(loss.name(), loss.params()) : null;
    boolean keys = made != null && LossConfig.takesKeys(made);
    int size = s.integer("size", keys ? KEYS : 0, Range.integersFrom(keys ? 1 : 0));
    int start = s.integer("start", 0, Range.integersFrom(0));
    Double momentum = keys ? s.number("momentum", MOMENTUM, Range.halfOpen(0, 1)) : null;
    s.end();
    if (size > MOST) {
      throw s.error("size", size + " is more than " + MOST + "; lower it");
    }
    String refusal = size == 0 || keys ? null : refusal(loss.name(), made);
    if (refusal != null) {
      throw s.error("size", refusal + "; set it to 0");
    }
    return new MemoryConfig(size, start, momentum);
  }

  /**
   * Why a loss takes no memory; null if it does.
   *
   * @param loss null for one against proxies
   */
  static String refusal(String name, TupleLoss loss) {
    if (loss == null) {
      return name + " compares samples with proxies and takes no memory";
    }
    if (TupleLosses.facts(loss).square()) {
      return name + " is written for a batch with itself and takes no memory";
    }
    return TupleProgram.comparesSamples(loss)
        ? null
        : name + " does not compare samples with each other and takes no memory";
  }
}
