package io.vicinal.cli.common;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** A batch of embeddings with classes. For one thread. */
public class BatchOptions {
  /** [B, d]. */
  @Option(names = "--embeddings", required = true, paramLabel = "E.npy", description = "[B, d].")
  public Path embeddings;

  /** [B]. */
  @Option(
      names = "--labels",
      required = true,
      paramLabel = "y.npy",
      description = "[B], the class of each: integers from 0.")
  public Path labels;

  /** Whether embeddings are divided by their lengths first. */
  @Option(
      names = "--normalize",
      description = "Divide embeddings by their lengths first; gradients stay of those given.")
  public boolean normalize;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Compute in float32 or float64; default: the type of the embeddings.")
  private ElementType type;

  /** The type to compute in, null for that of the embeddings. */
  public DType type() {
    return type == null ? null : type.dtype();
  }

  /** What reads the arrays of the batch, and those beside it. */
  public ArrayFiles files(Arena arena, Backend backend) {
    return new ArrayFiles(arena, backend).beside(labels).wider("use --dtype float64");
  }
}
