package io.vicinal.mine;

/**
 * Easy positive, semi-hard negative: the nearest positive, and the nearest negative that is
 * farther; an anchor without one has no triplet.
 */
@Miner.Facts(
    name = "epshn",
    rule = "p nearest; n nearest of D(a,n) > D(a,p)",
    source = "Xuan, Stylianou, Pless, WACV 2020")
public record EpshnMiner() implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    new BatchEasyHardMiner("easy", "semihard").mine(a, in, draws, out);
  }
}
