package io.vicinal.cli.evaluate;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.retrieval.Answers;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.EvaluationOptions.Method;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.retrieval.MetricCompat;
import io.vicinal.retrieval.MetricId;
import io.vicinal.retrieval.MetricSettings;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal evaluate}: retrieval metrics of embeddings. */
@Command(
    name = "evaluate",
    sortOptions = false,
    header = "Measure how well embeddings retrieve rows of the same class.",
    description = {
      "",
      "Every row is a query in the set itself (its own row left out by id), or in a gallery of its",
      "own. Distances are Euclidean; with --normalize of unit vectors, which orders as the cosine",
      "does. Exact: equal distances are ordered by lower row and counted, queries without any",
      "relevant row are counted and enter no mean. Memory does not grow with rows times rows.",
      "",
      "Prints a table in percent and writes fractions with definitions and counts as JSON.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal evaluate --embeddings E.npy --labels y.npy --normalize \\",
      "      --metrics r@1,r@10,map@r,nmi --out metrics.json",
      "  vicinal evaluate --embeddings E.npy --labels y.npy --normalize --threshold-fmr 1e-3 \\",
      "      --validation-embeddings V.npy --validation-labels vy.npy",
      "",
      "'vicinal list metrics' shows every metric with its definition."
    })
public final class EvaluateCommand implements Callable<Integer> {
  private static final int SHOWN = 6; // of a metric that is several numbers

  @Spec private CommandSpec spec;

  @Option(
      names = "--embeddings",
      required = true,
      paramLabel = "E.npy",
      description = {
        "[N, d]; or a folder of 'features', which has labels and names: its split test, its queries",
        "in its gallery if the split has these; FOLDER:SPLIT for another."
      })
  private Path embeddings;

  @Option(
      names = "--labels",
      paramLabel = "y.npy",
      description = "[N], integers from 0, or names of classes.")
  private Path labels;

  @Option(
      names = "--gallery-embeddings",
      paramLabel = "G.npy",
      description = "[G, d]: search in these rows instead of in the set itself.")
  private Path gallery;

  @Option(names = "--gallery-labels", paramLabel = "gy.npy", description = "[G].")
  private Path galleryLabels;

  @Option(
      names = "--class-names",
      paramLabel = "LIST",
      description = {
        "What to call class 0, 1, ...: a .txt with a name a line, or FILE.csv:COLUMN. Labels that",
        "are texts are names themselves."
      })
  private Path classNames;

  @Option(names = "--normalize", description = "Compare unit vectors.")
  private boolean normalize;

  @Option(
      names = "--metrics",
      paramLabel = "IDS",
      defaultValue = EvaluationOptions.DEFAULT_METRICS,
      description = "Separated by commas; default: ${DEFAULT-VALUE}.")
  private String metrics;

  @Option(
      names = "--per-class",
      description = "Print a row per class too (the JSON always has it).")
  private boolean perClass;

  @Option(
      names = "--method",
      paramLabel = "HOW",
      defaultValue = "ranks",
      description = "ranks (count who is closer) or neighbours (FAISS lists); the values agree.")
  private String method;

  @Mixin private MetricOptions given;

  @Mixin private ThresholdOptions threshold;

  @Option(
      names = "--out-uncertain",
      paramLabel = "U.csv",
      description = {
        "Write the least and the most certain rows, by --uncertainty or else by the norm (small is",
        "uncertain), with their nearest row by cosine and whether it is of their class."
      })
  private Path uncertain;

  @Option(
      names = "--uncertain-count",
      paramLabel = "N",
      defaultValue = "10",
      description = "Rows of either kind; default: ${DEFAULT-VALUE}.")
  private int uncertainCount;

  @Option(
      names = "--sample-names",
      paramLabel = "LIST",
      description = "What to call the rows there, as --class-names.")
  private Path sampleNames;

  @Mixin private DeviceOptions device;

