package io.vicinal.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;

/**
 * Standard output that remembers why it could not be written, which a {@link PrintWriter} forgets.
 * Not thread-safe.
 */
final class StandardOutput extends OutputStream {
  private final OutputStream out;
  private IOException failure;

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  /** Writes text in the encoding of the terminal, each line at once. */
  PrintWriter writer() {
    String named = System.getProperty("stdout.encoding", System.getProperty("sun.stdout.encoding"));
    Charset charset = named == null ? Charset.defaultCharset() : Charset.forName(named);
    return new PrintWriter(new OutputStreamWriter(this, charset), true);
  }

  /**
   * Why not everything was written; null if it was, or if nobody wanted to read on ({@code |
   * head}).
   */
  String failure() {
    return failure == null || "Broken pipe".equals(failure.getMessage())
        ? null
        : failure.getMessage();
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  /** Drops what comes after a failure: the work goes on, and its results are in files. */
  @Override
  public void write(byte[] bytes, int from, int count) {
    if (failure == null) {
      try {
        out.write(bytes, from, count);
      } catch (IOException e) {
        failure = e;
      }
    }
  }
}
