package io.vicinal.cli;

import io.vicinal.Version;
import io.vicinal.cli.evaluate.EvaluateCommand;
import io.vicinal.cli.explain.ExplainCommand;
import io.vicinal.cli.export.ExportCommand;
import io.vicinal.cli.loss.LossCommand;
import io.vicinal.process.Encoding;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The {@code vicinal} command: help, version, and the commands below it.
 *
 * <p>Stateless, hence thread-safe.
 */
@Command(
    name = "vicinal",
    versionProvider = Main.VersionLine.class,
    synopsisSubcommandLabel = "COMMAND",
    header = "Deep metric learning: train embeddings, measure retrieval, differentiate twice.",
    description = {
      "",
      "Arrays come as .npy, .npz, .safetensors, .parquet or .csv and go out as .npy, .parquet or .csv;",
      "labels may be numbers or names; trained heads are .safetensors, results JSON (docs/arrays.md).",
      "'vicinal COMMAND --help' explains a command with an example.",
      ""
    },
    footer = {
      "",
      "Start with:  vicinal demo",
      "Then:        vicinal train --help",
      "",
      "Exit codes:  0 done, 1 failed, 2 the arguments or files need a change."
    },
    subcommands = {
      DemoCommand.class,
      TrainCommand.class,
      EmbedCommand.class,
      ExportCommand.class,
      EvaluateCommand.class,
      NeighboursCommand.class,
      LossCommand.class,
      MineCommand.class,
      NetworkCommand.class,
      ExplainCommand.class,
      LabelsCommand.class,
      ConvertCommand.class,
      DatasetCommand.class,
      PackCommand.class,
      FeaturesCommand.class,
      ListCommand.class,
      DoctorCommand.class,
      TestCommand.class,
      GpuKitCommand.class,
      HelpCommand.class
    })
public final class Main implements Runnable {

  private static final int HELP_WIDTH = 96;
  private static final int NARROWEST_HELP = 55; // picocli's own

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help and exit.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Print the version and exit.")
  private boolean version;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "When something fails, print the stack trace too.")
  private boolean verbose;

  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    plainDigits();
    Encoding.check(args);
    System.exit(run(args, new FileOutputStream(FileDescriptor.out)));
  }

  /**
   * Runs the command.
   *
   * @param stdout not buffered; if it cannot be written, that is a failure
   * @return the exit code
   */
  static int run(String[] args, OutputStream stdout) {
    StandardOutput out = new StandardOutput(stdout);
    CommandLine commandLine = commandLine();
    commandLine.setOut(out.writer());
    int code = commandLine.execute(args);
    commandLine.getOut().flush();
    return out.failure() == null ? code : Failures.unwritten(commandLine, out.failure(), code);
  }

  /**
   * What is printed is read by scripts too: digits, decimal points and letters are those of no
   * language. Our own code names its locale; this is for the libraries that it calls.
   */
  private static void plainDigits() {
    Locale.setDefault(Locale.ROOT);
  }

  /** A fresh command line with its error handling; its writers are the caller's to set. */
  public static CommandLine commandLine() {
    Main main = new Main();
    CommandLine commandLine = new CommandLine(main);
    Failures failures = new Failures(() -> main.verbose);
    commandLine.setExecutionStrategy(Failures::run);
    commandLine.setExecutionExceptionHandler(failures);
    commandLine.setParameterExceptionHandler(failures);
    commandLine.registerConverter(Path.class, Main::path);
    commandLine.setExpandAtFiles(false);
    commandLine.setUsageHelpWidth(helpWidth(System.getenv("COLUMNS")));
    commandLine.setHelpFactory(HelpText.factory());
    HelpText.reflow(commandLine);
    return commandLine;
  }

  /** The terminal's width as far as it is sensible; the launcher passes it on. */
  static int helpWidth(String columns) {
    try {
      int width = columns == null ? HELP_WIDTH : Integer.parseInt(columns.strip());
      return width < 1 ? HELP_WIDTH : Math.min(HELP_WIDTH, Math.max(NARROWEST_HELP, width));
    } catch (NumberFormatException e) {
      return HELP_WIDTH;
    }
  }

  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("'' is no path; name one, or leave the option out");
    }
    try {
      Path path = Path.of(text);
      if (Encoding.isLost(path)) { // an output would get another name
        throw new TypeConversionException("'" + text + "' is no path" + Encoding.advice(text));
      }
      return path;
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "' is no path" + Encoding.advice(text));
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a command");
  }

  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"vicinal " + Version.text()};
    }
  }
}
