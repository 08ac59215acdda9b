package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.loss.Compat;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.LearnedParameter;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code vicinal loss} of losses that are programs: files in, files out. */
class ProgramLossCommandTest {
  private static final double STEP = 1e-6;
  private static final String OURS = "vicinal-outputs.json";
  private static final long[][] TRIPLETS = {{0, 3, 1}, {4, 1, 0}, {2, 5, 7}, {0, 9, 5}};

  @TempDir private Path folder;
  private Fixture fixture;
  private double[] x;

  @BeforeEach
  void bring() {
    fixture = Fixture.in(folder);
    x = numbers("E.npy");
    NpyBytes.doubles(fixture.at("E.npy"), x, Fixture.SAMPLES, Fixture.WIDTH);
  }

  @Test
  void tripletsOfAFileAreSummed() throws IOException {
    tuples(TRIPLETS);
    JsonObject json = loss("triplet", "--tuples", fixture.text("T.npy"), "--param", "margin=3");
    double sum = 0;
    int active = 0;
    for (long[] t : TRIPLETS) {
      double value = Math.max(0, squared(t[0], t[1]) - squared(t[0], t[2]) + 3);
      sum += value;
      active += value > 0 ? 1 : 0;
    }
    assertThat(active).isBetween(1, TRIPLETS.length - 1);
    assertThat(json.get("loss").getAsDouble()).isCloseTo(sum / TRIPLETS.length, within(1e-12));
    assertThat(json.get("name").getAsString()).isEqualTo("triplet");
    assertThat(json.getAsJsonObject("params").get("margin").getAsDouble()).isEqualTo(3);
    assertThat(json.get("tuples").getAsLong()).isEqualTo(TRIPLETS.length);
    assertThat(json.get("active").getAsLong()).isEqualTo(active);
    assertThat(json.get("empty").getAsLong()).as("anchors of none").isEqualTo(Fixture.SAMPLES - 3);
    assertThat(json.get("given").getAsString()).isEqualTo("triplets");
    assertThat(json.get("against_labels").getAsLong()).isZero();
    assertThat(names()).containsExactlyInAnyOrder("loss.json", "grad_embeddings.npy", OURS);
  }

