package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.Names;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal neighbours}: the nearest rows of every row, as a table. */
@Command(
    name = "neighbours",
    sortOptions = false,
    header = "Write the nearest rows of every row as a table.",
    description = {
      "",
      "Exact: by squared Euclidean distance in double arithmetic, equal distances by the lower row. A",
      "row is no neighbour of its own. With --normalize the distance is 2 - 2 cos.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal neighbours --embeddings E.npy --normalize --k 5 --out N.parquet"
    })
final class NeighboursCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--embeddings", required = true, paramLabel = "E.npy", description = "[N, d].")
  private Path embeddings;

  @Option(
      names = "--gallery-embeddings",
      paramLabel = "G.npy",
      description = "[G, d]: search in these rows instead of in the set itself.")
  private Path gallery;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "10",
      description = "Neighbours of a row; default: ${DEFAULT-VALUE}.")
  private int k;

  @Option(names = "--normalize", description = "Compare unit vectors.")
  private boolean normalize;

  @Option(
      names = "--sample-names",
      paramLabel = "LIST",
      description = {
        "What to call the rows: a .txt with a name a line, FILE.csv:COLUMN, FILE.parquet:COLUMN or a",
        "folder of 'features', which as --embeddings gives its own."
      })
  private Path sampleNames;

  @Option(
      names = "--gallery-names",
      paramLabel = "LIST",
      description = "What to call those of the gallery.")
  private Path galleryNames;

  @Mixin private DeviceOptions device;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "N.csv",
      description = {
        "Written: a row for each neighbour with query, rank (from 1), neighbour, distance, and with",
        "names query_name and neighbour_name, as .parquet, .csv or .tsv."
      })
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    FeatureOrigin.check(embeddings, gallery);
    if (galleryNames != null && gallery == null) {
      throw new InputException(
          "--gallery-names: there is no gallery; give --gallery-embeddings, or leave it out");
    }
    try (OutputFile written = new OutputFile(out, outputs, ".parquet", ".csv", ".tsv");
        Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = new ArrayFiles(arena, backend).beside(sampleNames, galleryNames);
      Tensor e = unit(files.matrix(embeddings, DType.F32), backend);
      Tensor g = gallery == null ? e : unit(files.matrix(gallery, DType.F32), backend);
      if (g.dim(1) != e.dim(1)) {
        throw Text.wrong(
            "%s: has %s columns, but %s has %s; embed both with the same head",
            gallery, g.dim(1), embeddings, e.dim(1));
      }
      long most = gallery == null ? e.dim(0) - 1 : g.dim(0);
      if (k < 1 || k > most) {
        throw Text.wrong(
            "--k: must be in 1..%s, as many rows as %s has%s, got %s",
            most,
            gallery == null ? embeddings : gallery,
            gallery == null ? " beside the query" : "",
            k);
      }
      Names ofRows = Names.read(FeatureFolder.or(sampleNames, embeddings), e.dim(0), "rows");
      Names ofGallery =
          gallery == null
              ? ofRows
              : Names.read(
                  FeatureFolder.or(galleryNames, gallery), g.dim(0), "rows of the gallery");
      long[] self = gallery == null ? LongStream.range(0, e.dim(0)).toArray() : null;
      NeighbourList list = Neighbours.search(e, g, k, self, backend);
      list.table(ofRows, ofGallery).write(written.path());
      written.commit();
      written
          .console(spec.commandLine())
          .println(
              Text.say(
                  "%s of %s: %s",
                  Text.count(k, "neighbour", "neighbours"),
                  Text.count((int) e.dim(0), "row", "rows"),
                  out));
    }
    return 0;
  }

  private Tensor unit(Tensor rows, Backend backend) {
    if (normalize) {
      backend.normalizeRows(rows, rows);
    }
    return rows;
  }
}
