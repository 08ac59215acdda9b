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
      if (!settings.quick()) {
        append(result, results.size() == 1);
      }
    }
    System.out.println();
    System.out.println(Result.TITLE);
    results.forEach(r -> System.out.println(r.line()));
    if (settings.quick()) {
      System.out.println("quick: small problems and few rounds; nothing was recorded");
    }
    return missed;
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
        if (!(equality.worst() <= row.tolerance())) {
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
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void append(Result result, boolean first) throws IOException {
    Path file =
        settings.root().resolve("bench/results/" + LocalDate.now(ZoneOffset.UTC) + "-cpu.jsonl");
    Files.createDirectories(file.getParent());
    String lines = (first ? header + "\n" : "") + result.json() + "\n";
    Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
