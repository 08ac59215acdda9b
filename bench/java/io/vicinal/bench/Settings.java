package io.vicinal.bench;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.kit.Options;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The runner's options. A value, safe for any thread.
 *
 * @param root the repository, or the GPU kit
 * @param out receives JSON lines; null for none
 * @param python an interpreter that may have the peers, or null
 * @param device "cpu", "cuda" or "cuda:N"
 * @param rows what to measure; all if empty
 * @param precisions of products
 * @param threads of both sides
 * @param workspace MiB of a backend's tiles, 0 for its own choice: it decides how many rows a block
 *     has
 * @param rounds of interleaved blocks
 * @param singleRounds the same for rows whose repeat takes seconds
 * @param peerWait OMP_WAIT_POLICY of the peer, or "default" for none
 * @param quick small problems, for trying it out
 * @param list only print the rows' names
 * @param command what to record as the command
 */
record Settings(
    Path root,
    Path out,
    Path python,
    String device,
    List<String> rows,
    List<String> precisions,
    int threads,
    int workspace,
    int rounds,
    int singleRounds,
    String peerWait,
    boolean quick,
    boolean list,
    String command) {
  /** The precision of experiments, and the only one that the processor has. */
  static final String SINGLE = "float32";

  private static final List<String> PRECISIONS = List.of(SINGLE, "tf32", "bfloat16");

  /** Paths are this machine's business, and recorded nowhere. */
  private static final Set<String> PATHS = Set.of("--root", "--out", "--python");

  private static final List<String> FLAGS = List.of("--quick", "--list");
  private static final List<String> NAMED =
      List.of(
          "--root",
          "--out",
          "--python",
          "--device",
          "--rows",
          "--precisions",
          "--threads",
          "--workspace",
          "--rounds",
          "--single-rounds",
          "--peer-wait");

  /** Reads {@code --root DIR --python FILE} and what bench/README.md names. */
  static Settings parse(String... arguments) {
    Options given = Options.parse(FLAGS, NAMED, arguments);
    String device = given.text("--device", "cpu");
    boolean cpu = device.equals("cpu");
    boolean quick = given.has("--quick");
    Path root = Path.of(given.text("--root", "")).toAbsolutePath();
    String day = LocalDate.now(ZoneOffset.UTC) + "-cpu.jsonl";
    Path out = quick ? null : root.resolve("bench/results").resolve(day);
    List<String> precisions = cpu ? List.of(SINGLE) : PRECISIONS;
    Settings settings =
        new Settings(
            root,
            given.has("--out") ? Path.of(given.text("--out", "")).toAbsolutePath() : out,
            given.has("--python") ? Path.of(given.text("--python", "")) : null,
            device,
            given.list("--rows", List.of()),
            given.list("--precisions", precisions),
            given.number("--threads", Runtime.getRuntime().availableProcessors()),
            given.number("--workspace", 0),
            given.number("--rounds", quick ? 3 : cpu ? 12 : 5),
            given.number("--single-rounds", quick ? 1 : 2),
            given.text("--peer-wait", cpu ? "passive" : "default"),
            quick,
            given.has("--list"),
            command(cpu ? "bench/run" : "./run bench", arguments));
    choose("--rows", settings.rows, settings.names());
    choose("--precisions", settings.precisions, precisions);
    return settings;
  }

  private static void choose(String option, List<String> chosen, List<String> known) {
    for (String name : chosen) {
      if (known.stream().noneMatch(one -> means(name, one))) {
        throw new InputException(
            option + ": '" + name + "' is unknown; choose from " + String.join(", ", known));
      }
    }
  }

  private static String command(String program, String... arguments) {
    List<String> recorded = new ArrayList<>(List.of(program));
    for (int i = 0; i < arguments.length; i++) {
      if (PATHS.contains(arguments[i])) {
        i++;
      } else {
        recorded.add(arguments[i]);
      }
    }
    return String.join(" ", recorded);
  }

  boolean onProcessor() {
    return device.equals("cpu");
  }

  /** Every row's name, and every experiment's. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    Catalogue.rows(onProcessor()).forEach(row -> names.add(row.name()));
    Catalogue.experiments(onProcessor()).forEach(experiment -> names.add(experiment.name()));
    return names;
  }

  boolean wants(String name) {
    return rows.isEmpty() || rows.stream().anyMatch(row -> means(row, name));
  }

  /** Whether a row that was asked for is this one; a star stands for any end. */
  private static boolean means(String asked, String name) {
    return asked.endsWith("*")
        ? name.startsWith(asked.substring(0, asked.length() - 1))
        : name.equals(asked);
  }

  Backend open(String precision) {
    int threads = onProcessor() ? this.threads : 0;
    return Backend.open(
        device, new BackendOptions(threads, (long) workspace << 20, "auto", precision));
  }

  Path peerScript() {
    return root.resolve(onProcessor() ? "bench/peers/peer.py" : "peers/gpu.py");
  }
}