  @Option(names = "--out", paramLabel = "metrics.json", description = "Where the JSON goes.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    samples();
    FeatureOrigin.check(embeddings, gallery);
    if ((gallery == null) != (galleryLabels == null)) {
      throw new InputException(
          (gallery == null ? "--gallery-embeddings" : "--gallery-labels")
              + ": is missing; a gallery is a pair of files");
    }
    if (uncertainCount < 1) {
      throw new InputException("--uncertain-count: must be at least 1, got " + uncertainCount);
    }
    List<MetricId> ids = MetricId.parseList(metrics);
    Method how = method();
    Set<MetricCompat> compat = given.compat();
    boolean point = threshold.wanted();
    try (OutputFile written = out == null ? null : new OutputFile(out, outputs, ".json");
        OutputFile list = uncertain == null ? null : new OutputFile(uncertain, outputs, ".csv");
        Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = new ArrayFiles(arena, backend).beside(labels, galleryLabels);
      Tensor e = files.matrix(embeddings, null);
      Names namesGiven = Names.read(classNames);
      Labels own = files.labels(labels, embeddings, e.dim(0), namesGiven);
      Names names = own.classes().known() ? own.classes() : namesGiven;
      Tensor y = own.ids();
      Tensor g = gallery == null ? null : files.matrix(gallery, null);
      Tensor gy = null;
      if (g != null) {
        Labels others = files.labels(galleryLabels, gallery, g.dim(0), names);
        boolean texts = own.classes().known();
        if (texts != others.classes().known() && !namesGiven.known()) {
          throw new InputException(
              galleryLabels
                  + ": these labels are "
                  + (texts ? "numbers and those of " : "names and those of ")
                  + labels
                  + (texts ? " are names" : " are numbers")
                  + "; give both alike, or the names of the classes with --class-names");
        }
        gy = others.ids();
        names = others.classes().known() ? others.classes() : names;
      }
      checkNames(namesGiven, y);
      checkDepths(ids, compat, e, g);
      Names samples = Names.read(sampleNames, e.dim(0), "rows");
      Path found = gallery == null ? null : FeatureFolder.or(null, gallery, galleryLabels);
      Names searched = g == null ? samples : Names.read(found, g.dim(0), "gallery rows");
      MetricSettings settings = given.read(files, embeddings, e.dim(0));
      ThresholdOptions.ChosenOn chosenOn =
          threshold.read(files, new ThresholdOptions.ChosenOn(e, y, embeddings, labels));
      EvaluationOptions options = new EvaluationOptions(ids, normalize, how, true, settings);
      Evaluation evaluation = evaluate(backend, e, y, g, gy, options);
      ThresholdOptions.Result at =
          point ? threshold.run(backend, chosenOn, e, y, g, gy, normalize) : null;
      CommandLine line = spec.commandLine();
      PrintWriter console = written == null ? line.getOut() : written.console(line);
      print(console, evaluation, names, compat); // first: a failing file costs no result
      int without = FeatureOrigin.leftOut(embeddings, gallery);
      if (without > 0) {
        console.println(FeatureOrigin.leftOutText(without));
      }
      if (at != null) {
        ThresholdOptions.print(console, at, embeddings);
      }
      if (list != null) {
        UncertainRows.write(
            list.path(),
            Answers.of(backend, e, y, g, gy, normalize),
            settings.uncertainty(),
            y.toLongs(),
            names,
            samples,
            searched,
            uncertainCount);
        list.commit();
        console.println("written: " + uncertain);
      }
      if (written != null) {
        LongStream all = LongStream.of(y.toLongs());
        long classes =
            (gy == null ? all : LongStream.concat(all, LongStream.of(gy.toLongs())))
                .distinct()
                .count();
        JsonObject json = EvaluationJson.of(evaluation, e, g, names, classes, options);
        if (at != null) {
          json.add("threshold", ThresholdOptions.json(at));
        }
        json.addProperty("left_out", without);
        JsonFile.write(written.path(), json);
        written.commit();
        console.println("written: " + out);
      }
    }
    return 0;
  }

  /** What a folder of features says of its samples. */
  private void samples() {
    embeddings = FeatureFolder.measured(embeddings);
    if (labels == null && gallery == null && FeatureFolder.queries(embeddings) != null) {
      gallery = FeatureFolder.gallery(embeddings);
      embeddings = FeatureFolder.queries(embeddings);
    }
    labels = FeatureFolder.or(labels, embeddings);
    if (labels == null) {
      throw new InputException("--labels: is missing; give one label per row of " + embeddings);
    }
    galleryLabels = FeatureFolder.or(galleryLabels, gallery);
    sampleNames = FeatureFolder.or(sampleNames, embeddings, labels);
    if (gallery == null && FeatureFolder.queries(labels) != null) {
      spec.commandLine()
          .getErr()
          .println(
              "note: "
                  + labels
                  + " has queries and a gallery, and here all rows are both; give the two apart with"
                  + " --embeddings, --gallery-embeddings and their labels, "
                  + FeatureFolder.queries(labels)
                  + " and "
                  + FeatureFolder.gallery(labels));
    }
  }

