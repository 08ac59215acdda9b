package io.vicinal.cli;

import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import io.vicinal.cli.common.CriterionOptions;
import io.vicinal.cli.common.Interrupted;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.loss.Compat;
import io.vicinal.process.Limits;
import io.vicinal.tensor.HostMemory;
import io.vicinal.train.RunMode;
import io.vicinal.train.TrainResult;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingPlan;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal train}: a run from a configuration. */
@Command(
    name = "train",
    sortOptions = false,
    header = "Train a linear head on features, with a JSON configuration.",
    description = {
      "",
      "The configuration names the data (array files or fashion-mnist), the loss, the optimiser and",
      "the epochs; everything but the data has a default. The run folder receives config.json (all",
      "values, resolved), metrics.jsonl, checkpoint/ and head.safetensors (weight, bias, and what the",
      "loss learns, such as proxies), the best head on the validation part. A run that was killed",
      "goes on with --resume and ends bit for bit as if it had never stopped.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  echo '{\"data\": {\"dataset\": \"fashion-mnist\"}, \"epochs\": 3}' > c.json",
      "  vicinal train --config c.json --run runs/first --set loss.name=cosface",
      "  vicinal train --run runs/first --resume --set epochs=6",
      "  vicinal train --features t.csv --labels t.csv:kind --sample-names t.csv:name --run runs/t",
      "  vicinal train --config c.json --run runs/mined --loss triplet --miner distance",
      "",
      "'vicinal list' shows the losses, samplers, optimisers and schedules; --dry-run shows every",
      "key with its value."
    })
