package io.vicinal.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code vicinal help COMMAND}: the same as {@code vicinal COMMAND --help}. */
@Command(
    name = "help",
    header = "Explain a command, as 'vicinal COMMAND --help' does.",
    description = {""},
    footer = {"", "Example:", "  vicinal help explain pair"})
final class HelpCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "The command's words.")
  private List<String> words = new ArrayList<>();

  @Override
  public void run() {
    CommandLine command = spec.parent().commandLine();
    for (int i = 0; i < words.size(); i++) {
      CommandLine next = command.getSubcommands().get(words.get(i));
      if (next == null) {
        throw new UnmatchedArgumentException(command, words.subList(i, words.size()));
      }
      command = next;
    }
    command.usage(spec.commandLine().getOut());
  }
}
