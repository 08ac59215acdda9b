package io.vicinal.cli.loss;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Text;
import io.vicinal.data.ArrayFile;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.mine.Candidates;
import io.vicinal.mine.Mined;
import io.vicinal.mine.Miner;
import io.vicinal.mine.Miners;
import io.vicinal.program.Executable;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A loss that is a program. */
final class ProgramLossRun implements LossRun {
  private static final String EMBEDDING = "embedding"; // as the program calls it

  private final Backend backend;
  private final Arena arena;
  private final LossOptions options;
  private final String name;
  private final TupleLoss loss;
  private final TupleProgram program;
  private final Mined tuples;
  private Miner miner; // null for none
  private final Tuples taken; // as which shape the program takes them
  private final long[] labels;
  private final Map<String, Tensor> variables = new LinkedHashMap<>();
  private final Map<String, Tensor> inputs = new HashMap<>();

  ProgramLossRun(
      Backend backend,
      Arena arena,
      ArrayFiles files,
      String name,
      LossOptions options,
      Tensor e,
      Tensor y) {
    this.backend = backend;
    this.arena = arena;
    this.options = options;
    this.name = name;
    labels = y.toLongs();
    refuse("--weights", options.weights);
    refuse("--soft-labels", options.softLabels);
    loss = create();
    variables.put(LossOptions.EMBEDDINGS, e);
    readParameters(files);
    tuples = tuples(e);
    taken = tuples == null ? null : taken();
    program = new TupleProgram(loss, taken, options.normalize);
    variables.forEach((of, x) -> inputs.put(inProgram(of), x));
    inputs.put("labels", y);
    if (tuples != null) {
      inputs.putAll(tuples.inputs(arena, taken, e.dtype(), labels.length));
    }
  }

  /** A boundary, say, is learned where its values are given: {@code learn-NAME} says so. */
  private TupleLoss create() {
    Map<String, String> params = options.params(name);
    Set<String> known = TupleLosses.params(TupleLosses.create(name, params)).keySet();
    for (String of : options.parameters().keySet()) {
      if (known.contains("learn-" + of)) {
        params.putIfAbsent("learn-" + of, "true");
      }
    }
    return TupleLosses.create(name, params);
  }

  private static String inProgram(String variable) {
    return variable.equals(LossOptions.EMBEDDINGS) ? EMBEDDING : variable;
  }

  private void refuse(String option, Path given) {
    if (given != null) {
      throw Text.wrong("%s: %s takes none; leave it out", option, name);
    }
  }

  /** Given or mined, null for all that there are. */
  private Mined tuples(Tensor e) {
    miner = options.miner();
    if (options.tuples != null) {
      List<Tuples> takes = List.of(TupleLosses.facts(loss).tuples());
      if (takes.isEmpty()) {
        throw Text.wrong("--tuples: %s is of the whole batch; leave it out", name);
      }
      return TupleFile.read(options.tuples, options.embeddings, labels, name, takes);
    }
    if (miner == null) {
      return null;
    }
    Miners.fit(loss, miner);
    Candidates batch = Candidates.of(backend, e, labels, options.normalize);
    return Miners.mine(miner, batch, Miners.generator(options.seed()));
  }

  private Tuples taken() {
    return Miners.fitting(tuples.shape())
        .filter(List.of(TupleLosses.facts(loss).tuples())::contains)
        .findFirst()
        .orElseThrow();
  }

