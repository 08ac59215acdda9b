package io.vicinal.mine;

/** A miner that looks at one anchor after the other. */
public interface AnchorMiner extends Miner {
  /**
   * Finds an anchor's tuples.
   *
   * @param a the anchor, which has a positive and a negative
   */
  void mine(int a, Candidates in, Draws draws, Mined out);

  /** Anchors without another sample of their class, or without one of another, are skipped. */
  @Override
  default void mine(Candidates in, Draws draws, Mined out) {
    for (int a = 0; a < in.size(); a++) {
      if (in.positives(a).length == 0 || in.negatives(a).length == 0) {
        out.skip();
      } else {
        mine(a, in, draws, out);
      }
    }
  }
}
