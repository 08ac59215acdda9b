package io.vicinal.mine;

import java.util.Arrays;

/** As many triplets as the batch has samples, each of all that there are as likely, none twice. */
@Miner.Facts(
    name = "random",
    rule = "B of all triplets, without replacement",
    source = "Hu et al., CVPR 2014; as in Roth et al., ICML 2020")
public record RandomMiner() implements Miner {
  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    long[] ends = new long[in.size()]; // of each anchor's triplets, all of them in a row
    long all = 0;
    for (int a = 0; a < ends.length; a++) {
      long of = (long) in.positives(a).length * in.negatives(a).length;
      if (of == 0) {
        out.skip();
      }
      all += of;
      ends[a] = all;
    }
    for (long number : draws.distinct(all, (int) Math.min(all, in.size()))) {
      int a = Arrays.binarySearch(ends, number + 1);
      a = a < 0 ? -a - 1 : a;
      while (a > 0 && ends[a - 1] > number) { // the first of equal ends is the one with triplets
        a--;
      }
      long rank = number - (a == 0 ? 0 : ends[a - 1]);
      int[] negatives = in.negatives(a);
      out.triplet(
          a,
          in.positives(a)[(int) (rank / negatives.length)],
          negatives[(int) (rank % negatives.length)]);
    }
  }
}
