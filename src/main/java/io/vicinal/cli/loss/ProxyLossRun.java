package io.vicinal.cli.loss;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Text;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A loss against proxies that has kernels of its own. */
final class ProxyLossRun implements LossRun {
  private final Backend backend;
  private final Arena arena;
  private final Loss loss;
  private final Tensor e;
  private final Tensor p;
  private final long classes;
  private final Targets targets;

  ProxyLossRun(
      Backend backend,
      Arena arena,
      ArrayFiles files,
      String name,
      LossOptions options,
      Tensor e,
      Tensor y) {
    this.backend = backend;
    this.arena = arena;
    this.e = e;
    loss = Losses.create(name, options.params(name));
    if (options.miner() != null || options.tuples != null) {
      throw Text.wrong(
          "--%s: %s compares samples with proxies; leave it out",
          options.tuples == null ? "miner" : "tuples", name);
    }
    Path file = proxies(name, options.parameters());
    p = files.matrix(file, e.dtype());
    if (p.dim(1) != e.dim(1)) {
      throw Text.wrong(
          "%s: has %s columns, but %s has %s; both must have the embedding's width",
          file, p.dim(1), options.embeddings, e.dim(1));
    }
    classes = ArrayFiles.classes(file, p, "rows", loss);
    ArrayFiles.checkProxies(
        options.labels,
        y,
        file,
        classes,
        "add its rows, or number the classes from 0 without gaps");
    targets = new Targets(y, weights(files, options), softLabels(files, options));
  }

  private static Path proxies(String loss, Map<String, Path> parameters) {
    for (String name : parameters.keySet()) {
      if (!name.equals(LossOptions.PROXIES)) {
        throw Text.wrong("--parameter %s: %s learns no such thing; it learns proxies", name, loss);
      }
    }
    if (parameters.isEmpty()) {
      throw Text.wrong("--proxies: %s needs them; name P.npy, [C, d], a row per class", loss);
    }
    return parameters.get(LossOptions.PROXIES);
  }

  private Tensor weights(ArrayFiles files, LossOptions options) {
    return options.weights == null
        ? null
        : files.nonNegative(
            options.weights, e.dtype(), "a weight per row of the embeddings", e.dim(0));
  }

  private Tensor softLabels(ArrayFiles files, LossOptions options) {
    if (options.softLabels == null) {
      return null;
    }
    if (!loss.acceptsSoftLabels()) {
      throw new InputException(
          "--soft-labels: "
              + loss.name()
              + " with these parameters has no soft-label form; leave it out");
    }
    return files.nonNegative(
        options.softLabels, e.dtype(), "a weight per sample and class", e.dim(0), classes);
  }

  @Override
  public Map<String, Tensor> variables() {
    return named(e, p);
  }

  @Override
  public boolean decomposes() {
    return loss.decomposes();
  }

  @Override
  public Answer value() {
    Tensor perSample = loss.decomposes() ? arena.allocate(e.dtype(), e.dim(0)) : null;
    Tensor gradE = arena.allocate(e.dtype(), e.shape());
    Tensor gradP = arena.allocate(e.dtype(), p.shape());
    LossValue value = backend.loss(loss.spec(), classes, e, targets, p, perSample, gradE, gradP);
    JsonObject facts = new JsonObject();
    facts.add("params", JsonFile.gson().toJsonTree(loss.params()));
    facts.addProperty("empty", value.empty());
    facts.addProperty("decomposes", loss.decomposes());
    return new Answer(value.loss(), facts, named(gradE, gradP), perSample, "");
  }

  @Override
  public Map<String, Tensor> product(Map<String, Tensor> direction) {
    Tensor hvpE = arena.allocate(e.dtype(), e.shape());
    Tensor hvpP = arena.allocate(e.dtype(), p.shape());
    Tensor v = direction.get(LossOptions.EMBEDDINGS);
    Tensor u = direction.get(LossOptions.PROXIES);
    backend.lossHvp(loss.spec(), classes, e, targets, p, v, u, hvpE, hvpP);
    return named(hvpE, hvpP);
  }

  private static Map<String, Tensor> named(Tensor ofEmbeddings, Tensor ofProxies) {
    Map<String, Tensor> both = new LinkedHashMap<>();
    both.put(LossOptions.EMBEDDINGS, ofEmbeddings);
    both.put(LossOptions.PROXIES, ofProxies);
    return both;
  }
}
