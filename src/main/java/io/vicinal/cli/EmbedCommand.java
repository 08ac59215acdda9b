package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
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

  @Option(names = "--features", required = true, paramLabel = "X.npy", description = "[N, D].")
  private Path features;

  @Option(
      names = "--head",
      required = true,
      paramLabel = "HEAD",
      description = "A head.safetensors, or the run folder that holds one.")
  private Path head;

  @Option(names = "--normalize", description = "Write unit vectors.")
  private boolean normalize;

  @Mixin private DeviceOptions device;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "E.npy",
      description = "Written: [N, d], as .npy or .csv.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    Path file = Files.isDirectory(head) ? head.resolve("head.safetensors") : head;
    try (OutputFile written = new OutputFile(out, outputs, ".npy", ".csv");
        Backend backend = device.open();
        Arena arena = Arena.host()) {
      Map<String, Tensor> tensors = Safetensors.read(file, arena);
      Tensor weight = finite(backend, file, tensors, "weight", 2);
      Tensor bias = tensors.containsKey("bias") ? finite(backend, file, tensors, "bias", 1) : null;
      if (bias != null && (bias.size() != weight.dim(0) || bias.dtype() != weight.dtype())) {
        throw new InputException(
            file + ": bias is " + bias + " for a weight " + weight + "; save the head again");
      }
      DType dtype = weight.dtype();
      Tensor x = new ArrayFiles(arena, backend).matrix(features, dtype);
      if (x.dim(1) != weight.dim(1)) {
        throw Text.wrong(
            "%s: has %s columns, but the head %s takes %s; use the features that it was"
                + " trained on",
            features, x.dim(1), file, weight.dim(1));
      }
      Tensor embeddings = arena.allocate(dtype, x.dim(0), weight.dim(0));
      backend.embed(x, new HeadTensors(weight, bias, null), embeddings);
      long beyond = backend.findNonFinite(embeddings);
      if (beyond >= 0) {
        throw Text.wrong(
            "%s: row %s has an embedding that %s cannot hold; scale the features as"
                + " those that the head was trained on",
            features, beyond / weight.dim(0), dtype == DType.F32 ? "float32" : "float64");
      }
      if (normalize) {
        backend.normalizeRows(embeddings, embeddings);
      }
      if (out.toString().endsWith(".csv")) {
        ArrayFile.writeTable(written.path(), embeddings);
      } else {
        Npy.write(written.path(), embeddings);
      }
      written.commit();
      written
          .console(spec.commandLine())
          .printf(Locale.ROOT, "%d embeddings of width %d: %s%n", x.dim(0), weight.dim(0), out);
    }
    return 0;
  }

  private static Tensor finite(
      Backend backend, Path file, Map<String, Tensor> tensors, String name, int rank) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InputException(
          file + ": has no tensor \"" + name + "\"; give a head.safetensors that 'train' wrote");
    }
    if (tensor.shape().rank() != rank || tensor.size() == 0 || !tensor.dtype().isFloat()) {
      throw new InputException(
          file + ": " + name + " is " + tensor + "; give a head.safetensors that 'train' wrote");
    }
    long bad = backend.findNonFinite(tensor);
    if (bad >= 0) {
      throw Text.wrong(
          "%s: %s is %s at %s; train the head again",
          file, name, tensor.at(bad), ArrayFiles.place(bad, tensor.shape()));
    }
    return tensor;
  }
}
