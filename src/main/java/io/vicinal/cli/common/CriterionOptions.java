package io.vicinal.cli.common;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The parameters of a loss, and a miner with its own. */
public final class CriterionOptions {
  @Option(
      names = "--param",
      paramLabel = "KEY=VALUE",
      description = "A parameter of the loss; repeatable.")
  private Map<String, String> params = new LinkedHashMap<>();

  @Option(
      names = "--miner",
      paramLabel = "NAME",
      description = {
        "Mine the tuples that a loss of a batch sees; 'vicinal list miners' has the names."
      })
  private String miner;

  @Option(
      names = "--miner-param",
      paramLabel = "KEY=VALUE",
      description = "A parameter of the miner; repeatable.")
  private Map<String, String> minerParams = new LinkedHashMap<>();

  /** The loss's parameters as text. */
  public Map<String, String> params() {
    return params;
  }

  /** The miner's name, null for none. */
  public String miner() {
    return miner;
  }

  /** The miner's parameters as text. */
  public Map<String, String> minerParams() {
    return minerParams;
  }
}