  private void readParameters(ArrayFiles files) {
    Map<String, Path> given = options.parameters();
    List<LearnedParameter> arrays = new ArrayList<>(loss.learned());
    arrays.addAll(loss.given());
    List<String> known = arrays.stream().map(LearnedParameter::name).toList();
    for (String of : given.keySet()) {
      if (!known.contains(of)) {
        throw Text.wrong(
            "%s: %s learns no such thing; it learns %s",
            options.optionOf(of), name, known.isEmpty() ? "nothing" : String.join(", ", known));
      }
    }
    Tensor e = variables.get(LossOptions.EMBEDDINGS);
    Map<String, Long> sizes = new HashMap<>(Map.of("B", e.dim(0), "d", e.dim(1)));
    for (LearnedParameter parameter : arrays) {
      Path file = given.get(parameter.name());
      String form = "[" + String.join(", ", parameter.sizes()) + "]";
      if (file == null) {
        throw Text.wrong(
            "--parameter %s: %s needs it; name a file of its values, %s",
            parameter.name(), name, form);
      }
      Shape shape = ArrayFile.shape(file);
      long[] dims = new long[parameter.sizes().size()];
      for (int k = 0; k < dims.length; k++) {
        long own = k < shape.rank() ? shape.dim(k) : 1;
        String size = parameter.sizes().get(k);
        dims[k] =
            size.matches("\\d+")
                ? Long.parseLong(size)
                : sizes.computeIfAbsent(size, unknown -> own);
      }
      Tensor values = files.exactly(file, e.dtype(), form, dims);
      (loss.learned().contains(parameter) ? variables : inputs).put(parameter.name(), values);
      if (parameter.sizes().contains("C")) {
        checkClasses(file, sizes.get("C"));
      }
    }
  }

  private void checkClasses(Path file, long classes) {
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] >= classes) {
        throw Text.wrong(
            "%s: label %d at [%d] is not in %s, which holds the classes 0..%d; add its row, or"
                + " number the classes from 0 without gaps",
            options.labels, labels[i], i, file, classes - 1);
      }
    }
  }

  @Override
  public Map<String, Tensor> variables() {
    return variables;
  }

  @Override
  public boolean decomposes() {
    return false;
  }

  @Override
  public Answer value() {
    Map<String, Tensor> out;
    try (Executable executable = program.gradient(backend)) {
      out = executable.run(arena, inputs);
    }
    JsonObject facts = new JsonObject();
    facts.add("params", JsonFile.gson().toJsonTree(TupleLosses.params(loss)));
    String words = "";
    if (out.containsKey("tuples")) {
      long count = (long) out.get("tuples").at(0);
      long active = (long) out.get("active").at(0);
      facts.addProperty("tuples", count);
      facts.addProperty("active", active);
      words = String.format(Locale.ROOT, ", %d tuples, %d above 0", count, active);
    }
    facts.addProperty("empty", comparesSamples() ? withoutTuples() : 0);
    if (tuples != null) {
      facts.addProperty("given", tuples.shape().name().toLowerCase(Locale.ROOT));
      long against = TupleFile.against(labels, tuples);
      facts.addProperty("against_labels", against);
      words += against == 0 ? "" : ", " + against + " against the labels";
    }
    if (miner != null) {
      facts.addProperty("miner", Miners.facts(miner).name());
      facts.add("miner_params", JsonFile.gson().toJsonTree(Miners.params(miner)));
      facts.addProperty("seed", options.seed());
    }
    facts.addProperty("normalize", options.normalize);
    return new Answer(out.get("loss").at(0), facts, named("gradient.", out), null, words);
  }

  /** Not with the weights of classes, or with arrays that it is given. */
  private boolean comparesSamples() {
    return loss.given().isEmpty()
        && loss.learned().stream().noneMatch(parameter -> parameter.sizes().contains("d"));
  }

  /** Samples that are the anchor of no given tuple, or have no positive or no negative. */
  private long withoutTuples() {
    if (tuples != null) {
      long anchors =
          IntStream.range(0, tuples.size()).map(t -> tuples.get(t, 0)).distinct().count();
      return labels.length - anchors;
    }
    Map<Long, Long> members =
        Arrays.stream(labels).boxed().collect(Collectors.groupingBy(y -> y, Collectors.counting()));
    return Arrays.stream(labels)
        .map(members::get)
        .filter(alike -> alike == 1 || alike == labels.length)
        .count();
  }

  @Override
  public Map<String, Tensor> product(Map<String, Tensor> direction) {
    Map<String, Tensor> all = new HashMap<>(inputs);
    direction.forEach((of, part) -> all.put("direction." + inProgram(of), part));
    try (Executable executable = program.product(backend)) {
      return named("tangent.gradient.", executable.run(arena, all));
    }
  }

  private Map<String, Tensor> named(String prefix, Map<String, Tensor> out) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    variables.keySet().forEach(of -> named.put(of, out.get(prefix + inProgram(of))));
    return named;
  }
}
