package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.bench.Equality.Values;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Measures rows in turns with a peer in a process of its own, on the processor (for {@code
 * bench/run}) or on another device at several precisions (for the GPU kit's {@code ./run bench}),
 * prints the table and appends JSON lines. Values are compared first; a row whose values are wrong
 * is not timed. Our times are wall clock around calls that return when the device is done.
 */
public final class Runner {
  /** Relative error from the processor's float32 that a device may have. */
  private static final Map<String, Double> TOLERANCES =
      Map.of(Settings.SINGLE, 1e-4, "tf32", 5e-2, "bfloat16", 2e-1);

  /**
   * A device records a small call the second time and replays it from then on (docs/arithmetic.md):
   * its values are checked as it is timed.
   */
  private static final int SETTLED = 3;

  private final Settings settings;
  private final Map<String, Double> gigaflops = new HashMap<>();
  private JsonObject header;
  private double gigabytes;
  private boolean recorded;
  private boolean peerWorks;

  private Runner(Settings settings) {
    this.settings = settings;
    this.peerWorks = settings.python() != null;
  }

  /**
   * See {@link Settings#parse}; the exit code is the number of rows that missed their target, at
   * most 100.
   */
  public static void main(String[] arguments) throws IOException {
    int missed;
    try {
      Settings settings = Settings.parse(arguments);
      if (settings.list()) {
        settings.names().forEach(System.out::println);
        return;
      }
      missed = new Runner(settings).run();
    } catch (InputException e) {
      System.err.println("bench: " + e.getMessage());
      missed = 100;
    }
    System.exit(Math.min(missed, 100));
  }

  private int run() throws IOException {
    ceilings();
    System.out.println(header);
    List<Result> results = new ArrayList<>();
    int missed = 0;
    for (Row row : Catalogue.rows(settings.onProcessor())) {
      if (settings.wants(row.name())) {
        System.out.println("measuring " + row.name() + " ...");
        missed += attempt(row.name(), folder -> measure(row, folder, results)) ? 0 : 1;
      }
    }
    for (Experiment experiment : Catalogue.experiments(settings.onProcessor())) {
      if (settings.wants(experiment.name())) {
        System.out.println("running " + experiment.name() + " ...");
        missed += attempt(experiment.name(), folder -> perform(experiment, folder)) ? 0 : 1;
      }
    }
    System.out.println();
    if (!results.isEmpty()) {
      System.out.println(Result.TITLE);
      results.forEach(r -> System.out.println(r.line()));
    }
    missed += (int) results.stream().filter(r -> r.verdict() == Result.Verdict.MISSED).count();
    if (settings.quick()) {
      System.out.println(
          "quick: small problems and few rounds say nothing about the targets"
              + (settings.out() == null ? "; nothing was recorded" : ""));
    }
    return missed;
  }

  /** What the device can do at each precision, and the header of the record. */
  private void ceilings() throws IOException {
    JsonObject rates = new JsonObject();
    for (String precision : settings.precisions()) {
      try (Backend backend = settings.open(precision);
          Arena arena = new Arena(backend.memory())) {
        if (header == null) {
          header = Machine.header(settings, backend);
          gigabytes = Ceiling.gigabytes(backend, settings.quick());
          header.addProperty("copy_gbs", gigabytes);
        }
        double rate = new Ceiling(backend, arena, settings.quick()).products().gigaflops();
        gigaflops.put(precision, rate);
        rates.addProperty(precision, rate);
      }
    }
    header.add("gemm_gflops", rates);
  }

  private interface Attempt {
    boolean in(Path folder) throws Exception;
  }

  /** Whether it succeeded, in a temporary folder; what fails is told and recorded. */
  private boolean attempt(String row, Attempt attempt) throws IOException {
    Path folder = Files.createTempDirectory("vicinal-bench");
    try {
      return attempt.in(folder);
    } catch (Exception e) {
      JsonObject failure = new JsonObject();
      failure.addProperty("type", "failure");
      failure.addProperty("row", row);
      failure.addProperty("message", String.valueOf(e.getMessage()));
      record(failure);
      System.out.println(row + ": " + e);
      return false;
    } finally {
      delete(folder);
    }
  }

  private boolean perform(Experiment experiment, Path folder) throws Exception {
    Bystanders others = new Bystanders(ProcessHandle.current());
    try (Backend backend = settings.open(Settings.SINGLE)) {
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
    }
  }

  /** A row at every precision; on a device, against one reference of the processor's. */
  private boolean measure(Row row, Path folder, List<Result> results) throws Exception {
    if (settings.onProcessor()) {
      tell(measure(row, Settings.SINGLE, folder, null), results);
      return true;
    }
    try (Backend cpu = Backend.cpu();
        Work reference = row.work().apply(cpu, settings.quick())) {
      if (hasPeer(row)) {
        reference.prepare(folder);
      }
      reference.repeat();
      limit(row.memory());
      for (String precision : settings.precisions()) {
        if (!row.exact() || precision.equals(Settings.SINGLE)) {
          tell(measure(row, precision, folder, Values.of(reference)), results);
        }
      }
    } finally {
      limit(0);
    }
    return true;
  }

  private void tell(Result result, List<Result> results) throws IOException {
    results.add(result);
    System.out.println(Result.TITLE + System.lineSeparator() + result.line());
    System.out.print(result.notes());
    record(result.json());
  }

  /** {@code reference} is the peer's where it is null. */
  private Result measure(Row row, String precision, Path folder, Values reference)
      throws Exception {
    try (Backend backend = settings.open(precision);
        Arena arena = Arena.host();
        Work work = row.work().apply(backend, settings.quick())) {
      if (reference == null) {
        work.prepare(folder);
      }
      boolean alone = settings.onProcessor() && row.memory() > 0;
      long peak = alone ? work.peakBytes(folder) : -1;
      try (Peer peer = peer(row, work, folder, precision)) {
        Equality equality = compare(row, precision, work, peer, reference, folder, arena);
        Runnable product = () -> {};
        Ceiling ceiling = null;
        if (settings.onProcessor()) { // in the same minutes; a card has no neighbours
          ceiling = new Ceiling(backend, arena, settings.quick());
          product = ceiling::product;
          product.run();
        }
        int rounds = row.single() ? settings.singleRounds() : settings.rounds();
        Measurement measured =
            Measurement.of(
                row,
                work,
                peer,
                product,
                rounds,
                message -> System.out.println(row.name() + " " + precision + " " + message));
        double rate = ceiling == null ? gigaflops.get(precision) : ceiling.gigaflops();
        return new Result(
            row,
            precision,
            work.problem(),
            tolerance(row, precision),
            equality,
            measured,
            work.flops(),
            rate,
            Math.max(work.leastFlops() / rate, work.bytes() / gigabytes) / 1e6,
            peak,
            alone && peer != null ? peer.peakBytes() : -1);
      }
    }
  }

  private double tolerance(Row row, String precision) {
    return settings.onProcessor() ? row.tolerance() : TOLERANCES.get(precision);
  }

  private Equality compare(
      Row row,
      String precision,
      Work work,
      Peer peer,
      Values reference,
      Path folder,
      Arena arena)
      throws IOException {
    Values single = Values.NONE;
    Values truth = reference;
    try {
      single = peer == null ? single : Values.read(peer.values("f32"), folder, arena);
      if (truth == null) {
        Values exact =
            peer == null ? single : Values.read(peer.values("f64"), folder, arena);
        truth = exact.isEmpty() ? single : exact;
      }
    } catch (IOException e) {
      if (reference == null) {
        throw e;
      }
      System.out.println(row.name() + " " + precision + ": " + e.getMessage());
    }
    for (int i = 0; i < (settings.onProcessor() ? 1 : SETTLED); i++) {
      work.poison();
      work.repeat();
    }
    Equality equality = Equality.of(Values.of(work), single, truth);
    double allowed = settings.onProcessor() ? row.ownTolerance() : TOLERANCES.get(precision);
    // On a device the peer rounds as it likes.
    double worst = settings.onProcessor() ? equality.worst() : 0;
    if (!(equality.worstOfOurs() <= allowed && worst <= row.tolerance())) {
      throw new IllegalStateException(
          precision
              + " values differ by more than "
              + tolerance(row, precision)
              + ", so nothing is timed; ours "
              + equality.ours()
              + ", peer "
              + equality.peer());
    }
    return equality;
  }

  private boolean hasPeer(Row row) {
    return peerWorks && !row.ratios().isEmpty();
  }

  /** The peer of a row, or null where there is none. */
  private Peer peer(Row row, Work work, Path folder, String precision) throws IOException {
    if (!hasPeer(row)) {
      return null;
    }
    List<String> arguments = new ArrayList<>(work.peerArguments());
    if (!settings.onProcessor()) {
      arguments.add(0, precision);
    }
    Peer peer =
        new Peer(
            settings.python(),
            settings.peerScript(),
            folder,
            settings.threads(),
            settings.peerWait(),
            arguments);
    try {
      header.add("peer", peer.hello());
      return peer;
    } catch (IOException e) {
      peer.close();
      peerWorks = false;
      System.out.println("there is no peer: " + settings.python() + " has no working torch");
      return null;
    }
  }

  private void limit(long bytes) {
    if (Vicinal.vicinal_memory_set_limit(settings.device(), bytes) != Vicinal.VICINAL_OK) {
      throw new IllegalStateException(Vicinal.vicinal_last_error().getString());
    }
  }

  /** Appends a line, the first one under this run's header. */
  private void record(JsonObject line) throws IOException {
    if (settings.out() == null) {
      return;
    }
    Files.createDirectories(settings.out().getParent());
    String lines = (recorded ? "" : header + "\n") + line + "\n";
    recorded = true;
    Files.writeString(
        settings.out(), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
