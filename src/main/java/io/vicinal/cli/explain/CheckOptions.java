package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.influence.verify.MiniatureOptions;
import picocli.CommandLine.Option;

/** What a report may spend on checking itself. */
final class CheckOptions {
  @Option(
      names = "--check",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = {
        "What report.html may spend on solving again without the blamed samples, so that it can",
        "call its explanations verified, stable or unstable; a solve that is not done by then is",
        "given up. The scores at a third and three times the damping, and preparing float64, come on",
        "top. 0 or --plain: neither, they are then called predicted.",
        "Default: 60."
      })
  double seconds;

  void check() {
    if (!(seconds >= 0)) {
      throw new InputException("--check: " + seconds + " is no time; give 0 or more seconds");
    }
  }

  MiniatureOptions miniature() {
    // Time is the only limit that the reader can raise.
    return MiniatureOptions.defaults().withBudget(Long.MAX_VALUE, seconds);
  }
}
