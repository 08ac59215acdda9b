package io.vicinal.cli;

import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.HeadFile;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.RowColumns;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal embed}: features through a trained head. */
@Command(
    name = "embed",
    sortOptions = false,
    header = "Turn features into embeddings with a trained head.",
    description = {
      "",
      "embeddings = features * weight' + bias, row by row, in the head's element type. To search or",
      "evaluate as the losses see them, compare unit vectors: --normalize here or in 'evaluate'.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal embed --features test.npy --head runs/first/head.safetensors --out E.npy"
    })
final class EmbedCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--features",
      required = true,
      paramLabel = "X.npy",
      description = "[N, D]; or a folder of 'features', FOLDER:SPLIT for a part of it.")
  private Path features;

  @Option(
      names = "--head",
      required = true,
      paramLabel = "HEAD",
      description = "A head.safetensors, or the run folder that holds one.")
  private Path head;

  @Option(names = "--normalize", description = "Write unit vectors.")
  private boolean normalize;

  @Mixin private RowColumns columns;

  @Mixin private DeviceOptions device;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "E.npy",
      description = {
        "Written: [N, d], as .npy, .parquet (a column of lists), .csv or .tsv (columns e0, e1, ...);",
        "all but .npy with label and name of each row where they are known."
      })
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    try (OutputFile written = new OutputFile(out, outputs, ".npy", ".parquet", ".csv", ".tsv");
        Backend backend = device.open();
        Arena arena = Arena.host()) {
      columns.check(written, out);
      HeadFile map = HeadFile.read(head, backend, arena);
      ArrayFiles files = new ArrayFiles(arena, backend).beside(columns.paths());
      Tensor x = files.matrix(features, map.dtype());
      Tensor embeddings = map.embed(features, x, backend, arena);
      if (normalize) {
        backend.normalizeRows(embeddings, embeddings);
      }
      columns.write(written, features, "embedding", embeddings, files);
      written.commit();
      written
          .console(spec.commandLine())
          .printf(Locale.ROOT, "%d embeddings of width %d: %s%n", x.dim(0), embeddings.dim(1), out);
    }
    return 0;
  }
}