  private void checkNames(Names names, Tensor ids) {
    long most = LongStream.of(ids.toLongs()).max().orElse(0);
    if (names.known() && most >= names.size()) {
      throw Text.wrong(
          "%s: %s names, but label %s occurs; give a name for every class from 0",
          classNames, names.size(), most);
    }
  }

  private Method method() {
    return switch (method) {
      case "ranks" -> Method.RANKS;
      case "neighbours" -> Method.NEIGHBOURS;
      default ->
          throw new InputException(
              "--method: '" + method + "' is unknown; choose ranks or neighbours");
    };
  }

  private void checkDepths(List<MetricId> ids, Set<MetricCompat> compat, Tensor e, Tensor g) {
    if (g != null && g.dim(1) != e.dim(1)) {
      throw Text.wrong(
          "%s: has %s columns, but %s has %s; embed both with the same head",
          gallery, g.dim(1), embeddings, e.dim(1));
    }
    long available = g == null ? e.dim(0) - 1 : g.dim(0);
    for (MetricId id : ids) {
      if (!MetricCompat.pads(compat, id) && id.k() > available) {
        throw Text.wrong(
            "--metrics: %s needs %s gallery rows, but a query can retrieve only %s of"
                + " %s; lower k",
            id, id.k(), available, g == null ? embeddings : gallery);
      }
    }
  }

  /** The library names its arguments; here they have files. */
  private Evaluation evaluate(
      Backend backend, Tensor e, Tensor y, Tensor g, Tensor gy, EvaluationOptions options) {
    try {
      return new Evaluator(backend).evaluate(e, y, g, gy, options);
    } catch (InputException failure) {
      String said = failure.getMessage();
      said = named(said, "gallery embeddings", gallery);
      said = named(said, "embeddings", embeddings);
      said = named(said, "labels", labels);
      throw new InputException(given.named(said), failure);
    }
  }

  /** A message about an argument, of the file that it is from. */
  static String named(String message, String argument, Path file) {
    String start = argument + ": ";
    return message.startsWith(start) ? file + ": " + message.substring(start.length()) : message;
  }

  private void print(
      PrintWriter writer, Evaluation evaluation, Names names, Set<MetricCompat> compat) {
    Table table = new Table("metric", "%");
    Table others = new Table("metric", "value");
    evaluation
        .values()
        .forEach(
            (id, value) -> {
              if (MetricId.parse(id).kind().isFraction()) {
                table.row(id, Text.percent(value));
              } else {
                others.row(id, Double.isFinite(value) ? Text.say("%.6f", value) : "-");
              }
            });
    if (table.rows() > 0) {
      table.print(writer);
    }
    if (others.rows() > 0) {
      writer.print(table.rows() > 0 ? System.lineSeparator() : "");
      others.print(writer);
    }
    evaluation.vectors().forEach((id, values) -> writer.println(id + "  " + first(values)));
    Evaluation.Counts counts = evaluation.counts();
    writer.printf(
        Locale.ROOT,
        "%n%d queries, %d without a relevant row (in no mean), %d with ties%n",
        counts.queries(),
        counts.lone(),
        counts.tied());
    for (MetricCompat one : compat) {
      writer.println("compat " + one.id() + ": " + one.text());
    }
    if (perClass) {
      writer.println();
      printClasses(writer, evaluation, names);
    }
  }

  private static String first(List<Double> values) {
    String some =
        values.stream()
            .limit(SHOWN)
            .map(value -> Text.say("%.6f", value))
            .collect(Collectors.joining("  "));
    return values.size() <= SHOWN
        ? some
        : some + "  ... (" + values.size() + " in all; --out has them)";
  }

  private static void printClasses(PrintWriter writer, Evaluation evaluation, Names names) {
    if (evaluation.perClass().isEmpty()) {
      return;
    }
    List<String> ids =
        evaluation.perClass().stream()
            .flatMap(one -> one.values().keySet().stream())
            .distinct()
            .toList();
    List<String> header = new ArrayList<>(List.of("class", "queries"));
    header.addAll(ids);
    Table table = new Table(header.toArray(String[]::new));
    for (Evaluation.PerClass one : evaluation.perClass()) {
      List<String> row = new ArrayList<>();
      row.add(names.known() ? names.classText(one.label()) : Long.toString(one.label()));
      row.add(Long.toString(one.queries()));
      ids.forEach(id -> row.add(Text.percent(one.values().getOrDefault(id, Double.NaN))));
      table.row(row.toArray(String[]::new));
    }
    table.print(writer);
  }
}
