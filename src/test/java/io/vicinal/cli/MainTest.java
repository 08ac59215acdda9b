package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
  @Test
  void everyCommandHasAHelpPageWithAnExample() {
    checkHelp(Main.commandLine(), List.of());
  }

  private static void checkHelp(CommandLine above, List<String> names) {
    for (Map.Entry<String, CommandLine> entry : above.getSubcommands().entrySet()) {
      List<Object> call = new ArrayList<>(names);
      call.add(entry.getKey());
      String command = "vicinal " + String.join(" ", call.toArray(new String[0]));
      call.add("--help");
      String help = Outcome.of(call.toArray()).succeeded().out();
      assertThat(help).contains("Usage: " + command, "--help", "--verbose");
      if (!entry.getKey().equals("test")) {
        assertThat(help).contains("Example:", "  " + command);
      }
      call.remove(call.size() - 1);
      call.add("-h");
      assertThat(Outcome.of(call.toArray()).succeeded().out()).isEqualTo(help);
      call.remove(call.size() - 1);
      call.add(0, "help");
      assertThat(Outcome.of(call.toArray()).succeeded().out()).isEqualTo(help);
      assertThat(help.lines()).allSatisfy(line -> assertThat(line.length()).isLessThan(100));
      assertThat(help).doesNotContain("%%", "%n");
      wrapsOnlyWhereALineIsFull(command, help);
      checkHelp(entry.getValue(), List.of(entry.getKey()));
    }
  }

  /** Lines of the options' descriptions, which begin far to the right. */
  private static void wrapsOnlyWhereALineIsFull(String command, String help) {
    List<String> lines = help.lines().toList();
    for (int i = 1; i < lines.size(); i++) {
      boolean nameAlone = lines.get(i - 1).matches(" +(-\\w, )?--\\S+");
      if (lines.get(i).startsWith(" ".repeat(20))
          && lines.get(i - 1).startsWith("      ")
          && !nameAlone) {
        String word = lines.get(i).strip().split(" ")[0];
        assertThat(lines.get(i - 1).length() + 1 + word.length())
            .as(command + ": " + lines.get(i - 1) + " | " + word)
            .isGreaterThan(90);
      }
    }
  }

  @Test
  void unknownCommandsAreGuessed() {
    Outcome.of("trian").failed(2, "trian", "did you mean", "train");
    Outcome.of("help", "evalute").failed(2, "evalute", "did you mean", "evaluate");
    Outcome.of("help", "explain", "piar").failed(2, "piar", "vicinal explain --help");
  }

  /** The misspelt option is often the one that is missing: it is named, by every command. */
  @Test
  void unknownOptionsAreNamedBeforeMissingOnes() {
    unknownOptions(Main.commandLine(), List.of());
    Outcome.of("embed", "--hed=x").failed(2, "'--hed'", "did you mean --head");
    Outcome.of("embed", "--features", "x.npy").failed(2, "missing required", "--head");
  }

  /** Such as a shell's variable that is not set. */
  @Test
  void anEmptyPathIsNone() {
    Outcome.of("evaluate", "--embeddings", "", "--labels", "y.npy")
        .failed(2, "--embeddings", "'' is no path; name one");
  }

  private static void unknownOptions(CommandLine above, List<String> names) {
    for (Map.Entry<String, CommandLine> entry : above.getSubcommands().entrySet()) {
      List<Object> call = new ArrayList<>(names);
      call.add(entry.getKey());
      call.add("--verbos");
      Outcome.of(call.toArray())
          .failed(2, "unknown option", "'--verbos'", "did you mean --verbose");
      unknownOptions(entry.getValue(), List.of(entry.getKey()));
    }
  }

  @Test
  void helpWrapsAtWordsOfATerminalsWidth() {
    assertThat(Main.helpWidth(null)).isEqualTo(96);
    assertThat(Main.helpWidth("200")).isEqualTo(96);
    assertThat(Main.helpWidth("70")).isEqualTo(70);
    assertThat(Main.helpWidth("10")).isEqualTo(55);
    assertThat(Main.helpWidth("0")).isEqualTo(96);
    assertThat(Main.helpWidth("wide")).isEqualTo(96);
    assertThat(HelpText.paragraphs("", "one", "two.", "", "  vicinal x", "three:", "four"))
        .containsExactly("", "one two.", "", "  vicinal x", "three:", "four");
  }

  @Test
  void helpBreaksNoWord() {
    CommandLine narrow = Main.commandLine();
    narrow.setUsageHelpWidth(60);
    breaksNoWord(narrow);
  }

  private static void breaksNoWord(CommandLine command) {
    String help = words(command.getUsageMessage());
    var spec = command.getCommandSpec();
    List<String> texts = new ArrayList<>();
    texts.addAll(List.of(spec.usageMessage().description()));
    texts.addAll(List.of(spec.usageMessage().footer()));
    spec.options().forEach(option -> texts.add(String.join(" ", option.description())));
    for (String text : texts) {
      assertThat(help).contains(words(text.replace("%%", "%")));
    }
    assertThat(help).doesNotContainPattern("[\\x{E000}-\\x{F8FF}]");
    command.getSubcommands().values().forEach(MainTest::breaksNoWord);
  }

  private static String words(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  @Test
  void helpListsTheCommandsAndExitCodes() {
    assertThat(Outcome.of("--help").succeeded().out())
        .contains("demo", "train", "evaluate", "embed", "loss", "list", "doctor", "test")
        .contains("Exit codes");
  }

  @Test
  void versionIsThePoms() {
    assertThat(Version.text()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(Outcome.of("--version").succeeded().out())
        .isEqualToIgnoringNewLines("vicinal " + Version.text());
  }

  @Test
  void stackTracesComeOnlyWhenAskedFor() {
    Outcome.of("list", "nothing").failed(2, "nothing");
    Outcome verbose = Outcome.of("list", "nothing", "--verbose");
    assertThat(verbose.err().lines().findFirst())
        .hasValueSatisfying(l -> assertThat(l).contains("nothing"));
    assertThat(verbose.err()).contains("\tat io.vicinal.cli");
    assertThat(Outcome.of("--verbose", "list", "nothing").err()).contains("\tat io.vicinal.cli");
    assertThat(Outcome.of("list", "--nothing", "--verbose").err()).contains("\tat ");
  }

  @Test
  void outOfMemoryIsOneLine() {
    assertThat(sentenceOf(new OutOfMemoryError("Java heap space")))
        .contains("not enough memory", "Java heap space", "-Xmx");
    assertThat(sentenceOf(new IOException("No space left on device")))
        .contains("No space left on device", "free space");
    assertThat(sentenceOf(new IllegalStateException("a\nb"))).contains("a b", "--verbose");
  }

  @CommandLine.Command(name = "failing")
  private record Failing(Throwable failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (Exception) failure;
    }
  }

  private static String sentenceOf(Throwable failure) {
    CommandLine commandLine = Main.commandLine();
    commandLine.addSubcommand("failing", new Failing(failure));
    StringWriter err = new StringWriter();
    commandLine.setErr(new PrintWriter(err, true));
    int code = commandLine.execute("failing");
    return new Outcome(code, "", err.toString()).failed(1).err();
  }
}
