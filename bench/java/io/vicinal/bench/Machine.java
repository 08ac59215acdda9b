package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;

/** Where and with what a run was made: the header line of a results file. */
final class Machine {
  private Machine() {}

  /** With what the GPU kit says of itself and its card, where it is measured. */
  static JsonObject header(Settings settings, Backend backend) throws IOException {
    JsonObject header = header(settings.root(), backend, settings.command());
    header.addProperty("peer_wait_policy", settings.peerWait());
    if (!settings.onProcessor()) {
      header.remove("dirty"); // the kit is no repository; its commit says so
      header.addProperty("commit", said(settings.root(), "cat", "commit"));
      header.addProperty(
          "card",
          said(
              settings.root(),
              "nvidia-smi",
              "--query-gpu=name,driver_version,memory.total,power.limit",
              "--format=csv,noheader"));
      header.addProperty("quick", settings.quick());
      header.addProperty("workspace_mib", settings.workspace());
    }
    return header;
  }

  static JsonObject header(Path root, Backend backend, String command) throws IOException {
    JsonObject header = new JsonObject();
    header.addProperty("type", "run");
    header.addProperty(
        "date", ZonedDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS).toString());
    header.addProperty("command", command);
    header.addProperty("commit", git(root, "rev-parse", "--short=12", "HEAD"));
    // Results of this very run do not count as changes.
    header.addProperty(
        "dirty", !git(root, "status", "--porcelain", "--", ".", ":!bench/results").isEmpty());
    header.addProperty("cpu", cpuModel());
    header.addProperty("cores", Runtime.getRuntime().availableProcessors());
    header.addProperty("load", Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
    header.addProperty("scheduling", scheduling());
    header.addProperty(
        "kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    header.addProperty("jdk", Runtime.version().toString());
    header.addProperty("device", backend.name());
    header.addProperty("threads", backend.threads());
    header.addProperty("isa", backend.isa());
    header.addProperty("blas", backend.blas());
    return header;
  }

  private static String cpuModel() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
      if (line.startsWith("model name")) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return "unknown";
  }

  /**
   * The nice value of this session's group: below 0, other processes were held back while this ran.
   */
  private static String scheduling() throws IOException {
    Path file = Path.of("/proc/self/autogroup");
    return Files.exists(file) ? Files.readString(file).replaceAll("^\\S+", "").strip() : "nice 0";
  }

  private static String git(Path root, String... arguments) {
    return said(root, Stream.concat(Stream.of("git"), Stream.of(arguments)).toArray(String[]::new));
  }

  /** What a program says, or nothing where there is none. */
  private static String said(Path folder, String... command) {
    try (var output =
        new ProcessBuilder(command).directory(folder.toFile()).start().getInputStream()) {
      return new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
