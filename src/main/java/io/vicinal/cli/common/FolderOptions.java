package io.vicinal.cli.common;

import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The folder that a command writes. For one thread. */
public final class FolderOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Mixin private OutputOptions outputs;

  /** As the user named it. */
  public Path path() {
    return out;
  }

  /** What it may replace there. */
  public OutputOptions outputs() {
    return outputs.of(command);
  }

  /** As the user named it. */
  @Override
  public String toString() {
    return out.toString();
  }
}
