package io.vicinal.cli.loss;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.Text;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.loss.Losses;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal loss}: one loss on given arrays, with gradients and Hessian-vector products. */
@Command(
    name = "loss",
    sortOptions = false,
    header = "Evaluate a loss on arrays: value, gradients, Hessian-vector products.",
    description = {
      "",
      "For checking another implementation, or for a training loop of your own: the arrays of one",
      "batch go in, exact derivatives to the raw (not normalised) vectors come out.",
      "",
      "Writes to the folder: loss.json, grad_embeddings.npy, grad_NAME.npy for what the loss learns",
      "(proxies, ...), with a direction given hvp_embeddings.npy and hvp_NAME.npy, and per_sample.npy",
      "where the loss is a sum over samples. All of them appear together, or none.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal loss proxy-anchor --embeddings E.npy --labels y.npy --proxies P.npy \\",
      "      --param alpha=32 --param margin=0.1 --out result",
      "  vicinal loss triplet --embeddings E.npy --labels y.npy --normalize --out triplets",
      "",
      "'vicinal list losses' shows every loss with its parameters, defaults and formula."
    })
public final class LossCommand implements Callable<Integer> {
  private static final String JSON = "loss.json";
  private static final String PER_SAMPLE = "per_sample.npy";
  private static final String NAMED = "per_sample.csv";
  private static final Pattern ARRAY =
      Pattern.compile("(grad|hvp)_.*\\.npy|per_sample\\.(npy|csv)");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The loss, for example proxy-anchor.")
  private String name;

  @Mixin private LossOptions options;

  @Mixin private DeviceOptions device;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    boolean program = TupleLosses.has(name);
    if (!program && !Losses.names().contains(name)) {
      List<String> all = new ArrayList<>(Losses.names());
      all.addAll(TupleLosses.names());
      throw Text.wrong("loss: '%s' is unknown; choose %s", name, String.join(", ", all));
    }
    try (Backend backend = device.open();
        Arena arena = Arena.host()) {
      ArrayFiles files = options.files(arena, backend);
      Tensor e = files.matrix(options.embeddings, options.type());
      Labels labels = files.labels(options.labels, options.embeddings, e.dim(0), Names.none());
      Names samples = options.samples(e.dim(0));
      Tensor y = labels.ids();
      LossRun run =
          program
              ? new ProgramLossRun(backend, arena, files, name, options, e, y)
              : new ProxyLossRun(backend, arena, files, name, options, e, y);
      Map<String, Tensor> direction = direction(files, arena, run.variables());
      try (OutputFolder folder =
          new OutputFolder(
              out.path(), results(run, direction != null, samples.known()), out.outputs())) {
        LossRun.Answer answer = run.value();
        checkFinite(backend, answer);
        if (answer.perSample() != null) {
          Npy.write(folder.file(PER_SAMPLE), answer.perSample());
          if (samples.known()) {
            named(answer.perSample(), labels, samples).write(folder.file(NAMED));
          }
        }
        answer.gradients().forEach((of, g) -> Npy.write(folder.file(file("grad", of)), g));
        if (direction != null) {
          run.product(direction).forEach((of, p) -> Npy.write(folder.file(file("hvp", of)), p));
        }
        JsonFile.write(folder.file(JSON), json(answer, e.dtype()));
        folder.commit(earlier());
        String words =
            String.format(Locale.ROOT, "%s %s, %d samples", name, answer.loss(), e.dim(0));
        words += answer.words() + (options.compat() == null ? "" : ", as " + options.compat());
        spec.commandLine().getOut().println(words + ": " + out);
      }
    }
    return 0;
  }

  private static String file(String kind, String variable) {
    return kind + "_" + variable + ".npy";
  }

  /** What each sample adds, beside what it is called. */
  private static CsvFile named(Tensor values, Labels labels, Names samples) {
    Map<String, Function<Object, String>> names = new LinkedHashMap<>();
    names.put("sample", CsvFile.byId(samples));
    if (labels.classes().known()) {
      names.put("class", CsvFile.byId(labels.classes()));
    }
    CsvFile csv = new CsvFile(names, "sample", "class", "loss");
    long[] classes = labels.ids().toLongs();
    for (int i = 0; i < classes.length; i++) {
      csv.row(i, classes[i], values.at(i));
    }
    return csv;
  }

  private static List<String> results(LossRun run, boolean product, boolean named) {
    List<String> names = new ArrayList<>(List.of(JSON));
    for (String variable : run.variables().keySet()) {
      names.add(file("grad", variable));
      if (product) {
        names.add(file("hvp", variable));
      }
    }
    if (run.decomposes()) {
      names.add(PER_SAMPLE);
      if (named) {
        names.add(NAMED);
      }
    }
    return names;
  }

  /** What an earlier call may have left there, of this loss or another. */
  private List<String> earlier() {
    String[] there = out.path().toFile().list((folder, name) -> ARRAY.matcher(name).matches());
    return there == null ? List.of() : List.of(there);
  }

  /** A part for each variable, zeros where none is given; null if there is no direction at all. */
  private Map<String, Tensor> direction(
      ArrayFiles files, Arena arena, Map<String, Tensor> variables) {
    Map<String, Path> given = options.directions();
    for (String of : given.keySet()) {
      if (!variables.containsKey(of)) {
        throw Text.wrong(
            "%s: %s has no such variable; it has %s",
            options.directionOf(of), name, String.join(", ", variables.keySet()));
      }
    }
    if (given.isEmpty()) {
      return null;
    }
    Map<String, Tensor> direction = new LinkedHashMap<>();
    variables.forEach(
        (of, x) ->
            direction.put(
                of,
                given.containsKey(of)
                    ? files.exactly(
                        given.get(of), x.dtype(), "the shape of the " + of, x.shape().dims())
                    : arena.allocate(x.dtype(), x.shape())));
    return direction;
  }

  private void checkFinite(Backend backend, LossRun.Answer answer) {
    boolean finite = Double.isFinite(answer.loss());
    for (Tensor gradient : answer.gradients().values()) {
      finite &= backend.findNonFinite(gradient) < 0;
    }
    if (!finite) {
      throw new InputException(
          options.embeddings
              + ": "
              + name
              + " overflows on these values; scale the vectors or the parameters down,"
              + " or use --dtype float64");
    }
  }

  private JsonObject json(LossRun.Answer answer, DType dtype) {
    JsonObject json = new JsonObject();
    json.addProperty("loss", answer.loss());
    json.addProperty("name", name);
    for (String key : List.of("params", "tuples", "active", "empty")) {
      json.add(key, JsonNull.INSTANCE);
    }
    answer.facts().entrySet().forEach(fact -> json.add(fact.getKey(), fact.getValue()));
    if (options.compat() != null) {
      json.addProperty("compat", options.compat());
    }
    json.addProperty("dtype", ElementType.name(dtype));
    json.addProperty("version", Version.text());
    return json;
  }
}
