package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.Names;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** A batch of embeddings with classes. For one thread. */
public class BatchOptions {
  /** [B, d]. */
  @Option(
      names = "--embeddings",
      required = true,
      paramLabel = "E.npy",
      description =
          "[B, d]; or a folder of 'features', FOLDER:SPLIT for a part of it, with its labels.")
  public Path embeddings;

  /** [B]. */
  @Option(
      names = "--labels",
      paramLabel = "y.npy",
      description = "[B], the class of each: integers from 0, or names.")
  public Path labels;

  /** What to call the samples, or null. */
  @Option(
      names = "--sample-names",
      paramLabel = "LIST",
      description = {
        "What to call the samples in tables: a .txt with a name a line, or FILE.csv:COLUMN; known of",
        "a folder of 'features'."
      })
  private Path sampleNames;

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

  /** What the samples are called, or none. */
  public Names samples(long count) {
    return Names.read(FeatureFolder.or(sampleNames, embeddings, labels), count, "samples");
  }

  /** What reads the arrays of the batch, and those beside it. */
  public ArrayFiles files(Arena arena, Backend backend) {
    labels = FeatureFolder.or(labels, embeddings);
    if (labels == null) {
      throw new InputException("--labels: is missing; give one label per row of " + embeddings);
    }
    return new ArrayFiles(arena, backend).beside(labels).wider("use --dtype float64");
  }
}
