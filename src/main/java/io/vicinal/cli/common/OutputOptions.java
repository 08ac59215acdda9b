package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.ArrayPath;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.FeatureOrigin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command that writes files has: may it replace what is there? For one thread. */
public final class OutputOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command; // null outside a command line: nothing is known of inputs

  @Option(
      names = "--overwrite",
      description = {
        "Replace files of these names that Vicinal did not write, or that were changed since; its",
        "own are replaced anyway, and an input never is."
      })
  private boolean overwrite;

  /** The same where another mixin of this command has them. */
  OutputOptions of(CommandSpec mixee) {
    command = mixee;
    return this;
  }

  /** Whether what is there may be replaced, whoever wrote it. */
  public boolean overwrite() {
    return overwrite;
  }

  /**
   * Refuses to write where an input lies, by whatever name.
   *
   * @param shown how the user named the file
   */
  void refuseInput(Path file, Path shown) {
    for (Path named : inputs()) {
      Path input = ArrayPath.of(named).file();
      try {
        if (Files.exists(file) && Files.exists(input) && Files.isSameFile(file, input)) {
          throw Text.wrong(
              "%s: is an input of this command%s, which is never replaced; name another"
                  + " output",
              shown, file.equals(input) ? "" : " (" + input + ")");
        }
      } catch (IOException e) {
        // one that cannot be looked at will not be read either
      }
    }
  }

  /**
   * The files that the command's arguments name, and those that a configuration among them does.
   */
  private List<Path> inputs() {
    List<Path> inputs = new ArrayList<>();
    if (command == null) {
      return inputs;
    }
    for (ArgSpec argument : command.args()) {
      String name = argument instanceof OptionSpec option ? option.longestName() : "";
      if (!name.startsWith("--out")) {
        values(argument.getValue())
            .map(OutputOptions::path)
            .forEach(
                path -> {
                  inputs.add(path);
                  if (!name.equals("--run")) { // which 'features' writes
                    addSamples(path, inputs);
                  }
                });
      }
    }
    inputs.removeIf(Objects::isNull);
    for (Path path : List.copyOf(inputs)) {
      Path config = Files.isDirectory(path) ? path.resolve("config.json") : path;
      if (config.toString().endsWith(".json") && Files.isRegularFile(config)) {
        inputs.add(config);
        inputs.add(config.resolveSibling("head.safetensors"));
        addData(config, inputs);
      }
    }
    return inputs;
  }

  private static void addSamples(Path path, List<Path> inputs) {
    Path folder = path == null ? null : ArrayPath.of(path).file();
    if (FeatureFolder.of(folder) != null) {
      inputs.addAll(
          List.of(
              folder.resolve(FeatureFolder.TABLE),
              folder.resolve(FeatureOrigin.FEATURES),
              folder.resolve(FeatureOrigin.FACTS)));
    }
  }

  private static void addData(Path config, List<Path> inputs) {
    try {
      RunConfig run = ConfigParser.parse(config, List.of());
      Stream.of(
              run.data().features(),
              run.data().labels(),
              run.data().classNames(),
              run.data().sampleNames(),
              run.validation().features(),
              run.validation().labels(),
              run.validation().sampleNames())
          .filter(Objects::nonNull)
          .forEach(
              path -> {
                inputs.add(path);
                addSamples(path, inputs);
              });
    } catch (InputException e) {
      // whoever needs it says so
    }
  }

  private static Stream<?> values(Object value) {
    if (value instanceof Map<?, ?> named) {
      return named.values().stream();
    }
    return value instanceof Collection<?> all ? all.stream() : Stream.ofNullable(value);
  }

  private static Path path(Object value) {
    if (value instanceof Path path) {
      return path;
    }
    try { // some options are a word or a file
      return value instanceof String text ? Path.of(text) : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
