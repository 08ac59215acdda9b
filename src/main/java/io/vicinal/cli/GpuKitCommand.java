package io.vicinal.cli;

import io.vicinal.InputException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Listed so that help names it; the launcher runs it, because it builds from the source tree. */
@Command(
    name = "gpu-kit",
    header = "Make a folder that checks and measures Vicinal on a GPU machine (only as ./vicinal).",
    description = {
      "",
      "The launcher of the source tree makes the kit, so the command exists only as",
      "'./vicinal gpu-kit' there."
    },
    footer = {"", "Example:", "  vicinal gpu-kit /tmp/kit"})
final class GpuKitCommand implements Runnable {
  @Parameters(arity = "0..1", paramLabel = "FOLDER", description = "The kit's folder.")
  private String folder;

  @Override
  public void run() {
    throw new InputException("the kit is built from the source tree; run ./vicinal gpu-kit there");
  }
}