final class TrainCommand implements Callable<Integer> {
  private static final int WIDTH = 96; // of a sentence

  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "c.json",
      description = {
        "The configuration; its relative paths start from its folder. Without one: that of the run",
        "that is resumed or restarted, else the defaults with the data named here. Where other data",
        "are named here, what it says of its own (names, validation files) is left out, and said."
      })
  private Path config;

  @Option(
      names = "--features",
      paramLabel = "X.npy",
      description = {
        "[N, D]: data.features. The same table may hold features, labels and names; FILE.csv takes",
        "its columns of numbers, FILE.csv:A,B,F..K some; FILE.parquet may have a column of lists. Or a",
        "folder of 'features', which has labels and names: its split train, FOLDER:SPLIT for another."
      })
  private String features;

  @Option(
      names = "--labels",
      paramLabel = "y.npy",
      description = "[N], numbers or names, such as FILE.csv:COLUMN: data.labels.")
  private String labels;

  @Option(
      names = "--class-names",
      paramLabel = "LIST",
      description = "What to call class 0, 1, ...: data.classNames.")
  private String classNames;

  @Option(
      names = "--sample-names",
      paramLabel = "LIST",
      description = "What to call the samples, such as FILE.csv:COLUMN: data.sampleNames.")
  private String sampleNames;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description = {
        "The loss with its defaults, in place of the configuration's section loss; 'vicinal list",
        "losses' has the names."
      })
  private String loss;

  @Mixin private CriterionOptions criterion;

  @Option(names = "--run", paramLabel = "DIR", description = "The run folder; made if missing.")
  private Path run;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Replace a value, for example optimizer.lr=0.01; repeatable.")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--dry-run",
      description = "Print the resolved configuration and a memory estimate; train nothing.")
  private boolean dryRun;

  @ArgGroup private Existing existing;

  /** What to do about a run that the folder already holds. */
  private static final class Existing {
    @Option(
        names = "--resume",
        description = "Go on with the folder's run; starts one if there is none.")
    private boolean resume;

    @Option(
        names = "--restart",
        description = "Start over; the folder's old run moves to previous-N inside it.")
    private boolean restart;

    RunMode mode() {
      return resume ? RunMode.RESUME : RunMode.RESTART;
    }
  }

  @Override
  @SuppressWarnings("try") // the interruption is held, not used
  public Integer call() {
    RunConfig resolved = configuration();
    PrintWriter out = spec.commandLine().getOut();
    if (dryRun) {
      if (run != null && existing != null) {
        Trainer.checkData(run, existing.mode(), resolved);
      }
      TrainingPlan plan = TrainingPlan.of(resolved);
      if (run != null) {
        Trainer.checkFolder(run, existing == null ? RunMode.NEW : existing.mode(), plan.config());
      }
      out.println(plan.config().text());
      plan.notes().forEach(spec.commandLine().getErr()::println);
      out.printf(
          Locale.ROOT,
          "%ntraining samples %d, validation samples %d, classes %d, steps per epoch %d%n",
          plan.training(),
          plan.validation(),
          plan.classes(),
          plan.batchesPerEpoch());
      out.println("memory outside the Java heap, estimated:");
      out.print(plan.memory().table());
      Limits.MemoryLimit memory = Limits.ofThisProcess().memory(HostMemory.liveBytes());
      out.println(
          "this process may take " + Limits.text(memory.left()) + ", by " + memory.boundBy());
      out.flush();
      plan.checkMemory();
      return 0;
    }
    if (run == null) {
      throw new InputException("--run: name the run folder, or use --dry-run");
    }
    RunMode mode = existing == null ? RunMode.NEW : existing.mode();
    if (mode == RunMode.NEW && Files.exists(run.resolve("config.json"))) {
      throw new InputException(
          run
              + ": already holds a run; go on with --resume, start over with --restart, or name"
              + " another folder");
    }
    try (Interrupted interrupted = new Interrupted(this::howToGoOn);
        TrainingView view = new TrainingView(spec.commandLine())) {
      TrainResult result = Trainer.train(resolved, run, mode, view);
      view.finish();
      report(out, result, view.trained());
      Stream.of(resolved.loss().compat(), resolved.miner().compat())
          .flatMap(List::stream)
          .forEach(
              one -> out.println("compat " + one.id() + ": " + one.ofWhat() + " " + one.text()));
    }
    return 0;
  }

  /** The command that resumes this run; empty while there is nothing to resume. */
  private String howToGoOn() {
    if (!Files.exists(run.resolve("config.json"))) {
      return "";
    }
    return "vicinal train: interrupted; go on with 'vicinal train --run "
        + Text.quoted(run.toString())
        + " --resume'";
  }

  private RunConfig configuration() {
    List<String> replaced = new ArrayList<>();
    replace("features", features, replaced);
    replace("labels", labels, replaced);
    replace("classNames", classNames, replaced);
    replace("sampleNames", sampleNames, replaced);
    replaceNamed("loss", loss, criterion.params(), replaced);
    replaceNamed("miner", criterion.miner(), criterion.minerParams(), replaced);
    for (Compat.Kind kind : Compat.Kind.values()) {
      List<Compat> of = criterion.defects().stream().filter(one -> one.kind() == kind).toList();
      if (!of.isEmpty()) {
        replaced.add(kind.section() + ".compat=" + Compat.ids(of));
      }
    }
    replaced.addAll(overrides);
    Path own = existing == null || run == null ? null : run.resolve("config.json");
    boolean goesOn = own != null && Files.exists(own);
    if (config != null || goesOn) {
      Path file = config != null ? config : own;
      return goesOn && existing.resume // with the data of the run, or not at all
          ? ConfigParser.parse(file, replaced)
          : ConfigParser.parse(file, replaced, spec.commandLine().getErr()::println);
    }
    if (replaced.stream().noneMatch(value -> value.startsWith("data."))) {
      throw new InputException(
          (own == null ? "" : run + ": holds no run, so ")
              + "name the data: --features and --labels, or a configuration with --config"
              + (run == null || existing != null || !Files.exists(run.resolve("config.json"))
                  ? ""
                  : "; " + run + " holds a run, which --resume goes on with"));
    }
    return ConfigParser.parse("{}", "--set", Path.of("").toAbsolutePath(), replaced);
  }

  /** A section that names something, and the parameters of that. */
  private static void replaceNamed(
      String section, String name, Map<String, String> params, List<String> overrides) {
    if (name != null) {
      overrides.add(section + "={\"name\": " + new JsonPrimitive(name) + "}");
    }
    params.forEach((key, value) -> overrides.add(section + "." + key + "=" + value));
  }

  private static void replace(String key, String value, List<String> overrides) {
    if (value != null) {
      overrides.add("data." + key + "=" + new JsonPrimitive(value));
    }
  }

  private static void report(PrintWriter out, TrainResult result, boolean trained) {
    out.printf(
        Locale.ROOT,
        "%s%d epochs, %d steps%s%n",
        trained ? "" : "nothing was trained now; the run has ",
        result.epochs(),
        result.steps(),
        result.stoppedEarly() ? ", stopped early: validation no longer improved" : "");
    if (!result.validation().isEmpty()) {
      Table table = new Table("validation, %", "raw features", "epoch " + result.bestEpoch());
      Map<String, Double> raw = result.report().rawFeatures();
      result
          .validation()
          .forEach(
              (id, value) ->
                  table.row(
                      id, Text.percent(raw.getOrDefault(id, Double.NaN)), Text.percent(value)));
      table.print(out);
    }
    out.println("head: " + result.head());
    if (result.report() != null && !result.report().comparison().isEmpty()) {
      Text.wrap(result.report().comparison(), WIDTH).forEach(out::println);
    }
  }
}
