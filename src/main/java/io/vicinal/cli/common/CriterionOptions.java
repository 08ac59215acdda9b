package io.vicinal.cli.common;

import io.vicinal.loss.Compat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** The parameters of a loss, a miner with its own, and the defects of both. */
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

  @Option(
      names = "--compat",
      paramLabel = "NAMES",
      description = {
        "Reproduce defects of other code, of the loss or the miner, separated by commas; 'vicinal list",
        "compat' has them. The output says so."
      })
  private String compat;

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

  /** The defects that are reproduced, mostly none. */
  public List<Compat> defects() {
    return compat == null ? List.of() : Compat.parse(compat);
  }
}
