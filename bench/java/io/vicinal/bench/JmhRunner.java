package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs JMH with its own options after {@code --root DIR}, and appends JSON lines like the table's.
 */
public final class JmhRunner {
  private JmhRunner() {}

  /** {@code --root DIR [JMH options]}. */
  public static void main(String[] arguments)
      throws IOException, RunnerException, CommandLineOptionException {
    Path root = Path.of(arguments[1]);
    String[] rest = Arrays.copyOfRange(arguments, 2, arguments.length);
    var options =
        new OptionsBuilder()
            .parent(new CommandLineOptions(rest))
            .addProfiler(GCProfiler.class) // bytes allocated per call
            .shouldFailOnError(true)
            .build();
    String command = String.join(" ", "bench/run --jmh", String.join(" ", rest)).strip();
    JsonObject header;
    try (Backend backend = Backend.cpu()) {
      header = Machine.header(root, backend, command);
    }
    Collection<RunResult> results = new Runner(options).run();
    StringBuilder lines = new StringBuilder(header + "\n");
    for (RunResult result : results) {
      lines.append(json(result)).append('\n');
    }
    Path file = root.resolve("bench/results/" + LocalDate.now(ZoneOffset.UTC) + "-jmh.jsonl");
    Files.createDirectories(file.getParent());
    Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static JsonObject json(RunResult result) {
    JsonObject json = new JsonObject();
    json.addProperty("type", "jmh");
    json.addProperty("benchmark", result.getParams().getBenchmark());
    JsonObject parameters = new JsonObject();
    for (String key : result.getParams().getParamsKeys()) {
      parameters.addProperty(key, result.getParams().getParam(key));
    }
    json.add("params", parameters);
    Result<?> primary = result.getPrimaryResult();
    json.addProperty("score", primary.getScore());
    if (Double.isFinite(
        primary.getScoreError())) { // NaN with a single measurement, which JSON cannot say
      json.addProperty("error", primary.getScoreError());
    }
    json.addProperty("unit", primary.getScoreUnit());
    result
        .getSecondaryResults()
        .forEach(
            (name, value) -> {
              if (name.endsWith("gc.alloc.rate.norm")) {
                json.addProperty("allocated_bytes_per_call", value.getScore());
              }
            });
    return json;
  }
}
