package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.retrieval.MetricId;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal list}: what can be named in arguments and configurations. */
@Command(
    name = "list",
    header = "Show every loss, metric, sampler, optimiser and schedule with its parameters.",
    description = {
      "",
      "For writing a configuration or an argument: the names, the parameters with their defaults,",
      "and what is computed.",
      ""
    },
    footer = {"", "Example:", "  vicinal list losses"})
final class ListCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "WHAT",
      description = "losses, metrics, samplers, optimizers, schedules or datasets; default: all.")
  private String what;

  private PrintWriter out;

  @Override
  public Integer call() {
    out = spec.commandLine().getOut();
    Map<String, Runnable> parts = new LinkedHashMap<>();
    parts.put("losses", this::losses);
    parts.put("metrics", this::metrics);
    parts.put("samplers", this::samplers);
    parts.put("optimizers", this::optimizers);
    parts.put("schedules", this::schedules);
    parts.put("datasets", this::datasets);
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
    title("losses", "loss.name and loss.PARAMETER in a configuration, 'vicinal loss NAME'");
    for (String name : Losses.names()) {
      Loss loss = Losses.create(name);
      StringJoiner params = new StringJoiner("  ");
      loss.params().forEach((key, value) -> params.add(key + "=" + value));
      entry(name, params.toString(), loss.formula());
    }
  }

  private void metrics() {
    title("metrics", "evaluate.metrics in a configuration, 'vicinal evaluate --metrics'");
    for (String name : MetricId.names()) {
      MetricId example = MetricId.parse(name.replace("@k", "@10"));
      entry(name, name.equals(example.id()) ? "" : "here with k = 10:", example.definition());
    }
  }

  private void samplers() {
    title("samplers", "sampler.name and sampler.PARAMETER in a configuration");
    entry("random", "batch=128  dropLast=true", "each epoch every sample once, in a fresh order");
    entry(
        "balanced",
        "classes=8  samples=4",
        "each batch has that many classes and that many samples of each");
  }

  private void optimizers() {
    title("optimizers", "optimizer.name and optimizer.PARAMETER in a configuration");
    String groups = "; groups.weight, groups.bias and groups.proxies override lr (or lrScale),";
    entry(
        "sgd",
        "lr=0.1  momentum=0.9  weightDecay=0",
        "as torch.optim.SGD" + groups + " weightDecay");
    entry(
        "adam",
        "lr=0.001  beta1=0.9  beta2=0.999  eps=1e-8  weightDecay=0",
        "Kingma and Ba 2015, as torch.optim.Adam" + groups + " eps, weightDecay");
    entry(
        "adamw",
        "lr=0.001  beta1=0.9  beta2=0.999  eps=1e-8  weightDecay=0.01",
        "Loshchilov and Hutter 2019, as torch.optim.AdamW" + groups + " eps, weightDecay");
  }

  private void schedules() {
    title("schedules", "schedule.name and schedule.PARAMETER in a configuration");
    entry("constant", "", "the learning rates stay as they are");
    entry(
        "step",
        "every=N or milestones=[...]  factor=0.1",
        "multiplies the learning rates every N epochs, or after those epochs");
    entry(
        "plateau",
        "patience=4  factor=0.1",
        "multiplies them when the validation metric has not improved for that many evaluations");
  }

  private void datasets() {
    title("datasets", "data.dataset in a configuration");
    entry(
        "fashion-mnist",
        "folder=/usr/share/datasets/fashion-mnist",
        "60,000 training images of 28 x 28 pixels in ten classes (apt-get install"
            + " dataset-fashion-mnist)");
  }

  private void title(String name, String where) {
    out.println(name + " (" + where + ")");
    out.println();
  }

  private void entry(String name, String params, String text) {
    out.println("  " + name + (params.isEmpty() ? "" : "   " + params));
    for (String line : Text.wrap(text, 90)) {
      out.println("      " + line);
    }
    out.println();
  }
}
