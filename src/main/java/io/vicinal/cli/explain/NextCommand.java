package io.vicinal.cli.explain;

import io.vicinal.cli.common.Text;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Another command for the same question, as a line that can be pasted. Stateless. */
final class NextCommand {
  private static final int LONGEST = 255 - "-verified".length();

  private NextCommand() {}

  /**
   * 'explain verify' with all options that were given and that it has, and a folder of its own.
   *
   * @param spec of the command that runs
   * @param more options and values in place of those that were given
   */
  static String verify(CommandSpec spec, Path out, List<String> more) {
    CommandSpec verify = spec.parent().subcommands().get("verify").getCommandSpec();
    List<String> words = new ArrayList<>(List.of(launcher(), "explain", "verify"));
    for (OptionSpec given : spec.commandLine().getParseResult().matchedOptions()) {
      String name = given.longestName();
      if (name.equals("--out") || more.contains(name) || verify.findOption(name) == null) {
        continue;
      }
      if (given.arity().max() == 0) {
        words.add(name);
      } else {
        for (String value : given.originalStringValues()) {
          words.addAll(List.of(name, name.equals("--method") ? answering(value) : value));
        }
      }
    }
    words.addAll(more);
    Path last = out.toAbsolutePath().normalize().getFileName();
    String folder = last == null ? "verified" : fitting(last.toString()) + "-verified";
    words.addAll(List.of("--out", folder(out, folder)));
    return words.stream().map(Text::quoted).collect(Collectors.joining(" "));
  }

  /** As much of a name as leaves room for what is appended; file systems take 255 bytes. */
  static String fitting(String name) {
    int end = name.length();
    while (name.substring(0, end).getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      end = name.offsetByCodePoints(end, -1);
    }
    return name.substring(0, end);
  }

  /** Methods without self, which has no queries to verify. */
  private static String answering(String methods) {
    return Arrays.stream(methods.split(","))
        .filter(method -> !method.strip().equals("self"))
        .collect(Collectors.joining(","));
  }

  static List<String> joined(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  private static String folder(Path out, String name) {
    Path normal = out.normalize();
    return normal.toString().isEmpty() || normal.endsWith("..")
        ? name
        : normal.resolveSibling(name).toString();
  }

  /** How the reader called this program. */
  static String launcher() {
    return System.getProperty("vicinal.launcher", "vicinal");
  }
}
