package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
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
 * The rows of {@link GpuRow} on a GPU at three precisions, in turns with PyTorch in a process of
 * its own. Values are compared with the processor's first; a row whose values are wrong is not
 * timed. Our times are wall clock around calls that return when the device is done.
 */
public final class GpuRunner {
  private static final Map<String, Double> TOLERANCES =
      Map.of("float32", 1e-4, "tf32", 5e-2, "bfloat16", 2e-1);

  /**
   * A small call is recorded the second time and replayed from then on (docs/performance.md): its
   * values are checked as it is timed.
   */
  private static final int SETTLED = 3;

  private static final String TIMED =
      "wall clock around a Java call that returns when the device is done; the same call every"
          + " time, so that a small one is a replayed graph";

  private static final int ROUNDS = 5;
  private static final double BLOCK_MS = 300;
  private static final double WARM_MS = 500;
  private static final double SLOW_MS = 2_000;

  private final GpuSettings settings;
  private boolean peerWorks;

  private GpuRunner(GpuSettings settings) {
    this.settings = settings;
    this.peerWorks = settings.python() != null;
  }

  /** See {@link GpuSettings#parse}; the exit code is the number of rows that missed a target. */
  public static void main(String[] arguments) throws IOException {
    int missed;
    try {
      GpuSettings settings = GpuSettings.parse(arguments);
      if (settings.list()) {
        GpuSettings.names().forEach(System.out::println);
        return;
      }
      missed = new GpuRunner(settings).run();
    } catch (InputException e) {
      System.err.println("bench: " + e.getMessage());
      missed = 100;
    }
    System.exit(Math.min(missed, 100));
  }

  private int run() throws IOException {
    Map<String, GpuCeiling> ceilings = new HashMap<>();
    boolean first = true;
    for (String precision : settings.precisions()) {
      try (Backend backend = open(precision)) {
        GpuCeiling ceiling = GpuCeiling.of(backend, settings.quick());
        ceilings.put(precision, ceiling);
        if (first) {
          JsonObject header = Machine.header(settings.kit(), backend, settings.command());
          header.remove("dirty"); // the kit is no repository; its commit says so
          settings.kitFacts().entrySet().forEach(e -> header.add(e.getKey(), e.getValue()));
          header.addProperty("timed", TIMED);
          record(header);
          System.out.println(header);
        }
        JsonObject line = new JsonObject();
        line.addProperty("type", "ceiling");
        line.addProperty("precision", precision);
        line.addProperty("copy_gbs", ceiling.gigabytes());
        line.addProperty("gemm_gflops", ceiling.gigaflops());
        record(line);
        System.out.println(line);
        first = false;
      }
    }
    int missed = 0;
    System.out.println("ours_ms: " + TIMED);
    System.out.println(GpuResult.TITLE);
    for (GpuRow row : GpuRow.all(settings.quick())) {
      if (!settings.wants(row.name())) {
        continue;
      }
      Path folder = Files.createTempDirectory("vicinal-gpu");
      try {
        missed += measure(row, folder, ceilings);
      } catch (RuntimeException | IOException e) {
        missed++;
        fail(row.name(), e);
      } finally {
        delete(folder);
      }
    }
    if (settings.wants(GpuSettings.INFLUENCE)) {
      missed += influence() ? 0 : 1;
    }
    if (settings.quick()) {
      System.out.println("quick: problems this small say nothing about the targets");
    }
    return missed;
  }

  /** 50 pairs and 10 groups on a dataset of the size of In-Shop, in float32. */
  private boolean influence() throws IOException {
    try (Backend backend = open("float32")) {
      Experiment.Outcome outcome =
          new SolveExperiment(25_882, 3_997, 10).run(backend, settings.quick(), settings.kit());
      outcome.table().forEach(System.out::println);
      JsonObject json = outcome.json();
      json.addProperty("type", "experiment");
      json.addProperty("row", GpuSettings.INFLUENCE);
      json.addProperty("pass", outcome.pass());
      record(json);
      return outcome.pass();
    } catch (RuntimeException e) {
      fail(GpuSettings.INFLUENCE, e);
      return false;
    }
  }

  private void fail(String row, Exception e) {
    JsonObject failure = new JsonObject();
    failure.addProperty("type", "failure");
    failure.addProperty("row", row);
    failure.addProperty("message", String.valueOf(e.getMessage()));
    record(failure);
    System.out.println(row + ": " + e.getMessage());
  }

  private Backend open(String precision) {
    long workspace = (long) settings.workspace() << 20;
    return Backend.open(settings.device(), new BackendOptions(0, workspace, "auto", precision));
  }

  /** One row at every precision, against one reference of the processor's. */
  private int measure(GpuRow row, Path folder, Map<String, GpuCeiling> ceilings)
      throws IOException {
    Map<String, float[]> reference = new HashMap<>();
    try (Backend cpu = Backend.cpu();
        Work work = row.work().apply(cpu)) {
      if (hasPeer(row)) {
        work.prepare(folder);
      }
      work.repeat();
      reference.putAll(results(work));
    }
    limit(row.memoryBytes());
    int missed = 0;
    try {
      for (String precision : settings.precisions()) {
        if (row.exact() && !precision.equals("float32")) {
          continue;
        }
        try (Backend backend = open(precision);
            Work work = row.work().apply(backend);
            Peer peer = peer(row, work, folder, precision)) {
          GpuResult result =
              measure(row, precision, work, peer, folder, reference, ceilings.get(precision));
          missed += result.verdict() == GpuResult.Verdict.MISSED ? 1 : 0;
          record(result.json());
          System.out.println(result.line());
        }
      }
    } finally {
      limit(0);
    }
    return missed;
  }

