package io.vicinal.cli.common;

import io.vicinal.data.Names;
import io.vicinal.data.dataset.Dataset;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/** Which splits of a dataset are looked at. For one thread. */
public final class SplitOptions {
  @Option(
      names = "--split",
      split = ",",
      paramLabel = "NAME",
      description = "Only this split, or several with commas.")
  private List<String> splits = List.of();

  /**
   * The samples of these splits; all where none is named.
   *
   * @param path of the dataset, for messages
   */
  public Dataset of(Dataset data, Path path) {
    for (String split : splits) {
      if (!data.splits().contains(split)) {
        throw Text.wrong(
            "--split: '%s' is unknown; choose %s of %s", split, Names.or(data.splits()), path);
      }
    }
    return splits.isEmpty()
        ? data
        : data.subset(
            IntStream.range(0, data.size())
                .filter(id -> splits.contains(data.split(id)))
                .toArray());
  }
}
