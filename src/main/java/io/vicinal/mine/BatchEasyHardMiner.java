package io.vicinal.mine;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Standard;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Positives and negatives each by a rule of their own, the first of equals. An anchor for which a
 * rule finds nothing has no triplet.
 *
 * @param posStrategy easy: the nearest; hard: the farthest; semihard: the farthest that is nearer
 *     than the negative; all: each
 * @param negStrategy easy: the farthest; hard: the nearest; semihard: the nearest that is farther
 *     than the positive; all: each
 */
@Miner.Facts(
    name = "batch-easy-hard",
    rule =
        "p nearest (easy), farthest (hard), farthest of D(a,p) < D(a,n) (semihard), or each; n"
            + " farthest (easy), nearest (hard), nearest of D(a,n) > D(a,p) (semihard), or each",
    source = "Xuan, Stylianou, Pless, WACV 2020; pytorch-metric-learning")
public record BatchEasyHardMiner(
    @Standard(
            value = "easy",
            choices = {"easy", "semihard", "hard", "all"})
        String posStrategy,
    @Standard(
            value = "semihard",
            choices = {"easy", "semihard", "hard", "all"})
        String negStrategy)
    implements AnchorMiner {
  private static final String SEMIHARD = "semihard";

  /** Checks that one of them comes first. */
  public BatchEasyHardMiner {
    if (posStrategy.equals(SEMIHARD) && negStrategy.equals(SEMIHARD)) {
      throw new InputException(
          "batch-easy-hard: pos-strategy and neg-strategy are both semihard, each chosen by the other;"
              + " change one");
    }
  }

  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int before = out.size();
    if (posStrategy.equals(SEMIHARD)) {
      for (int n : negatives(a, in, in.negatives(a))) {
        int[] nearer = only(in.positives(a), p -> in.distance(a, p) < in.distance(a, n));
        if (nearer.length > 0) {
          out.triplet(a, in.farthest(a, nearer), n);
        }
      }
    } else {
      for (int p : positives(a, in)) {
        int[] of = in.negatives(a);
        if (negStrategy.equals(SEMIHARD)) {
          of = only(of, n -> in.distance(a, n) > in.distance(a, p));
        }
        for (int n : of.length == 0 ? of : negatives(a, in, of)) {
          out.triplet(a, p, n);
        }
      }
    }
    if (out.size() == before) {
      out.skip();
    }
  }

  private int[] positives(int a, Candidates in) {
    int[] all = in.positives(a);
    return switch (posStrategy) {
      case "easy" -> new int[] {in.nearest(a, all)};
      case "hard" -> new int[] {in.farthest(a, all)};
      default -> all;
    };
  }

  private int[] negatives(int a, Candidates in, int[] of) {
    return switch (negStrategy) {
      case "easy" -> new int[] {in.farthest(a, of)};
      case "all" -> of;
      default -> new int[] {in.nearest(a, of)};
    };
  }

  private static int[] only(int[] of, IntPredicate fits) {
    return Arrays.stream(of).filter(fits).toArray();
  }
}
