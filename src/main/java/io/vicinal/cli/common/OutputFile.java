package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.data.Target;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/**
 * The one file that a command writes: an {@link OutputFolder} of one name, behind any links; or a
 * device, a pipe or standard output, which are written through. Not thread-safe.
 */
public final class OutputFile implements AutoCloseable {
  private final Target target;
  private final OutputFolder folder; // null where bytes go through

  /**
   * Looks before the work begins.
   *
   * @param endings of which a file's name must have one: a reader goes by it; none: any will do
   * @throws io.vicinal.InputException if it cannot be written, or must not be replaced
   */
  public OutputFile(Path out, OutputOptions options, String... endings) {
    target = Target.of(out);
    options.refuseInput(target.real(), out);
    if (target.kind() != Target.Kind.STREAM
        && endings.length > 0
        && Arrays.stream(endings).noneMatch(out.toString()::endsWith)) {
      throw new InputException(
          out + ": is written as " + String.join(" or ", endings) + "; name a file that ends so");
    }
    folder =
        target.kind() == Target.Kind.STREAM
            ? null
            : new OutputFolder(
                target.real().getParent(), List.of(name()), options, null, path -> out);
  }

  private String name() {
    return target.real().getFileName().toString();
  }

  /** Where to write. */
  public Path path() {
    return folder == null ? target.path() : folder.file(name());
  }

  /** Whether it is a device, a pipe or an open handle. */
  public boolean isStream() {
    return target.kind() == Target.Kind.STREAM;
  }

  /** Puts it into its place. */
  public void commit() {
    if (folder != null) {
      folder.commit();
    }
  }

  /** Where sentences go: not between the bytes, if those go to standard output. */
  public PrintWriter console(CommandLine command) {
    return target.isStandardOutput() ? command.getErr() : command.getOut();
  }

  @Override
  public void close() {
    if (folder != null) {
      folder.close();
    }
  }
}