  @Test
  void withoutAFileTuplesAreAllThatThereAre() throws IOException {
    JsonObject json = loss("triplet");
    assertThat(json.get("tuples").getAsLong()).isEqualTo(12 * 3 * 8);
    assertThat(json.get("empty").getAsLong()).isZero();
    assertThat(json.has("given")).isFalse();
    NpyBytes.longs(fixture.at("y.npy"), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    assertThat(loss("triplet").get("empty").getAsLong()).as("a class of one").isEqualTo(1);
    NpyBytes.longs(fixture.at("y.npy"), new long[12]);
    json = loss("triplet");
    assertThat(json.get("loss").getAsDouble()).isZero();
    assertThat(json.get("tuples").getAsLong()).isZero();
    assertThat(json.get("empty").getAsLong()).as("no negatives").isEqualTo(12);
    tuples();
    assertThat(loss("triplet", "--tuples", fixture.text("T.npy")).get("loss").getAsDouble())
        .isZero();
  }

  /** Four columns are quadruplets; published code compares each pair with all fourths. */
  @Test
  void aFileMayNameTheFourthSample() throws IOException {
    long[][] quadruplets = {{0, 3, 1, 2}, {4, 1, 0, 5}, {2, 5, 7, 9}, {0, 9, 5, 4}};
    tuples(quadruplets);
    String file = fixture.text("T.npy");
    JsonObject json = loss("quadruplet", "--tuples", file, "--param", "alpha2=3");
    double first = 0;
    double matched = 0;
    double all = 0;
    for (long[] t : quadruplets) {
      double near = Math.sqrt(squared(t[0], t[1]));
      first += Math.max(0, near - Math.sqrt(squared(t[0], t[2])) + 0.2) / 4;
      matched += Math.max(0, near - Math.sqrt(squared(t[2], t[3])) + 3) / 4;
      for (long[] other : quadruplets) {
        all += Math.max(0, near - Math.sqrt(squared(t[2], other[3])) + 3) / 16;
      }
    }
    assertThat(json.get("loss").getAsDouble()).isCloseTo(first + matched, within(1e-12));
    assertThat(json.get("given").getAsString()).isEqualTo("quadruplets");
    assertThat(json.get("tuples").getAsLong()).isEqualTo(4);
    assertThat(json.get("empty").getAsLong()).isEqualTo(Fixture.SAMPLES - 3);
    String[] defect = {"--tuples", file, "--param", "alpha2=3", "--compat", "quadruplet-all"};
    assertThat(loss("quadruplet", defect).get("loss").getAsDouble())
        .isCloseTo(first + all, within(1e-12));
    run("triplet", "--tuples", file).failed(2, "[4, 4]", "anchor, positive, negative");
    tuples(TRIPLETS);
    json = loss("quadruplet", "--tuples", file);
    assertThat(json.get("given").getAsString()).isEqualTo("triplets");
    tuples(new long[] {0, 3, 1, 12});
    run("quadruplet", "--tuples", file).failed(2, "12 at [0, 3]");
    tuples(new long[] {0, 3});
    run("quadruplet", "--tuples", file).failed(2, "[m, 3]", "[m, 4]");
  }

  /** Three columns are triplets or signed pairs: where a loss takes both, what fits the labels. */
  @Test
  void pairsAreToldFromTriplets() throws IOException {
    tuples(TRIPLETS);
    assertThat(given("contrastive")).isEqualTo("triplets");
    long[][] pairs = {{0, 3, 1}, {4, 1, 1}, {2, 5, 1}, {0, 5, -1}, {6, 1, 0}};
    tuples(pairs);
    assertThat(given("contrastive")).isEqualTo("pairs");
    double loss = json().get("loss").getAsDouble();
    double near = 0;
    double far = 0;
    for (long[] pair : pairs) {
      double d = Math.sqrt(squared(pair[0], pair[1]));
      near += pair[2] > 0 ? d : 0;
      far += pair[2] > 0 ? 0 : Math.max(0, 4 - d);
    }
    assertThat(far).isPositive();
    assertThat(loss).isCloseTo(near / 3 + far / 2, within(1e-12));
    tuples(
        new long[] {0, 3},
        new long[] {4, 1},
        new long[] {2, 5},
        new long[] {0, 5},
        new long[] {6, 1});
    assertThat(given("contrastive")).as("two columns are pairs by their labels").isEqualTo("pairs");
    assertThat(json().get("loss").getAsDouble()).isEqualTo(loss);
    tuples(new long[] {3, 6, 1}, new long[] {3, 0, 1});
    assertThat(given("contrastive")).as("both fit").isEqualTo("triplets");
  }

  private String given(String name) throws IOException {
    String file = fixture.text("T.npy");
    return loss(name, "--tuples", file, "--param", "neg-margin=4").get("given").getAsString();
  }

  /** Miners that shuffle labels exist, so such tuples are summed, and counted. */
  @Test
  void tuplesAgainstTheLabelsAreCounted() throws IOException {
    tuples(new long[] {0, 3, 1}, new long[] {0, 1, 3}, new long[] {2, 2, 1});
    Outcome outcome = run("triplet", "--tuples", fixture.text("T.npy"));
    assertThat(outcome.succeeded().out()).contains("3 tuples", "2 against the labels");
    assertThat(json().get("against_labels").getAsLong()).isEqualTo(2);
  }

  @Test
  void givenVectorsAreDividedByTheirLengths() throws IOException {
    double normalized = loss("triplet", "--normalize").get("loss").getAsDouble();
    double[] gradient = numbers("out/grad_embeddings.npy");
    double along = 0;
    for (int k = 0; k < Fixture.WIDTH; k++) {
      along += gradient[k] * x[k];
    }
    assertThat(along).as("a length changes nothing").isCloseTo(0, within(1e-12));
    for (int i = 0; i < Fixture.SAMPLES; i++) {
      double length = 0;
      for (int k = 0; k < Fixture.WIDTH; k++) {
        length += x[i * Fixture.WIDTH + k] * x[i * Fixture.WIDTH + k];
      }
      for (int k = 0; k < Fixture.WIDTH; k++) {
        x[i * Fixture.WIDTH + k] /= Math.sqrt(length);
      }
    }
    NpyBytes.doubles(fixture.at("E.npy"), x, Fixture.SAMPLES, Fixture.WIDTH);
    assertThat(loss("triplet").get("loss").getAsDouble()).isCloseTo(normalized, within(1e-12));
  }

  /** Values in a file make a boundary a learned one; its derivatives are those of the value. */
  @Test
  void aBoundaryIsLearnedWhereItIsGiven() throws IOException {
    double fixed = loss("margin").get("loss").getAsDouble();
    double[] beta = {1.2, 1.2, 1.2};
    parameter("beta", beta, 3);
    JsonObject json = loss("margin", "--parameter", "beta=" + fixture.text("beta.npy"));
    assertThat(json.get("loss").getAsDouble()).isCloseTo(fixed, within(1e-12));
    assertThat(json.getAsJsonObject("params").get("learn-beta").getAsBoolean()).isTrue();
    double[] gradient = numbers("out/grad_beta.npy");
    for (int c = 0; c < beta.length; c++) {
      double[] moved = beta.clone();
      moved[c] += STEP;
      double above = margin(moved);
      moved[c] -= 2 * STEP;
      assertThat(gradient[c]).isCloseTo((above - margin(moved)) / (2 * STEP), within(1e-6));
    }
    assertThat(gradient).doesNotContain(0);
    loss("margin");
    assertThat(fixture.at("out/grad_beta.npy")).as("of another call").doesNotExist();
  }

  private double margin(double[] beta) throws IOException {
    parameter("beta", beta, 3);
    return loss("margin", "--parameter", "beta=" + fixture.text("beta.npy"))
        .get("loss")
        .getAsDouble();
  }

  static List<String> everyLoss() {
    return TupleLosses.names();
  }

  /** Names, files, and a product that is the difference of gradients. */
  @ParameterizedTest
  @MethodSource("everyLoss")
  void everyLossHasItsFiles(String name) throws IOException {
    TupleLoss loss = TupleLosses.create(name, Map.of());
    List<String> more = new ArrayList<>(List.of("--normalize"));
    List<String> variables = new ArrayList<>(List.of("embeddings"));
    for (LearnedParameter parameter : loss.learned()) {
      more.addAll(List.of("--parameter", file(parameter), "--direction", file(parameter)));
      variables.add(parameter.name());
    }
    for (LearnedParameter array : loss.given()) {
      more.addAll(List.of("--parameter", file(array)));
    }
    double[] v = new Random(4).doubles(x.length, -1, 1).toArray();
    NpyBytes.doubles(fixture.at("V.npy"), v, Fixture.SAMPLES, Fixture.WIDTH);
    more.addAll(List.of("--hvp-embeddings", fixture.text("V.npy")));
    JsonObject json = loss(name, more.toArray(new String[0]));
    assertThat(json.keySet()).contains("loss", "name", "params", "tuples", "active", "empty");
    assertThat(json.get("loss").getAsDouble()).isFinite();
    for (String variable : variables) {
      double[] gradient = numbers("out/grad_" + variable + ".npy");
      double[] product = numbers("out/hvp_" + variable + ".npy");
      assertThat(product).hasSameSizeAs(gradient);
      assertThat(Arrays.stream(product).allMatch(Double::isFinite)).isTrue();
    }
    assertThat(names()).hasSize(2 + 2 * variables.size());
  }

  private String file(LearnedParameter array) {
    long[] shape = array.sizes().stream().mapToLong(ProgramLossCommandTest::size).toArray();
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    parameter(array.name(), new Random(3).doubles(size, 0.5, 1.5).toArray(), shape);
    return array.name() + "=" + fixture.text(array.name() + ".npy");
  }

  private static long size(String name) {
    return switch (name) {
      case "C" -> Fixture.CLASSES;
      case "d" -> Fixture.WIDTH;
      case "B" -> Fixture.SAMPLES;
      default -> name.matches("\\d+") ? Long.parseLong(name) : 5;
    };
  }

  @Test
  void aProductIsTheDifferenceOfGradients() throws IOException {
    double[] v = new Random(4).doubles(x.length, -1, 1).toArray();
    NpyBytes.doubles(fixture.at("V.npy"), v, Fixture.SAMPLES, Fixture.WIDTH);
    loss("contrastive", "--hvp-embeddings", fixture.text("V.npy"));
    double[] product = numbers("out/hvp_embeddings.npy");
    double[] above = moved(v, STEP);
    double[] below = moved(v, -STEP);
    for (int i = 0; i < v.length; i++) {
      assertThat(product[i]).isCloseTo((above[i] - below[i]) / (2 * STEP), within(1e-6));
    }
    assertThat(Arrays.stream(product).map(Math::abs).max().orElseThrow()).isGreaterThan(0.01);
  }

  private double[] moved(double[] v, double step) throws IOException {
    double[] moved = x.clone();
    for (int i = 0; i < v.length; i++) {
      moved[i] += step * v[i];
    }
    NpyBytes.doubles(fixture.at("E.npy"), moved, Fixture.SAMPLES, Fixture.WIDTH);
    loss("contrastive");
    return numbers("out/grad_embeddings.npy");
  }

  /** The options of proxies are those of any learned parameter by other names. */
  @Test
  void proxiesAreAParameter() throws IOException {
    NpyBytes.random(fixture.at("U.npy"), 5, Fixture.CLASSES, Fixture.WIDTH);
    Object[] own = fixture.loss("cosface", "--hvp-proxies", fixture.text("U.npy"));
    Outcome.of(own).succeeded();
    List<byte[]> before = arrays();
    assertThat(before).hasSize(5);
    Outcome.of(
            fixture.loss(
                "cosface",
                "--proxies",
                null,
                "--parameter",
                "proxies=" + fixture.text("P.npy"),
                "--direction",
                "proxies=" + fixture.text("U.npy")))
        .succeeded();
    assertThat(arrays()).usingRecursiveComparison().isEqualTo(before);
  }

  /** Who does not know them is told of the option that was written. */
  @Test
  void aLossWithoutProxiesNamesTheOption() {
    Outcome.of(fixture.loss("softmax"))
        .failed(2, "--proxies: softmax learns no such thing; it learns weight");
    Outcome.of(fixture.loss("softmax", "--proxies", null, "--parameter", "proxies=P.npy"))
        .failed(2, "--parameter proxies: softmax learns no such thing; it learns weight");
    Outcome.of(fixture.loss("triplet", "--proxies", null, "--hvp-proxies", fixture.text("P.npy")))
        .failed(2, "--hvp-proxies: triplet has no such variable; it has embeddings");
  }

  private List<byte[]> arrays() throws IOException {
    List<byte[]> arrays = new ArrayList<>();
    for (String name : names().stream().sorted().filter(n -> n.endsWith(".npy")).toList()) {
      arrays.add(Files.readAllBytes(fixture.at("out/" + name)));
    }
    return arrays;
  }

  @Test
  void aDefectIsReproducedAndSaid() throws IOException {
    double right = loss("margin").get("loss").getAsDouble();
    Outcome outcome = run("margin", "--compat", "margin-count");
    assertThat(outcome.succeeded().out()).contains("as margin-count");
    assertThat(json().get("compat").getAsString()).isEqualTo("margin-count");
    assertThat(json().get("loss").getAsDouble()).isGreaterThan(1.02 * right);
  }

  static List<Compat> defectsOfLosses() {
    return Stream.of(Compat.values()).filter(one -> one.kind() == Compat.Kind.LOSS).toList();
  }

  @ParameterizedTest
  @MethodSource("defectsOfLosses")
  void everyDefectIsSaid(Compat one) throws IOException {
    boolean program = TupleLosses.has(one.owner());
    String proxies = program ? null : fixture.text("P.npy");
    List<Object> arguments =
        new ArrayList<>(List.of(fixture.loss(one.owner(), "--proxies", proxies)));
    arguments.addAll(List.of("--compat", one.id()));
    if (program) {
      TupleLoss loss = TupleLosses.create(one.owner(), one.params());
      Stream.concat(loss.learned().stream(), loss.given().stream())
          .forEach(array -> arguments.addAll(List.of("--parameter", file(array))));
    }
    assertThat(Outcome.of(arguments.toArray()).succeeded().out()).contains("as " + one.id());
    assertThat(json().get("compat").getAsString()).isEqualTo(one.id());
    assertThat(json().getAsJsonObject("params").keySet()).containsAll(one.params().keySet());
  }

  /** Sample 0 is alone in its class. */
  @Test
  void aDefectOfTheMinerIsSaidWithThatOfTheLoss() throws IOException {
    NpyBytes.longs(fixture.at("y.npy"), 3, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
    String both = "distance-alone,margin-count";
    Outcome outcome = run("margin", "--miner", "distance", "--compat", both);
    assertThat(outcome.succeeded().out()).contains(", as " + both);
    assertThat(json().get("compat").getAsString()).isEqualTo(both);
    assertThat(json().get("tuples").getAsLong()).isEqualTo(12);
    assertThat(json().get("miner").getAsString()).isEqualTo("distance");
    assertThat(json().getAsJsonObject("miner_params").get("alone").getAsString()).isEqualTo("self");
    assertThat(json().get("seed").getAsLong()).isZero();
    assertThat(json().get("against_labels").getAsLong()).isEqualTo(1);
    assertThat(json().getAsJsonObject("params").get("count").getAsString()).isEqualTo("triplets");
    run("margin", "--compat", "distance-alone")
        .failed(2, "compat: distance-alone is of the miner distance, which is not named");
    run("triplet", "--compat", "margin-count")
        .failed(2, "compat: margin-count is of margin, not of triplet");
    run("margin", "--compat", "margin-count", "--param", "count=pairs")
        .failed(2, "margin-count is count=triplets, but count is given as pairs; keep one");
  }

  @ParameterizedTest
  @ValueSource(strings = {"triplet", "margin", "cosface"})
  void whatIsNoDefectOfALossIsRefused(String name) {
    String[] known = Stream.of(Compat.values()).map(Compat::id).toArray(String[]::new);
    Outcome.of(fixture.loss(name, "--compat", "margin-counts")).failed(2, known);
  }

  private Outcome run(String name, String... more) {
    List<String> options = new ArrayList<>(List.of(more));
    Object[] arguments = fixture.loss(name, "--proxies", null);
    List<Object> all = new ArrayList<>(List.of(arguments));
    all.addAll(options);
    return Outcome.of(all.toArray());
  }

  private JsonObject loss(String name, String... more) throws IOException {
    run(name, more).succeeded();
    return json();
  }

  private JsonObject json() throws IOException {
    return JsonParser.parseString(Files.readString(fixture.at("out/loss.json"))).getAsJsonObject();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(fixture.at("out"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private void tuples(long[]... rows) {
    NpyBytes.rows(fixture.at("T.npy"), rows);
  }

  private void parameter(String name, double[] values, long... shape) {
    NpyBytes.doubles(fixture.at(name + ".npy"), values, shape);
  }

  private double[] numbers(String name) {
    try (Arena arena = Arena.host()) {
      return Npy.read(fixture.at(name), arena).toDoubles();
    }
  }

  private double squared(long i, long j) {
    double sum = 0;
    for (int k = 0; k < Fixture.WIDTH; k++) {
      double difference = x[(int) i * Fixture.WIDTH + k] - x[(int) j * Fixture.WIDTH + k];
      sum += difference * difference;
    }
    return sum;
  }
}
