package io.vicinal.config;

import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.mine.Miners;

/**
 * A queue of embeddings of earlier batches, with which a loss of a batch compares this one, too
 * (Wang et al., CVPR 2020).
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param size embeddings that are remembered; 0 for no memory
 * @param start steps after which it begins to fill
 */
public record MemoryConfig(int size, int start) {
  private static final int MOST = 1 << 20;

  static MemoryConfig read(ConfigObject s, LossConfig loss, MinerConfig miner) {
    int size = s.integer("size", 0, Range.integersFrom(0));
    int start = s.integer("start", 0, Range.integersFrom(0));
    s.end();
    if (size > MOST) {
      throw s.error("size", size + " is more than " + MOST + "; lower it");
    }
    String refusal = size == 0 ? null : refusal(loss, miner);
    if (refusal != null) {
      throw s.error("size", refusal + "; set it to 0");
    }
    return new MemoryConfig(size, start);
  }

  /** Why a loss takes no memory; null if it does. */
  private static String refusal(LossConfig loss, MinerConfig miner) {
    if (miner.name() != null && Miners.facts(miner.create()).square()) {
      return "the miner "
          + miner.name()
          + " does not go from each sample of the batch to all others, which a memory needs";
    }
    if (!loss.ofTuples()) {
      return loss.name() + " compares samples with proxies and takes no memory";
    }
    TupleLoss made = TupleLosses.create(loss.name(), loss.params());
    if (TupleLosses.facts(made).square()) {
      return loss.name() + " compares every two samples both ways, which those in memory are not";
    }
    return TupleProgram.comparesSamples(made)
        ? null
        : loss.name() + " does not compare samples with each other and takes no memory";
  }
}
