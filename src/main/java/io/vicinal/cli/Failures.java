package io.vicinal.cli;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.NativeException;
import io.vicinal.process.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Every failure is one line on the error writer, {@code vicinal COMMAND: what, where, remedy}, and
 * an exit code: 2 when arguments, files or the machine need a change, 1 otherwise. The stack trace
 * follows only with {@code --verbose}.
 */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private static final int MAX_LINE = 1000;

  private final BooleanSupplier verbose;

  Failures(BooleanSupplier verbose) {
    this.verbose = verbose;
  }

  /** Runs the parsed command; errors that picocli lets through become execution exceptions. */
  static int run(ParseResult parsed) {
    try {
      return new RunLast().execute(parsed);
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      CommandLine command = parsed.commandSpec().commandLine();
      while (parsed.hasSubcommand()) {
        parsed = parsed.subcommand();
        command = parsed.commandSpec().commandLine();
      }
      throw new ExecutionException(command, "the command failed", new Exception(e));
    }
  }

  /**
   * Says that a command's standard output could not be written.
   *
   * @param code what the command itself returned
   * @return an exit code that is not 0
   */
  static int unwritten(CommandLine command, String why, int code) {
    CommandLine named = command;
    for (ParseResult at = command.getParseResult(); at != null; at = at.subcommand()) {
      named = at.commandSpec().commandLine();
    }
    line(
        named,
        "standard output cannot be written ("
            + why
            + "); what was to be read there is lost: give it a place with room, and run again");
    named.getErr().flush();
    return code == ExitCode.OK ? ExitCode.USAGE : code;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    Throwable failure = e.getClass() == Exception.class && e.getCause() != null ? e.getCause() : e;
    print(command, sentence(failure), failure);
    return failure instanceof InputException ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String said = e.getMessage();
    ParameterException unknown = e instanceof MissingParameterException ? unknown(e, args) : e;
    if (unknown != e) { // an option that is missing may be the one that is misspelt
      said = unknown.getMessage();
    }
    if (unknown instanceof UnmatchedArgumentException unmatched) {
      var guesses = unmatched.getSuggestions();
      said += guesses.isEmpty() ? "" : " (did you mean " + String.join(" or ", guesses) + "?)";
    }
    String help = command.getCommandSpec().qualifiedName() + " --help";
    boolean wanted = verbose.getAsBoolean() || Arrays.asList(args).contains("--verbose");
    line(command, said + "; see '" + help + "'");
    if (wanted) {
      e.printStackTrace(command.getErr());
    }
    return ExitCode.USAGE;
  }

  /**
   * The failure of options that the command does not have, where there are some; else the given.
   */
  private static ParameterException unknown(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    List<String> names =
        Arrays.stream(args)
            .takeWhile(word -> !word.equals("--"))
            .filter(word -> word.matches("--[a-zA-Z].*"))
            .map(word -> word.replaceFirst("=.*", ""))
            .filter(word -> !command.getCommandSpec().optionsMap().containsKey(word))
            .toList();
    return names.isEmpty() ? e : new UnmatchedArgumentException(command, names);
  }

  private void print(CommandLine command, String sentence, Throwable failure) {
    line(command, sentence);
    if (verbose.getAsBoolean()) {
      failure.printStackTrace(command.getErr());
    }
    command.getErr().flush();
  }

  private static void line(CommandLine command, String sentence) {
    command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + oneLine(sentence));
  }

  private static String sentence(Throwable e) {
    if (e instanceof InputException || e instanceof CancelledException) {
      return e.getMessage();
    }
    if (e instanceof NativeException) {
      return e.getMessage() + "; run again with --verbose and report it";
    }
    if (e instanceof OutOfMemoryError && text(e).contains("native thread")) {
      return "no more threads can start ("
          + Limits.ofThisProcess().threadBounds()
          + "); raise that limit, or end other processes of this user";
    }
    if (e instanceof OutOfMemoryError) {
      return "not enough memory ("
          + text(e)
          + "); use smaller arrays or batches, or give Java more with JAVA_TOOL_OPTIONS=-Xmx4g";
    }
    if (e instanceof UncheckedIOException unchecked) {
      return sentence(unchecked.getCause());
    }
    if (e instanceof FileSystemException file) {
      String why = file.getReason() == null ? "cannot be used" : file.getReason();
      return file.getFile() + ": " + why + "; check the path, its permissions and the free space";
    }
    if (e instanceof IOException) {
      return text(e) + "; check the path, its permissions and the free space";
    }
    return "unexpected failure (" + text(e) + "); run again with --verbose and report it";
  }

  private static String text(Throwable e) {
    return e.getMessage() == null ? "no further words" : e.getMessage();
  }

  /** One line of printable text, whatever names and contents it quotes. */
  static String oneLine(String text) {
    StringBuilder line = new StringBuilder();
    text.strip()
        .codePoints()
        .limit(MAX_LINE)
        .forEach(
            c -> {
              boolean printable =
                  !Character.isISOControl(c)
                      && Character.isDefined(c)
                      && c != 0x2028
                      && c != 0x2029;
              line.appendCodePoint(printable ? c : ' ');
            });
    return line.toString().replaceAll(" {2,}", " ");
  }
}
