package io.vicinal.cli;

import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.BatchOptions;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.data.TableFile;
import io.vicinal.loss.Compat;
import io.vicinal.loss.Compat.Kind;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.mine.Candidates;
import io.vicinal.mine.Mined;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal mine}: the tuples that a miner finds in a batch. */
@Command(
    name = "mine",
    sortOptions = false,
    header = "Mine a batch: the pairs or triplets that a loss is to see.",
    description = {
      "",
      "Embeddings are compared as they are: distances by Euclid, similarities as inner products.",
      "Anchors without another sample of their class, or without one of another class, are skipped",
      "and counted.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal mine distance --embeddings E.npy --labels y.npy --seed 1 --out T.npy",
      "",
      "A miner says in docs/miners.md what it yields."
    })
final class MineCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The miner, for example distance.")
  private String name;

  @Mixin private BatchOptions batch;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of everything random: the same seed finds the same; default: 0.")
  private long seed;

  @Option(
      names = "--param",
      paramLabel = "KEY=VALUE",
      description = "A parameter of the miner; repeatable.")
  private Map<String, String> params = new LinkedHashMap<>();

  @Option(
      names = "--compat",
      paramLabel = "NAMES",
      description = {
        "Reproduce defects of other code, separated by commas; 'vicinal list compat' has them. The",
        "output says so."
      })
  private String compat;

  @Mixin private DeviceOptions device;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "T.npy",
      description = {
        "Written: int64 [m, 3], rows of E.npy: anchor, positive, negative; of miners that yield pairs",
        "or sets anchor, other, and a sign, 1 for a positive, -1 for a negative. Or as .parquet, .csv",
        "or .tsv with these columns, and the samples' names where they are known."
      })
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    List<Compat> defects = compat == null ? List.of() : Compat.parse(compat);
    Compat.check(defects, Map.of(Kind.MINER, name));
    Miner miner = Miners.create(name, Compat.params(defects, Kind.MINER, params));
    try (OutputFile written = new OutputFile(out, outputs, ".npy", ".parquet", ".csv", ".tsv");
        Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = batch.files(arena, backend);
      Tensor e = files.matrix(batch.embeddings, batch.type());
      long[] y = files.labels(batch.labels, batch.embeddings, e.dim(0)).toLongs();
      Candidates candidates = Candidates.of(backend, e, y, batch.normalize);
      Mined mined = Miners.mine(miner, candidates, Miners.generator(seed));
      Tensor tuples = mined.matrix(arena);
      if (TableFile.isTable(written.path())) {
        table(tuples, mined.shape(), batch.samples(e.dim(0))).write(written.path());
      } else {
        Npy.write(written.path(), tuples);
      }
      written.commit();
      written.console(spec.commandLine()).println(words(mined, y.length, defects));
    }
    return 0;
  }

  private static TableFile table(Tensor tuples, Tuples shape, Names samples) {
    long[] all = tuples.toLongs();
    List<String> names =
        shape == Tuples.TRIPLETS
            ? List.of("anchor", "positive", "negative")
            : List.of("anchor", "other", "sign");
    TableFile table = new TableFile(tuples.dim(0));
    for (int j = 0; j < 3; j++) {
      int column = j;
      table.wholes(names.get(j), row -> all[(int) (3 * row) + column]);
    }
    for (int j = 0; samples.known() && j < (shape == Tuples.TRIPLETS ? 3 : 2); j++) {
      int column = j;
      table.texts(names.get(j) + "_name", row -> samples.get(all[(int) (3 * row) + column]));
    }
    return table;
  }

  private String words(Mined mined, int samples, List<Compat> defects) {
    boolean triplets = mined.shape() == Tuples.TRIPLETS;
    return Text.say(
        "%s: %s of %s, %s skipped%s: %s",
        name,
        Text.count(mined.size(), triplets ? "triplet" : "pair", triplets ? "triplets" : "pairs"),
        Text.count(samples, "sample", "samples"),
        Text.count(mined.skipped(), "anchor", "anchors"),
        defects.isEmpty() ? "" : ", as " + Compat.ids(defects),
        out);
  }
}
