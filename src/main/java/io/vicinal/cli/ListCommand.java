package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.data.dataset.DatasetFormat;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.image.ImageRecipe;
import io.vicinal.data.image.PixelScale;
import io.vicinal.loss.Compat;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.nn.network.Modifier;
import io.vicinal.nn.network.Network;
import io.vicinal.nn.network.NetworkProgram;
import io.vicinal.nn.network.Networks;
import io.vicinal.retrieval.MetricCompat;
import io.vicinal.retrieval.MetricId;
import io.vicinal.retrieval.MetricKind;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling;
import io.vicinal.sample.Sampling.Need;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal list}: what can be named in arguments and configurations. */
@Command(
    name = "list",
    header = "Show every loss, miner, metric, sampler, optimiser and schedule with its parameters.",
    description = {
      "",
      "For writing a configuration or an argument: the names, the parameters with their defaults,",
      "and what is computed.",
      ""
    },
    footer = {"", "Example:", "  vicinal list losses"})
final class ListCommand implements Callable<Integer> {
  private static final String CONFIGURED = "loss.name and loss.PARAMETER in a configuration";
  private static final String SOURCE = "source: ";
  private static final int WIDTH = 90;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "WHAT",
      description =
          "losses, compat, miners, metrics, samplers, optimizers, schedules, datasets,"
              + " transforms or networks; default: all.")
  private String what;

  private PrintWriter out;

  @Override
  public Integer call() {
    out = spec.commandLine().getOut();
    Map<String, Runnable> parts = new LinkedHashMap<>();
    parts.put("losses", this::losses);
    parts.put("compat", this::compat);
    parts.put("miners", this::miners);
    parts.put("metrics", this::metrics);
    parts.put("samplers", this::samplers);
    parts.put("optimizers", this::optimizers);
    parts.put("schedules", this::schedules);
    parts.put("datasets", this::datasets);
    parts.put("transforms", this::transforms);
    parts.put("networks", this::networks);
    if (what == null) {
      parts.values().forEach(Runnable::run);
    } else if (parts.containsKey(what)) {
      parts.get(what).run();
    } else {
      throw new InputException(
          "WHAT: '" + what + "' is unknown; choose " + String.join(", ", parts.keySet()));
    }
    return 0;
  }

  private void losses() {
    title("losses against proxies", CONFIGURED + ", 'vicinal loss NAME'");
    for (String name : Losses.names()) {
      Loss loss = Losses.create(name);
      entry(
          name,
          params(loss.params()),
          loss.formula(),
          "needs: parameter proxies ["
              + (loss.params().containsKey("centers") ? "C*centers" : "C")
              + ", d]"
              + (loss.acceptsSoftLabels() ? "; takes soft labels" : ""),
          SOURCE + loss.source(),
          compat(Compat.Kind.LOSS, name));
    }
    title("losses of a batch", CONFIGURED + ", 'vicinal loss NAME'");
    note(
        "x are embeddings as given, a an anchor, p another sample of its class, n one of another"
            + " class, d a Euclidean distance, s an inner product; [.]+ = max(., 0),"
            + " LSE+ = log(1 + sum exp); the mean of nothing is 0.");
    for (String name : TupleLosses.names()) {
      TupleLoss loss = TupleLosses.create(name, Map.of());
      TupleLoss.Facts facts = TupleLosses.facts(loss);
      entry(
          name,
          params(TupleLosses.params(loss)),
          facts.formula(),
          "needs: " + needs(loss, facts),
          SOURCE + facts.source(),
          compat(Compat.Kind.LOSS, name));
    }
  }

  private static String needs(TupleLoss loss, TupleLoss.Facts facts) {
    StringJoiner needs = new StringJoiner("; ");
    if (facts.tuples().length == 0) {
      needs.add("the whole batch");
    } else {
      needs.add(
          "all tuples of the batch, or given "
              + Arrays.stream(facts.tuples())
                  .map(ListCommand::shape)
                  .collect(Collectors.joining(" or ")));
    }
    Stream.concat(loss.learned().stream(), loss.given().stream())
        .map(one -> "parameter " + one.name() + " [" + String.join(", ", one.sizes()) + "]")
        .forEach(needs::add);
    return needs.toString();
  }

  private static String compat(Compat.Kind kind, String name) {
    return Arrays.stream(Compat.values())
        .filter(one -> one.kind() == kind && one.owner().equals(name))
        .map(one -> "--compat " + one.id() + ": " + one.text())
        .collect(Collectors.joining("; "));
  }

  private void compat() {
    title(
        "defects of known code, by name",
        "loss.compat and miner.compat in a configuration, --compat of 'vicinal loss', 'mine' and"
            + " 'train'; those of metrics are with them");
    for (Compat one : Compat.values()) {
      String params =
          one.params().entrySet().stream()
              .map(param -> param.getKey() + "=" + param.getValue())
              .sorted()
              .collect(Collectors.joining("  "));
      entry(one.id(), params, one.text(), "of: " + one.ofWhat());
    }
  }

  private static String params(Map<String, Object> params) {
    return params.entrySet().stream()
        .map(param -> param.getKey() + "=" + param.getValue())
        .collect(Collectors.joining("  "));
  }

  private void miners() {
    title(
        "miners", "miner.name and miner.PARAMETER in a configuration, 'vicinal loss NAME --miner'");
    for (String name : Miners.names()) {
      Miner miner = Miners.create(name, Map.of());
      Miner.Facts facts = Miners.facts(miner);
      entry(
          name,
          params(Miners.params(miner)),
          facts.rule(),
          "yields: " + shape(facts.yields()) + "; needs: embeddings, labels",
          SOURCE + facts.source(),
          compat(Compat.Kind.MINER, name));
    }
  }

  private static String shape(Tuples tuples) {
    return tuples.name().toLowerCase(Locale.ROOT);
  }

  private void metrics() {
    title("metrics", "evaluate.metrics in a configuration, 'vicinal evaluate --metrics'");
    for (MetricKind metric : MetricKind.values()) {
      MetricId example = metric.example();
      entry(
          metric.pattern(),
          metric.pattern().equals(example.id()) ? "" : "here as " + example.id() + ":",
          example.definition(),
          "needs: " + metric.needs().text(),
          SOURCE + metric.source());
    }
    title("known defects of other code", "'vicinal evaluate --compat'");
    for (MetricCompat compat : MetricCompat.values()) {
      entry(compat.id(), "", compat.text());
    }
  }

  private void samplers() {
    title("samplers", "sampler.name and sampler.PARAMETER in a configuration");
    for (String name : Samplers.names()) {
      Sampling.Facts facts = Samplers.facts(name);
      String needs =
          Arrays.stream(facts.needs()).map(Need::words).collect(Collectors.joining("; "));
      entry(
          name,
          params(Samplers.params(Samplers.create(name, Map.of()))),
          facts.rule(),
          "needs: " + (needs.isEmpty() ? "nothing" : needs),
          facts.source().isEmpty() ? "" : SOURCE + facts.source());
    }
  }

  private void optimizers() {
    title("optimizers", "optimizer.name and optimizer.PARAMETER in a configuration");
    note(
        "groups.NAME overrides for a group of parameters lr (or lrScale), weightDecay, and what of"
            + " eps and momentum the optimizer has; groups.NAME.warmup=EPOCHS lets it wait,"
            + " groups.NAME.clip clips it alone.");
    entry(
        "sgd",
        "lr=0.1  momentum=0.9  nesterov=false  weightDecay=0",
        "as torch.optim.SGD",
        SOURCE + "Sutskever, Martens, Dahl, Hinton, ICML 2013");
    entry(
        "adam",
        "lr=0.001  beta1=0.9  beta2=0.999  eps=1e-8  weightDecay=0",
        "as torch.optim.Adam",
        SOURCE + "Kingma, Ba, arXiv:1412.6980");
    entry(
        "adamw",
        "lr=0.001  beta1=0.9  beta2=0.999  eps=1e-8  weightDecay=0.01",
        "as torch.optim.AdamW: weight decay apart from the gradient; 0.01 of the head unless given,"
            + " and none then of what the loss learns",
        SOURCE + "Loshchilov, Hutter, arXiv:1711.05101");
    entry(
        "rmsprop",
        "lr=0.01  alpha=0.99  eps=1e-8  momentum=0  centered=false  weightDecay=0",
        "as torch.optim.RMSprop",
        SOURCE + "Tieleman, Hinton 2012; centered: Graves, arXiv:1308.0850");
  }

  private void schedules() {
    title("schedules", "schedule.name and schedule.PARAMETER in a configuration");
    note(
        "warmup.steps=N or warmup.epochs=N in front of any of them: a factor that rises on a"
            + " straight line from warmup.from=0.1 to 1.");
    entry("constant", "", "the learning rates stay as they are");
    entry(
        "step",
        "every=N or milestones=[...]  factor=0.1",
        "multiplies the learning rates every N epochs, or after those epochs");
    entry(
        "plateau",
        "patience=4  factor=0.1",
        "multiplies them when the validation metric has not improved for that many evaluations");
    entry(
        "cosine",
        "floor=0  epochs=the run's",
        "lowers them with every step, on half a cosine, to floor times what they were",
        SOURCE + "Loshchilov, Hutter, ICLR 2017, without restarts");
  }

  private void datasets() {
    title("datasets of pictures", "'vicinal dataset PATH --format'");
    note("PATH is of the first of these formats that it looks like, where none is named.");
    for (String name : Datasets.names()) {
      DatasetFormat format = Datasets.create(name, Map.of());
      DatasetFormat.Facts facts = Datasets.facts(format);
      entry(
          name,
          params(Datasets.params(format)),
          facts.layout(),
          facts.source().isEmpty() ? "" : SOURCE + facts.source());
    }
    title("datasets that training knows by name", "data.dataset in a configuration");
    entry(
        "fashion-mnist",
        "folder=/usr/share/datasets/fashion-mnist",
        "60,000 training images of 28 x 28 pixels in ten classes (apt-get install"
            + " dataset-fashion-mnist)");
  }

  private void transforms() {
    title("transforms of pictures", "io.vicinal.data.image.ImageRecipe");
    for (String name : ImageRecipe.names()) {
      entry(name, "", ImageRecipe.named(name).text());
    }
    title("pixels", "io.vicinal.data.image.PixelScale");
    note("(byte * range / 255 - mean) / std, by channel.");
    for (String name : PixelScale.names()) {
      PixelScale scale = PixelScale.named(name);
      entry(
          name,
          (scale.bgr() ? "BGR" : "RGB") + String.format(Locale.ROOT, "  range=%.0f", scale.range()),
          "mean " + shortened(scale.mean()) + ", std " + shortened(scale.std()));
    }
  }

  private void networks() {
    title("networks", "'vicinal network NAME'");
    note(
        "Words behind a name change it, as in resnet50_frozen_normalize. "
            + Stream.of(Modifier.values())
                .map(modifier -> modifier + ": " + modifier.effect())
                .collect(Collectors.joining("; "))
            + ".");
    for (String name : Networks.names()) {
      Network network = Networks.named(name);
      Network.Images images = network.images();
      NetworkProgram program = new NetworkProgram(network, images, Statistics.RUNNING);
      entry(
          name,
          "features=" + program.width(),
          "images of "
              + images.height()
              + " x "
              + images.width()
              + " x "
              + images.channels()
              + "; "
              + Text.count(program.weights(), "weight", "weights"),
          SOURCE + network.source());
    }
  }

  private static String shortened(List<Double> values) {
    return values.stream()
        .map(value -> String.format(Locale.ROOT, "%.4g", value))
        .collect(Collectors.joining(" "));
  }

  private void title(String name, String where) {
    out.println(name + " (" + where + ")");
    out.println();
  }

  private void note(String text) {
    Text.wrap(text, WIDTH).forEach(line -> out.println("  " + line));
    out.println();
  }

  private void entry(String name, String params, String... texts) {
    out.println("  " + name + (params.isEmpty() ? "" : "   " + params));
    for (String text : texts) {
      if (text.isEmpty()) {
        continue;
      }
      Text.wrap(text, WIDTH).forEach(line -> out.println("      " + line));
    }
    out.println();
  }
}
