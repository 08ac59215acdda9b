package io.vicinal.cli;

import io.vicinal.InputException;
import picocli.CommandLine.Command;

/** Listed so that help names it; the launcher runs it, because tests need the source tree. */
@Command(
    name = "test",
    header = "Run every check of the source tree (only as ./vicinal test).",
    description = {
      "",
      "Builds, checks the formatting, and runs the native and Java tests. The launcher of the",
      "source tree does this, so the command exists only as './vicinal test' there."
    })
final class TestCommand implements Runnable {
  @Override
  public void run() {
    throw new InputException("the tests belong to the source tree; run ./vicinal test there");
  }
}
