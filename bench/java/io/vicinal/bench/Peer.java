package io.vicinal.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One peer process for one row, driven line by line over its standard streams (the protocol is
 * written down in {@code bench/peers/peer.py}). While it waits for a line it takes no processor
 * time. Not thread-safe.
 */
final class Peer implements AutoCloseable {
  /** The method that is timed where a peer has but one. */
  static final String REPEAT = "repeat";

  private final Process process;
  private final Writer commands;
  private final BufferedReader answers;

  Peer(
      Path python, Path script, Path folder, int threads, String waitPolicy, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(python.toString());
    command.add(script.toString());
    command.add(folder.toString());
    command.add(Integer.toString(threads));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
    if (waitPolicy.equals("default")) {
      builder.environment().remove("OMP_WAIT_POLICY");
    } else {
      builder.environment().put("OMP_WAIT_POLICY", waitPolicy);
    }
    process = builder.start();
    commands = process.outputWriter(StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Versions of Python and of the peer's libraries. */
  JsonObject hello() throws IOException {
    return ask("hello");
  }

  /**
   * Results computed in "f32" or "f64": scalars under "values", file names in the folder under
   * "arrays".
   */
  JsonObject values(String type) throws IOException {
    return ask("values " + type);
  }

  /** Milliseconds of {@code repeats} calls, each on the peer's own clock. */
  double[] time(String method, int repeats) throws IOException {
    var spent = ask("time " + method + " " + repeats).getAsJsonArray("ms");
    double[] milliseconds = new double[spent.size()];
    for (int i = 0; i < milliseconds.length; i++) {
      milliseconds[i] = spent.get(i).getAsDouble();
    }
    return milliseconds;
  }

  /** The peer's largest resident set so far, in bytes. */
  long peakBytes() throws IOException {
    return ask("memory").get("peak_bytes").getAsLong();
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  private JsonObject ask(String command) throws IOException {
    commands.write(command + "\n");
    commands.flush();
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the peer process ended; its own message is above");
    }
    JsonObject answer = JsonParser.parseString(line).getAsJsonObject();
    if (answer.has("error")) {
      throw new IOException("the peer says: " + answer.get("error").getAsString());
    }
    return answer;
  }

  /** Returns when the process is gone, and its memory with it. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
