package io.vicinal.cli;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.Text;
import io.vicinal.data.Npy;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal loss}: one loss on given arrays, with gradients and Hessian-vector products. */
@Command(
    name = "loss",
    sortOptions = false,
    header = "Evaluate a proxy loss on arrays: value, gradients, Hessian-vector products.",
    description = {
      "",
      "For checking another implementation, or for a training loop of your own: the arrays of one",
      "batch go in, exact derivatives to the raw (not normalised) vectors come out.",
      "",
      "Writes to the folder: loss.json, per_sample.npy (not for losses that are no sum over",
      "samples), grad_embeddings.npy, grad_proxies.npy, and with a direction given",
      "hvp_embeddings.npy and hvp_proxies.npy. All of them appear together, or none.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal loss proxy-anchor --embeddings E.npy --labels y.npy --proxies P.npy \\",
      "      --param alpha=32 --param margin=0.1 --out result",
      "",
      "'vicinal list losses' shows every loss with its parameters, defaults and formula."
    })
final class LossCommand implements Callable<Integer> {
  private static final List<String> RESULTS =
      List.of(
          "per_sample.npy",
          "grad_embeddings.npy",
          "grad_proxies.npy",
          "hvp_embeddings.npy",
          "hvp_proxies.npy",
          "loss.json");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The loss, for example proxy-anchor.")
  private String name;

  @Option(names = "--embeddings", required = true, paramLabel = "E.npy", description = "[B, d].")
  private Path embeddings;

  @Option(
      names = "--labels",
      required = true,
      paramLabel = "y.npy",
      description = "[B], integers from 0.")
  private Path labels;

  @Option(
      names = "--proxies",
      required = true,
      paramLabel = "P.npy",
      description = "[C, d]; with K centres per class [C*K, d], class c in rows cK..cK+K-1.")
  private Path proxies;

  @Option(
      names = "--param",
      paramLabel = "KEY=VALUE",
      description = "A parameter of the loss; repeatable.")
  private Map<String, String> params = new LinkedHashMap<>();

  @Option(
      names = "--weights",
      paramLabel = "w.npy",
      description = "[B], a weight per sample, 0 or more.")
  private Path weights;

  @Option(
      names = "--soft-labels",
      paramLabel = "T.npy",
      description = "[B, C], in place of the one-hot labels where the loss allows it.")
  private Path softLabels;

  @Option(
      names = "--hvp-embeddings",
      paramLabel = "V.npy",
      description = "[B, d], the direction's part for the embeddings; missing is zero.")
  private Path hvpEmbeddings;

  @Option(
      names = "--hvp-proxies",
      paramLabel = "U.npy",
      description = "Shaped as the proxies: the direction's part for them; missing is zero.")
  private Path hvpProxies;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Compute in float32 or float64; default: the type of the embeddings.")
  private ElementType type;

  @Mixin private DeviceOptions device;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    Loss loss = Losses.create(name, params);
    try (Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = new ArrayFiles(arena, backend).beside(labels).wider("use --dtype float64");
      Tensor e = files.matrix(embeddings, type == null ? null : type.dtype());
      DType dtype = e.dtype();
      Tensor p = files.matrix(proxies, dtype);
      long classes = classes(loss, e, p);
      Targets targets = targets(files, loss, e, classes);
      Tensor v = hvpEmbeddings == null ? null : direction(files, hvpEmbeddings, "embeddings", e);
      Tensor u = hvpProxies == null ? null : direction(files, hvpProxies, "proxies", p);

      try (OutputFolder folder = new OutputFolder(out.path(), results(loss), out.outputs())) {
        Tensor perSample = loss.decomposes() ? arena.allocate(dtype, e.dim(0)) : null;
        Tensor gradE = arena.allocate(dtype, e.shape());
        Tensor gradP = arena.allocate(dtype, p.shape());
        LossValue value =
            backend.loss(loss.spec(), classes, e, targets, p, perSample, gradE, gradP);
        finite(value, backend, gradE, gradP);
        if (perSample != null) {
          Npy.write(folder.file("per_sample.npy"), perSample);
        }
        Npy.write(folder.file("grad_embeddings.npy"), gradE);
        Npy.write(folder.file("grad_proxies.npy"), gradP);
        if (v != null || u != null) {
          Tensor hvpE = arena.allocate(dtype, e.shape());
          Tensor hvpP = arena.allocate(dtype, p.shape());
          backend.lossHvp(loss.spec(), classes, e, targets, p, v, u, hvpE, hvpP);
          Npy.write(folder.file("hvp_embeddings.npy"), hvpE);
          Npy.write(folder.file("hvp_proxies.npy"), hvpP);
        }
        JsonFile.write(folder.file("loss.json"), json(loss, value, dtype));
        folder.commit(RESULTS);
        spec.commandLine()
            .getOut()
            .printf(Locale.ROOT, "%s %s, %d samples: %s%n", name, value.loss(), e.dim(0), out);
      }
    }
    return 0;
  }

  private List<String> results(Loss loss) {
    List<String> names = new ArrayList<>(RESULTS);
    names.removeIf(
        n ->
            n.startsWith("hvp") && hvpEmbeddings == null && hvpProxies == null
                || n.startsWith("per") && !loss.decomposes());
    return names;
  }

  private long classes(Loss loss, Tensor e, Tensor p) {
    if (p.dim(1) != e.dim(1)) {
      throw Text.wrong(
          "%s: has %s columns, but %s has %s; both must have the embedding's width",
          proxies, p.dim(1), embeddings, e.dim(1));
    }
    return ArrayFiles.classes(proxies, p, "rows", loss);
  }

  private Targets targets(ArrayFiles files, Loss loss, Tensor e, long classes) {
    Tensor y = files.labels(labels, embeddings, e.dim(0));
    ArrayFiles.checkProxies(
        labels, y, proxies, classes, "add its rows, or number the classes from 0 without gaps");
    Tensor w = null;
    if (weights != null) {
      w = files.nonNegative(weights, e.dtype(), "a weight per row of the embeddings", e.dim(0));
    }
    Tensor t = null;
    if (softLabels != null) {
      if (!loss.acceptsSoftLabels()) {
        throw new InputException(
            "--soft-labels: "
                + name
                + " with these parameters has no soft-label form; leave it out");
      }
      t =
          files.nonNegative(
              softLabels, e.dtype(), "a weight per sample and class", e.dim(0), classes);
    }
    return new Targets(y, w, t);
  }

  private static Tensor direction(ArrayFiles files, Path file, String of, Tensor like) {
    return files.exactly(file, like.dtype(), "the shape of the " + of, like.shape().dims());
  }

  private void finite(LossValue value, Backend backend, Tensor gradE, Tensor gradP) {
    if (!Double.isFinite(value.loss())
        || backend.findNonFinite(gradE) >= 0
        || backend.findNonFinite(gradP) >= 0) {
      throw Text.wrong(
          "%s: %s overflows on these values; scale the vectors or the parameters down,"
              + " or use --dtype float64",
          embeddings, name);
    }
  }

  private JsonObject json(Loss loss, LossValue value, DType dtype) {
    JsonObject json = new JsonObject();
    json.addProperty("loss", value.loss());
    json.addProperty("name", loss.name());
    json.add("params", JsonFile.gson().toJsonTree(loss.params()));
    json.addProperty("decomposes", loss.decomposes());
    json.addProperty("empty", value.empty());
    json.addProperty("dtype", ElementType.name(dtype));
    json.addProperty("version", Version.text());
    return json;
  }
}