  private GpuResult measure(
      GpuRow row,
      String precision,
      Work work,
      Peer peer,
      Path folder,
      Map<String, float[]> reference,
      GpuCeiling ceiling)
      throws IOException {
    for (int i = 0; i < SETTLED; i++) {
      work.poison();
      work.repeat();
    }
    double error = 0;
    for (Map.Entry<String, float[]> found : results(work).entrySet()) {
      error = Math.max(error, off(found.getValue(), reference.get(found.getKey())));
    }
    if (!(error <= TOLERANCES.get(precision))) {
      throw new IllegalStateException(
          precision + " differs from the processor by " + error + ", so nothing is timed");
    }
    Samples ours = new Samples();
    Samples eager = new Samples();
    Samples compiled = new Samples();
    double peerError = Double.NaN;
    List<String> methods = new ArrayList<>();
    if (peer != null) {
      methods.add("eager");
      if (!Double.isNaN(row.compiled())) {
        methods.add("compiled");
      }
    }
    int block = block(warm(work));
    for (int round = 0; round < ROUNDS; round++) {
      clock(work); // wakes the card and the compiler; not counted
      for (int i = 0; i < block; i++) {
        ours.add(clock(work));
      }
      for (String method : List.copyOf(methods)) {
        try {
          if (Double.isNaN(peerError)) {
            peerError = peerError(peer, folder, reference);
          }
          take(peer, method, block, method.equals("eager") ? eager : compiled);
        } catch (IOException e) { // such as too little memory: what is left is worth measuring
          methods.remove(method);
          System.out.println(row.name() + " " + precision + " " + method + ": " + e.getMessage());
        }
      }
    }
    return new GpuResult(
        row,
        precision,
        work.problem(),
        error,
        peerError,
        ours,
        eager,
        compiled,
        ceiling.floor(work),
        work.flops() / ours.median() / 1e6);
  }

  /** Arrays; of work that has none, its values. */
  private static Map<String, float[]> results(Work work) {
    Map<String, float[]> results = new HashMap<>();
    work.arrays().forEach((name, tensor) -> results.put(name, tensor.toFloats()));
    if (results.isEmpty()) {
      work.values().forEach((name, value) -> results.put(name, new float[] {value.floatValue()}));
    }
    return results;
  }

  /**
   * A block of the peer's; its first repeats compile or warm up and are not counted. One that takes
   * seconds is asked once.
   */
  private static void take(Peer peer, String method, int block, Samples samples)
      throws IOException {
    if (samples.median() > SLOW_MS) {
      samples.add(peer.time(method, 1)[0]);
      return;
    }
    double[] first = peer.time(method, 1);
    if (first.length > 0 && first[0] > SLOW_MS) {
      samples.add(first[0]);
      return;
    }
    peer.time(method, 2);
    for (double spent : peer.time(method, block)) {
      samples.add(spent);
    }
  }

  private static int block(double milliseconds) {
    return (int) Math.min(100, Math.max(3, Math.ceil(BLOCK_MS / milliseconds)));
  }

  /** Repeats until the card's clocks are up and the compiler is done; the last one's time. */
  private static double warm(Work work) {
    long start = System.nanoTime();
    double last;
    do {
      last = clock(work);
    } while ((System.nanoTime() - start) / 1e6 < WARM_MS);
    return last;
  }

  private static double clock(Work work) {
    long start = System.nanoTime();
    work.repeat();
    return (System.nanoTime() - start) / 1e6;
  }

  private boolean hasPeer(GpuRow row) {
    return peerWorks && !Double.isNaN(row.eager());
  }

  /** The peer of a row, or null where there is none. */
  private Peer peer(GpuRow row, Work work, Path folder, String precision) throws IOException {
    if (!hasPeer(row)) {
      return null;
    }
    List<String> arguments = new ArrayList<>(List.of(precision));
    arguments.addAll(work.peerArguments());
    Path script = settings.kit().resolve("peers/gpu.py");
    int threads = Runtime.getRuntime().availableProcessors();
    Peer peer = new Peer(settings.python(), script, folder, threads, "default", arguments);
    try {
      JsonObject hello = peer.hello();
      hello.addProperty("type", "peer");
      record(hello);
      return peer;
    } catch (IOException e) {
      peer.close();
      peerWorks = false;
      System.out.println("there is no peer: " + settings.python() + " has no working torch");
      return null;
    }
  }

  private static double peerError(Peer peer, Path folder, Map<String, float[]> reference)
      throws IOException {
    double error = 0;
    JsonObject arrays = peer.values("f32").getAsJsonObject("arrays");
    for (String name : arrays.keySet()) {
      try (Arena arena = Arena.host()) {
        Tensor found = Npy.read(folder.resolve(arrays.get(name).getAsString()), arena);
        error = Math.max(error, off(found.toFloats(), reference.get(name)));
      }
    }
    return error;
  }

  /** Norm of the difference over norm of the reference; NaN for a NaN. */
  private static double off(float[] found, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      double e = (double) found[i] - expected[i];
      difference += e * e;
      norm += (double) expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }

  private void limit(long bytes) {
    if (Vicinal.vicinal_memory_set_limit(settings.device(), bytes) != Vicinal.VICINAL_OK) {
      throw new IllegalStateException(Vicinal.vicinal_last_error().getString());
    }
  }

  private void record(JsonObject line) {
    try {
      Files.writeString(
          settings.out(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
