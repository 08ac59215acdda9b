package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Runs the rows that {@code bench/run} asks for, prints the table and appends JSON lines. */
public final class Runner {
  private final Settings settings;
  private final Backend backend;
  private JsonObject header;
  private double copyGigabytes;
  private boolean recorded;

  private Runner(Settings settings, Backend backend) {
    this.settings = settings;
    this.backend = backend;
  }

  /**
   * See {@link Settings#parse}; the exit code is the number of rows that missed their target, at
   * most 100.
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Settings settings = Settings.parse(arguments);
    if (settings.list()) {
      Catalogue.rows().forEach(r -> System.out.println(r.name()));
      Catalogue.experiments().forEach(e -> System.out.println(e.name()));
      return;
    }
    int missed;
    BackendOptions options = BackendOptions.defaults().withThreads(settings.threads());
    try (Backend backend = Backend.open("cpu", options)) {
      missed = new Runner(settings, backend).run();
    }
    System.exit(Math.min(missed, 100));
  }

  private int run() throws IOException, InterruptedException {
    header = Machine.header(settings.root(), backend, settings.command());
    header.addProperty("peer_wait_policy", settings.peerWait());
    try (Ceiling ceiling = new Ceiling(settings.threads())) {
      copyGigabytes = ceiling.copyGigabytes();
    }
    header.addProperty("copy_gbs", copyGigabytes);
    List<Result> results = new ArrayList<>();
    int missed = 0;
    for (Row row : settings.rows()) {
      System.out.println("measuring " + row.name() + " ...");
      Result result = measure(row);
      if (results.isEmpty()) {
        System.out.println(header);
      }
      results.add(result);
      missed += result.pass() ? 0 : 1;
      System.out.println(Result.TITLE + System.lineSeparator() + result.line());
      System.out.print(result.notes());
      record(result.json());
    }
    for (Experiment experiment : settings.experiments()) {
      missed += perform(experiment) ? 0 : 1;
    }
    System.out.println();
    if (!results.isEmpty()) {
      System.out.println(Result.TITLE);
      results.forEach(r -> System.out.println(r.line()));
    }
    if (settings.quick()) {
      System.out.println("quick: small problems and few rounds; nothing was recorded");
    }
    return missed;
  }

  private boolean perform(Experiment experiment) throws IOException {
    System.out.println("running " + experiment.name() + " ...");
    Path folder = Files.createTempDirectory("vicinal-bench");
    Bystanders others = new Bystanders(ProcessHandle.current());
    try {
      Experiment.Outcome outcome = experiment.run(backend, settings.quick(), folder);
      outcome.table().forEach(System.out::println);
      System.out.println(experiment.name() + ": " + (outcome.pass() ? "pass" : "MISSED"));
      JsonObject json = new JsonObject();
      json.addProperty("type", "experiment");
      json.addProperty("row", experiment.name());
      outcome.json().entrySet().forEach(e -> json.add(e.getKey(), e.getValue()));
      json.addProperty("others_share_of_machine", others.share());
      json.addProperty("pass", outcome.pass());
      record(json);
      return outcome.pass();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(experiment.name() + ": " + e.getMessage(), e);
    } finally {
      delete(folder);
    }
  }

  private Result measure(Row row) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("vicinal-bench");
    try (Work work = row.work().apply(backend, settings.quick());
        Ceiling ceiling = new Ceiling(settings.threads())) {
      work.prepare(folder);
      long peak = row.peakBytes() > 0 ? work.peakBytes(folder) : -1;
      try (Peer peer =
          new Peer(
              settings.python(),
              settings.root().resolve("bench/peers/peer.py"),
              folder,
              settings.threads(),
              settings.peerWait(),
              work.peerArguments())) {
        header.add("peer", peer.hello());
        Equality equality = Equality.of(work, peer, folder);
        if (!(equality.worst() <= row.tolerance()
            && equality.worstOfOurs() <= row.ownTolerance())) {
          throw new IllegalStateException(
              row.name()
                  + ": values differ by more than "
                  + row.tolerance()
                  + ", so nothing is timed; ours "
                  + equality.ours()
                  + ", peer "
                  + equality.peer());
        }
        ceiling.product();
        int rounds = row.single() ? settings.singleRounds() : settings.rounds();
        Measurement measured = Measurement.of(work, peer, ceiling, rounds, row.single());
        double floor =
            Math.max(work.leastFlops() / ceiling.gflops(), work.bytes() / copyGigabytes) / 1e6;
        return new Result(
            row,
            work.problem(),
            equality,
            measured,
            work.flops(),
            ceiling.gflops(),
            floor,
            peak,
            peer.peakBytes());
      }
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Appends a line to the day's record, under this run's header. */
  private void record(JsonObject line) throws IOException {
    if (settings.quick()) {
      return;
    }
    Path file =
        settings.root().resolve("bench/results/" + LocalDate.now(ZoneOffset.UTC) + "-cpu.jsonl");
    Files.createDirectories(file.getParent());
    String lines = (recorded ? "" : header + "\n") + line + "\n";
    recorded = true;
    Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
