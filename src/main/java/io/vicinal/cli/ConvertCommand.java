package io.vicinal.cli;

import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.RowColumns;
import io.vicinal.cli.common.Text;
import io.vicinal.data.WeightFile;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal convert}: a matrix, or weights, from one kind of file to another. */
@Command(
    name = "convert",
    sortOptions = false,
    header = "Write an array as .npy, .parquet, .csv or .tsv; weights as .safetensors or .pth.",
    description = {
      "",
      "Any matrix that commands take, such as features, embeddings or the scores of 'explain', with",
      "its labels and names beside it; a folder of 'features' has both. Numbers stay float32 or",
      "float64; integers become floating.",
      "Of a network's weights (.safetensors, or .pth and .pt of torch.save) all tensors are written",
      "under their names; float16 and bfloat16 become float32, whole numbers int64.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal convert E.npy --labels y.npy --out E.parquet",
      "  vicinal convert E.npy --out E.csv",
      "  vicinal convert W.safetensors --out W.pth"
    })
final class ConvertCommand implements Callable<Integer> {
  private static final String[] ENDINGS = {
    ".npy", ".parquet", ".csv", ".tsv", ".safetensors", ".pth", ".pt"
  };

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "X.npy",
      description = "[N, D], or a folder of 'features', FOLDER:SPLIT for a part of it; or weights.")
  private Path array;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "embedding",
      description = "What Parquet's column of lists is called; default: ${DEFAULT-VALUE}.")
  private String name;

  @Mixin private RowColumns columns;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = {
        "Written: .npy; .parquet, a row of numbers a list; .csv or .tsv, with columns e0, e1, ... of",
        "numbers; weights: .safetensors, .pth or .pt."
      })
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    if (WeightFile.isWeights(out)) {
      weights();
      return 0;
    }
    try (OutputFile written = new OutputFile(out, outputs, ENDINGS);
        Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      columns.check(written, out);
      ArrayFiles files = new ArrayFiles(arena, backend).beside(columns.paths());
      Tensor matrix = files.largeMatrix(array, null);
      columns.write(written, array, name, matrix, files);
      written.commit();
      written
          .console(spec.commandLine())
          .println(Text.say("%s rows of %s numbers: %s", matrix.dim(0), matrix.dim(1), out));
    }
    return 0;
  }

  private void weights() {
    if (columns.given()) {
      throw Text.wrong("%s: weights have no labels and names; leave them out", out);
    }
    try (OutputFile written = new OutputFile(out, outputs, ENDINGS);
        Arena arena = Arena.host()) {
      PrintWriter err = spec.commandLine().getErr();
      Map<String, Tensor> tensors = WeightFile.read(array, arena, err::println);
      WeightFile.write(written.path(), tensors);
      written.commit();
      String count = Text.count(tensors.size(), "tensor", "tensors");
      written.console(spec.commandLine()).println(Text.say("%s: %s", count, out));
    }
  }
}
