package io.vicinal.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.retrieval.KMeans;
import io.vicinal.retrieval.MetricId;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
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
      "",
      "'vicinal list metrics' shows every metric with its definition."
    })
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--embeddings", required = true, paramLabel = "E.npy", description = "[N, d].")
  private Path embeddings;

  @Option(
      names = "--labels",
      required = true,
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

  @Mixin private DeviceOptions device;

  @Option(names = "--out", paramLabel = "metrics.json", description = "Where the JSON goes.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    EvaluationOptions options =
        new EvaluationOptions(MetricId.parseList(metrics), normalize, method(), true);
    if ((gallery == null) != (galleryLabels == null)) {
      throw new InputException(
          (gallery == null ? "--gallery-embeddings" : "--gallery-labels")
              + ": is missing; a gallery is a pair of files");
    }
    try (OutputFile written = out == null ? null : new OutputFile(out, outputs, ".json");
        Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = new ArrayFiles(arena, backend).beside(labels, galleryLabels);
      Tensor e = files.matrix(embeddings, null);
      Names given = Names.read(classNames);
      Labels own = files.labels(labels, embeddings, e.dim(0), given);
      Names names = own.classes().known() ? own.classes() : given;
      Tensor y = own.ids();
      Tensor g = gallery == null ? null : files.matrix(gallery, null);
      Tensor gy = null;
      if (g != null) {
        Labels others = files.labels(galleryLabels, gallery, g.dim(0), names);
        boolean texts = own.classes().known();
        if (texts != others.classes().known() && !given.known()) {
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
      checkNames(given, y);
      check(options, e, g);
      Evaluation evaluation = evaluate(backend, e, y, g, gy, options);
      CommandLine line = spec.commandLine();
      PrintWriter console = written == null ? line.getOut() : written.console(line);
      print(console, evaluation, names); // first: a file that cannot be written costs no result
      if (written != null) {
        LongStream all = LongStream.of(y.toLongs());
        long classes =
            (gy == null ? all : LongStream.concat(all, LongStream.of(gy.toLongs())))
                .distinct()
                .count();
        JsonFile.write(written.path(), json(evaluation, e, g, names, classes));
        written.commit();
        console.println("written: " + out);
      }
    }
    return 0;
  }

  private void checkNames(Names given, Tensor ids) {
    long most = LongStream.of(ids.toLongs()).max().orElse(0);
    if (given.known() && most >= given.size()) {
      throw Text.wrong(
          "%s: %s names, but label %s occurs; give a name for every class from 0",
          classNames, given.size(), most);
    }
  }

  private EvaluationOptions.Method method() {
    return switch (method) {
      case "ranks" -> EvaluationOptions.Method.RANKS;
      case "neighbours" -> EvaluationOptions.Method.NEIGHBOURS;
      default ->
          throw new InputException(
              "--method: '" + method + "' is unknown; choose ranks or neighbours");
    };
  }

  private void check(EvaluationOptions options, Tensor e, Tensor g) {
    if (g != null && g.dim(1) != e.dim(1)) {
      throw Text.wrong(
          "%s: has %s columns, but %s has %s; embed both with the same head",
          gallery, g.dim(1), embeddings, e.dim(1));
    }
    long available = g == null ? e.dim(0) - 1 : g.dim(0);
    for (MetricId id : options.metrics()) {
      if (id.k() > available) {
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
      String said =
          failure
              .getMessage()
              .replaceFirst("^gallery embeddings: ", gallery + ": ")
              .replaceFirst("^embeddings: ", embeddings + ": ")
              .replaceFirst("^labels: ", labels + ": ");
      throw new InputException(said, failure);
    }
  }

  private JsonObject json(Evaluation evaluation, Tensor e, Tensor g, Names names, long count) {
    JsonObject json = new JsonObject();
    json.add("values", JsonFile.tree(evaluation.values()));
    json.add("definitions", JsonFile.gson().toJsonTree(evaluation.definitions()));
    json.add("counts", JsonFile.gson().toJsonTree(evaluation.counts()));
    json.addProperty("protocol", g == null ? "same-set" : "query-gallery");
    json.addProperty("distance", "l2");
    json.addProperty("normalize", normalize);
    json.addProperty("dtype", ElementType.name(e.dtype()));
    json.addProperty("gallery", g == null ? e.dim(0) : g.dim(0));
    json.addProperty("width", e.dim(1));
    if (evaluation.values().keySet().stream()
        .anyMatch(id -> MetricId.parse(id).kind().isClustering())) {
      JsonObject recipe = new JsonObject();
      long rows = e.dim(0) + (g == null ? 0 : g.dim(0));
      recipe.addProperty("method", "k-means, FAISS");
      recipe.addProperty("clusters", count);
      recipe.addProperty("iterations", KMeans.ITERATIONS);
      recipe.addProperty("starts", KMeans.starts(rows, count));
      recipe.addProperty("kept", "the start with the lowest sum of squares within clusters");
      recipe.addProperty("seed", KMeans.SEED);
      json.add("clustering", recipe);
    }
    JsonArray classes = new JsonArray();
    for (Evaluation.PerClass one : evaluation.perClass()) {
      JsonObject entry = new JsonObject();
      entry.addProperty("label", one.label());
      if (names.get(one.label()) != null) {
        entry.addProperty("name", names.get(one.label()));
      }
      entry.addProperty("queries", one.queries());
      entry.addProperty("lone", one.lone());
      entry.add("values", JsonFile.tree(one.values()));
      classes.add(entry);
    }
    json.add("per_class", classes);
    JsonObject versions = new JsonObject();
    versions.addProperty("vicinal", Version.text());
    versions.addProperty("faiss", FaissLibrary.version());
    json.add("versions", versions);
    return json;
  }

  private void print(PrintWriter writer, Evaluation evaluation, Names names) {
    Table table = new Table("metric", "%");
    evaluation.values().forEach((id, value) -> table.row(id, Text.percent(value)));
    table.print(writer);
    Evaluation.Counts counts = evaluation.counts();
    writer.printf(
        Locale.ROOT,
        "%n%d queries, %d without a relevant row (in no mean), %d with ties%n",
        counts.queries(),
        counts.lone(),
        counts.tied());
    if (perClass) {
      writer.println();
      printClasses(writer, evaluation, names);
    }
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
