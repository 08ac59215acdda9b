package io.vicinal.cli.explain;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code vicinal explain}: the commands below it say which training samples are to blame. Not
 * thread-safe.
 */
@Command(
    name = "explain",
    synopsisSubcommandLabel = "COMMAND",
    header = "Say which training samples caused a wrong neighbour, and what repairs it.",
    description = {
      "",
      "Works on a run folder (--run DIR), or on arrays (--features, --labels, --head, --loss) with a",
      "test set (--test-features, --test-labels). Results go to a folder, all together or none; a",
      "command that was interrupted goes on where it was when it is called again.",
      ""
    },
    footer = {"", "Example:", "  vicinal explain confusions --run runs/first --out confusions"},
    subcommands = {
      ConfusionsCommand.class,
      PairCommand.class,
      GroupCommand.class,
      VerifyCommand.class,
      MislabelCommand.class,
      RelabelCommand.class,
      ReweightCommand.class,
      StudyCommand.class
    })
public final class ExplainCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "name a command: " + String.join(", ", spec.subcommands().keySet()));
  }
}
