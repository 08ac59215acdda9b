package io.vicinal.mine;

/**
 * The triplets that a batch was made of, as a listed one may be: its rows by threes. What is
 * remembered of earlier batches is in none of them.
 */
@Miner.Facts(
    name = "packaged",
    rule = "rows (3k, 3k+1, 3k+2) as (a,p,n), where the labels say the same",
    source = "pytorch-metric-learning")
public record PackagedMiner() implements Miner {
  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    for (int a = 0; a + 2 < in.size(); a += 3) {
      boolean positive = in.classOf(a) == in.classOf(a + 1);
      if (positive && in.classOf(a) != in.classOf(a + 2)) {
        out.triplet(a, a + 1, a + 2);
      } else {
        out.skip();
      }
    }
  }
}
