package io.vicinal.cli.loss;

import io.vicinal.cli.common.BatchOptions;
import io.vicinal.cli.common.CriterionOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.loss.Compat;
import io.vicinal.loss.Compat.Kind;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a batch consists of, and what is asked of it. For one thread. */
final class LossOptions extends BatchOptions {
  /** The learned parameter of a loss against proxies. */
  static final String PROXIES = "proxies";

  /** What directions of the embeddings are called, and their gradients in files. */
  static final String EMBEDDINGS = "embeddings";

  @Option(
      names = "--tuples",
      paramLabel = "T.npy",
      description = {
        "[m, 3], rows of E.npy: anchor, positive, negative; or anchor, other and a sign, 1 for a",
        "positive, 0 or -1 for a negative; or [m, 2], anchor and other, by their labels. Default:",
        "all that there are."
      })
  Path tuples;

  @Mixin private CriterionOptions criterion;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of the miner: the same seed finds the same; default: 0.")
  private Long seed;

  @Option(
      names = "--parameter",
      paramLabel = "NAME=FILE",
      description = "An array that the loss learns or is given, such as proxies; repeatable.")
  private Map<String, Path> parameters = new LinkedHashMap<>();

  @Option(
      names = "--proxies",
      paramLabel = "P.npy",
      description = {
        "The same as --parameter proxies=P.npy. [C, d]; with K centres per class [C*K, d], class c in",
        "rows cK..cK+K-1."
      })
  private Path proxies;

  @Option(
      names = "--weights",
      paramLabel = "w.npy",
      description = "[B], a weight per sample, 0 or more.")
  Path weights;

  @Option(
      names = "--soft-labels",
      paramLabel = "T.npy",
      description = "[B, C], in place of the one-hot labels where the loss allows it.")
  Path softLabels;

  @Option(
      names = "--hvp-embeddings",
      paramLabel = "V.npy",
      description = "[B, d], the direction's part for the embeddings; missing is zero.")
  private Path hvpEmbeddings;

  @Option(
      names = "--direction",
      paramLabel = "NAME=FILE",
      description = {
        "The direction's part for a learned parameter, of its shape; repeatable; missing is zero."
      })
  private Map<String, Path> directions = new LinkedHashMap<>();

  @Option(
      names = "--hvp-proxies",
      paramLabel = "U.npy",
      description = "The same as --direction proxies=U.npy.")
  private Path hvpProxies;

  /** The miner, null for none. */
  Miner miner() {
    if (criterion.miner() == null) {
      if (seed != null || !criterion.minerParams().isEmpty()) {
        throw Text.wrong(
            "--%s: says nothing without a miner; name it with --miner",
            seed == null ? "miner-param" : "seed");
      }
      return null;
    }
    if (tuples != null) {
      throw Text.wrong("--miner: --tuples gives them already; keep one");
    }
    return Miners.create(
        criterion.miner(), Compat.params(criterion.defects(), Kind.MINER, criterion.minerParams()));
  }

  /** What the miner draws from. */
  long seed() {
    return seed == null ? 0 : seed;
  }

  /** The defects that are reproduced, by name; null for none. */
  String compat() {
    List<Compat> defects = criterion.defects();
    return defects.isEmpty() ? null : Compat.ids(defects);
  }

  /** The parameters that are given for a loss, those of defects among them. */
  Map<String, String> params(String loss) {
    Map<Kind, String> used = new EnumMap<>(Map.of(Kind.LOSS, loss));
    if (criterion.miner() != null) {
      used.put(Kind.MINER, criterion.miner());
    }
    Compat.check(criterion.defects(), used);
    return Compat.params(criterion.defects(), Kind.LOSS, criterion.params());
  }

  /** The files of learned parameters by name. */
  Map<String, Path> parameters() {
    Map<String, Path> all = new LinkedHashMap<>(parameters);
    put(all, "--parameter", PROXIES, "--proxies", proxies);
    return all;
  }

  /** The files of the direction's parts by name. */
  Map<String, Path> directions() {
    Map<String, Path> all = new LinkedHashMap<>(directions);
    put(all, "--direction", EMBEDDINGS, "--hvp-embeddings", hvpEmbeddings);
    put(all, "--direction", PROXIES, "--hvp-proxies", hvpProxies);
    return all;
  }

  /** How a learned parameter was given, or may be. */
  String optionOf(String parameter) {
    return parameter.equals(PROXIES) && proxies != null ? "--proxies" : "--parameter " + parameter;
  }

  /** The same of a direction's part. */
  String directionOf(String parameter) {
    return parameter.equals(PROXIES) && hvpProxies != null
        ? "--hvp-proxies"
        : "--direction " + parameter;
  }

  private static void put(
      Map<String, Path> all, String option, String name, String same, Path file) {
    if (file != null && all.putIfAbsent(name, file) != null) {
      throw Text.wrong("%s: %s %s=%s says it already; keep one", same, option, name, all.get(name));
    }
  }
}
