package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.explain.VerifyPlan;
import picocli.CommandLine.Option;

/** Which experiments {@code explain verify} makes. */
final class VerifyOptions {
  @Option(
      names = "--leave-out",
      paramLabel = "K",
      defaultValue = "3",
      description = "Leave out each query's K largest predicted removals, one by one; default: 3.")
  int leaveOut;

  @Option(
      names = "--controls",
      paramLabel = "K",
      defaultValue = "5",
      description = "And K random samples, so that not only extremes are compared; default: 5.")
  int controls;

  @Option(
      names = "--remove",
      paramLabel = "K",
      defaultValue = "10",
      description = "Leave out each query's K most harmful samples together; default: 10, 0: none.")
  int remove;

  @Option(
      names = "--reweight",
      paramLabel = "PERCENT",
      defaultValue = "1",
      description = "Weight the left-out samples by +-PERCENT instead; default: 1, 0: none.")
  double reweight;

  @Option(
      names = "--relabel",
      paramLabel = "K",
      defaultValue = "3",
      description = "Relabel each query's K largest entries of the relabel table; default: 3.")
  int relabel;

  @Option(
      names = "--subsets",
      paramLabel = "K",
      defaultValue = "0",
      description = "Re-solve on K random subsets (linear datamodelling score); default: none.")
  int subsets;

  @Option(
      names = "--kept",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "Share of the samples in a subset; default: 0.5.")
  double kept;

  @Option(
      names = "--brittleness",
      paramLabel = "K",
      defaultValue = "0",
      description = {
        "Of each pair find how few harmful samples, K at most, must go until the first one's",
        "nearest neighbour is right; default: not done."
      })
  int brittleness;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of controls and subsets; default: 0.")
  long seed;

  void check() {
    require("--leave-out", leaveOut >= 1, "1 or more");
    require("--controls", controls >= 0, "0 or more");
    require("--remove", remove >= 0, "0 or more");
    require("--reweight", reweight >= 0 && reweight <= 100, "0 to 100");
    require("--relabel", relabel >= 0, "0 or more");
    require("--subsets", subsets >= 0 && subsets != 1, "0, or 2 or more");
    require("--kept", kept > 0 && kept < 1, "a share between 0 and 1");
    require("--brittleness", brittleness >= 0, "0 or more");
  }

  private static void require(String option, boolean ok, String range) {
    if (!ok) {
      throw new InputException(option + ": is out of range; give " + range);
    }
  }

  /** The library's plan. */
  VerifyPlan plan() {
    return new VerifyPlan(
        leaveOut, controls, remove, reweight, relabel, subsets, kept, brittleness, seed);
  }

  void addTo(Key key) {
    // Experiments are pieces by what they do; what they are drawn from is here.
    key.add("seed", seed);
  }
}
