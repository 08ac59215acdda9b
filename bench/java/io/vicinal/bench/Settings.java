package io.vicinal.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The runner's options.
 *
 * @param root the repository
 * @param python the interpreter that has the peers
 * @param rows what to measure beside a peer
 * @param experiments what to run on its own
 * @param threads of both sides
 * @param rounds of interleaved blocks
 * @param singleRounds the same for rows whose repeat takes seconds
 * @param peerWait OMP_WAIT_POLICY of the peer, or "default" for none
 * @param quick small problems, few rounds, nothing recorded
 * @param list only print the rows' names
 * @param command what to record as the command
 */
record Settings(
    Path root,
    Path python,
    List<Row> rows,
    List<Experiment> experiments,
    int threads,
    int rounds,
    int singleRounds,
    String peerWait,
    boolean quick,
    boolean list,
    String command) {
  /**
   * Reads {@code --root DIR --python FILE [--rows a,b] [--threads n] [--rounds n] [--single-rounds
   * n] [--peer-wait passive|active|default] [--quick] [--list]}.
   */
  static Settings parse(String... arguments) {
    Path root = Path.of("").toAbsolutePath();
    Path python = Path.of("python3");
    List<Row> rows = Catalogue.rows();
    List<Experiment> experiments = Catalogue.experiments();
    int threads = Runtime.getRuntime().availableProcessors();
    int rounds = 12;
    int singleRounds = 2;
    String peerWait = "passive";
    boolean quick = false;
    boolean list = false;
    List<String> recorded = new ArrayList<>(List.of("bench/run"));
    for (int i = 0; i < arguments.length; i++) {
      String option = arguments[i];
      if (option.equals("--quick")) {
        quick = true;
        rounds = 3;
        singleRounds = 1;
        recorded.add(option);
        continue;
      }
      if (option.equals("--list")) {
        list = true;
        continue;
      }
      if (++i == arguments.length) {
        throw new IllegalArgumentException(option + " needs a value");
      }
      String value = arguments[i];
      switch (option) {
        case "--root" -> root = Path.of(value).toAbsolutePath();
        case "--python" -> python = Path.of(value);
        case "--rows" -> {
          List<String> names = List.of(value.split(","));
          checkKnown(names);
          rows = rows.stream().filter(row -> names.contains(row.name())).toList();
          experiments = experiments.stream().filter(e -> names.contains(e.name())).toList();
        }
        case "--threads" -> threads = Integer.parseInt(value);
        case "--rounds" -> rounds = Integer.parseInt(value);
        case "--single-rounds" -> singleRounds = Integer.parseInt(value);
        case "--peer-wait" -> peerWait = value;
        default -> throw new IllegalArgumentException(option + " is unknown; see bench/README.md");
      }
      if (!option.equals("--root")
          && !option.equals("--python")) { // paths are this machine's business
        recorded.add(option);
        recorded.add(value);
      }
    }
    return new Settings(
        root,
        python,
        rows,
        experiments,
        threads,
        rounds,
        singleRounds,
        peerWait,
        quick,
        list,
        String.join(" ", recorded));
  }

  private static void checkKnown(List<String> names) {
    List<String> known =
        Stream.concat(
                Catalogue.rows().stream().map(Row::name),
                Catalogue.experiments().stream().map(Experiment::name))
            .toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "--rows: no row is called '" + name + "'; choose from " + known);
      }
    }
  }
}
