package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The map of a trained head, of a run folder or a file of its own, checked; its tensors belong to
 * the arena that was given. Immutable.
 *
 * @param file where it was read
 * @param weight [d, D]
 * @param bias [d], of the same type, or null
 */
public record HeadFile(Path file, Tensor weight, Tensor bias) {
  private static final String NAME = "head.safetensors";
  private static final String REMEDY = "give a head.safetensors that 'train' wrote";

  /**
   * @param head the file, or the run folder that holds one
   * @throws InputException one sentence, if there is none, or it cannot be used
   */
  public static HeadFile read(Path head, Backend backend, Arena arena) {
    Path file = Files.isDirectory(head) ? head.resolve(NAME) : head;
    if (Files.isDirectory(head) && !Files.exists(file)) {
      throw new InputException(
          head
              + ": holds no "
              + NAME
              + (Files.exists(head.resolve("config.json"))
                  ? "; its training has not finished an epoch: go on with train --resume"
                  : "; name a run folder of 'train'"));
    }
    Map<String, Tensor> tensors = Safetensors.read(file, arena);
    Tensor weight = finite(backend, file, tensors, "weight", 2);
    Tensor bias = tensors.containsKey("bias") ? finite(backend, file, tensors, "bias", 1) : null;
    if (bias != null && (bias.size() != weight.dim(0) || bias.dtype() != weight.dtype())) {
      throw new InputException(
          file + ": bias is " + bias + " for a weight " + weight + "; save the head again");
    }
    return new HeadFile(file, weight, bias);
  }

  private static Tensor finite(
      Backend backend, Path file, Map<String, Tensor> tensors, String name, int rank) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InputException(file + ": has no tensor \"" + name + "\"; " + REMEDY);
    }
    if (tensor.shape().rank() != rank || tensor.size() == 0 || !tensor.dtype().isFloat()) {
      throw new InputException(file + ": " + name + " is " + tensor + "; " + REMEDY);
    }
    long bad = backend.findNonFinite(tensor);
    if (bad >= 0) {
      throw Text.wrong(
          "%s: %s is %s at %s; train the head again",
          file, name, tensor.at(bad), ArrayFiles.place(bad, tensor.shape()));
    }
    return tensor;
  }

  /** Its element type, which features must have. */
  public DType dtype() {
    return weight.dtype();
  }

  /**
   * Embeddings of rows, not normalised.
   *
   * @param from where the rows are from, for messages
   * @param x [N, D]
   * @return [N, d], of {@code arena}
   * @throws InputException if the rows have another width, or an embedding is not finite
   */
  public Tensor embed(Path from, Tensor x, Backend backend, Arena arena) {
    FeatureOrigin.checkHead(file, from);
    if (x.dim(1) != weight.dim(1)) {
      throw Text.wrong(
          "%s: has %s columns, but the head %s takes %s; use the features that it was"
              + " trained on",
          from, x.dim(1), file, weight.dim(1));
    }
    Tensor embeddings = arena.allocate(dtype(), x.dim(0), weight.dim(0));
    backend.embed(x, new HeadTensors(weight, bias, null), embeddings);
    long beyond = backend.findNonFinite(embeddings);
    if (beyond >= 0) {
      throw Text.wrong(
          "%s: row %s has an embedding that %s cannot hold; scale the features as"
              + " those that the head was trained on",
          from, beyond / weight.dim(0), dtype() == DType.F32 ? "float32" : "float64");
    }
    return embeddings;
  }
}
