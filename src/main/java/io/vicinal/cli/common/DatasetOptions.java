package io.vicinal.cli.common;

import io.vicinal.data.dataset.DatasetFormat;
import io.vicinal.data.dataset.Datasets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** How a dataset is to be read. For one thread. */
public final class DatasetOptions {
  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "Of the dataset, for example cub; default: what the path looks like.")
  private String format;

  @Option(
      names = "--param",
      paramLabel = "KEY=VALUE",
      description = "A parameter of the format; repeatable.")
  private Map<String, String> params = new LinkedHashMap<>();

  /** The parameters as they were given. */
  public Map<String, String> params() {
    return params;
  }

  /** The format that was named, else the one that the path looks like. */
  public DatasetFormat of(Path path) {
    return Datasets.create(format == null ? Datasets.matching(path) : format, params);
  }
}
