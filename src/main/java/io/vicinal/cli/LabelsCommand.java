package io.vicinal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vicinal labels}: files of labels. */
@Command(
    name = "labels",
    sortOptions = false,
    header = "Apply decisions about doubted labels to a file of labels.",
    footer = {
      "",
      "Example:",
      "  vicinal labels apply --labels y.npy --decisions decisions.csv --out cleaned.npy"
    },
    subcommands = LabelsApplyCommand.class)
final class LabelsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    CommandLine commandLine = spec.commandLine();
    throw new ParameterException(commandLine, "name a command: labels apply");
  }
}
