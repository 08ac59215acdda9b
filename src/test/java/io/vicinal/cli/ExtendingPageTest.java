package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The project of docs/extending.md, as it stands there, beside the library. */
class ExtendingPageTest {
  private static final Pattern FILE =
      Pattern.compile("\n`([^`\n]+)`:\n\n```\\w+\n(.*?)```\n", Pattern.DOTALL);
  private static final int LINES = 40;
  private static final double STEP = 1e-6;

  /** Warnings are errors; the versions of plugins are those that this build has at hand. */
  private static final String PLUGINS =
      """
        <build>
          <pluginManagement>
            <plugins>
              <plugin>
                <artifactId>maven-compiler-plugin</artifactId>
                <version>%s</version>
                <configuration>
                  <showWarnings>true</showWarnings>
                  <compilerArgs><arg>-Xlint:all,-path,-processing</arg><arg>-Werror</arg></compilerArgs>
                </configuration>
              </plugin>
              <plugin><artifactId>maven-surefire-plugin</artifactId><version>%s</version></plugin>
              <plugin><artifactId>maven-jar-plugin</artifactId><version>%s</version></plugin>
            </plugins>
          </pluginManagement>
        </build>
      """;

  @TempDir static Path folder;
  private static CliSession session;

  /** Its files by their names in the project. */
  private static Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    FILE.matcher(Files.readString(Path.of("docs/extending.md")))
        .results()
        .forEach(found -> files.put(found.group(1), found.group(2)));
    return files;
  }

  @BeforeAll
  static void build() throws Exception {
    Path project = folder.resolve("project");
    for (Map.Entry<String, String> file : files().entrySet()) {
      Path at = project.resolve(file.getKey());
      Files.createDirectories(at.getParent());
      Files.writeString(at, file.getValue());
    }
    String pom = files().get("pom.xml");
    String plugins =
        PLUGINS.formatted(
            MavenProject.plugin("maven-compiler-plugin"),
            MavenProject.plugin("maven-surefire-plugin"),
            MavenProject.plugin("maven-jar-plugin"));
    Files.writeString(
        project.resolve("pom.xml"), pom.replace("</project>", plugins + "</project>"));
    Path jar = MavenProject.build(project, folder.resolve("repository"));
    session = CliSession.in(folder, jar);
  }

  @AfterAll
  static void end() {
    session.close();
  }

  @Test
  void eachIsShort() throws IOException {
    Map<String, String> java = files();
    java.keySet().removeIf(name -> !name.endsWith(".java"));
    assertThat(java).hasSize(4);
    assertThat(java).allSatisfy((name, text) -> assertThat(text.lines().count()).isLessThan(LINES));
  }

  @Test
  void theProjectTakesThisVersion() throws IOException {
    String dependency = "<artifactId>vicinal</artifactId>\\s*<version>([^<]+)</version>";
    String own = version(dependency, Files.readString(Path.of("pom.xml")));
    assertThat(version(dependency, files().get("pom.xml"))).isEqualTo(own);
  }

  private static String version(String pattern, String pom) {
    return Pattern.compile(pattern).matcher(pom).results().findFirst().orElseThrow().group(1);
  }

  @Test
  void allAreListed() {
    assertThat(run("list", "losses").out())
        .contains("\n  ranked-list   radius=1.2  margin=0.4  temperature=10.0\n", "CVPR 2019");
    assertThat(run("list", "miners").out()).contains("\n  tolerant-hard   skip=1\n");
    assertThat(run("list", "samplers").out()).contains("\n  every-class   each=2\n");
  }

  /** A gradient of the loss is its differences, a product those of the gradient. */
  @Test
  void theLossIsDifferentiated() throws IOException {
    double[] x = numbers(Fixture.in(folder).at("E.npy"));
    double[] v = new double[x.length];
    for (int i = 0; i < v.length; i++) {
      v[i] = Math.sin(i + 1.0);
    }
    NpyBytes.doubles(folder.resolve("V.npy"), v, Fixture.SAMPLES, Fixture.WIDTH);
    Batch here = at(x, v, 0);
    Batch above = at(x, v, STEP);
    Batch below = at(x, v, -STEP);
    double slope = 0;
    for (int i = 0; i < v.length; i++) {
      slope += here.gradient[i] * v[i];
      assertThat(here.product[i])
          .isCloseTo((above.gradient[i] - below.gradient[i]) / (2 * STEP), within(1e-5));
    }
    assertThat(slope).isNotZero();
    assertThat((above.loss - below.loss) / (2 * STEP)).isCloseTo(slope, within(1e-6));
  }

  private record Batch(double loss, double[] gradient, double[] product) {}

  private Batch at(double[] x, double[] v, double step) throws IOException {
    double[] moved = x.clone();
    for (int i = 0; i < x.length; i++) {
      moved[i] += step * v[i];
    }
    NpyBytes.doubles(folder.resolve("E.npy"), moved, Fixture.SAMPLES, Fixture.WIDTH);
    // The weights are constants to derivatives, so to be compared with differences they are equal.
    JsonObject json = loss("ranked-list", "--param", "temperature=0", "--hvp-embeddings", "V.npy");
    return new Batch(
        json.get("loss").getAsDouble(),
        numbers(folder.resolve("out/grad_embeddings.npy")),
        numbers(folder.resolve("out/hvp_embeddings.npy")));
  }

  @Test
  void theMinersTripletsAreSummed() throws IOException {
    Fixture.in(folder);
    JsonObject json = loss("triplet", "--miner", "tolerant-hard", "--seed", "1");
    assertThat(json.get("tuples").getAsLong()).isEqualTo(Fixture.SAMPLES);
    assertThat(json.get("given").getAsString()).isEqualTo("triplets");
  }

  @Test
  void theMinerMines() throws IOException {
    Fixture.in(folder);
    List<Object> mine = List.of("mine", "tolerant-hard", "--embeddings", "E.npy");
    List<Object> all = new ArrayList<>(mine);
    all.addAll(List.of("--labels", "y.npy", "--out", "T.npy", "--param", "skip=0"));
    run(all.toArray());
    try (Arena arena = Arena.host()) {
      assertThat(Npy.read(folder.resolve("T.npy"), arena).toLongs()).hasSize(3 * Fixture.SAMPLES);
    }
  }

  @Test
  void theSamplerDrawsBatches() throws IOException {
    Fixture.in(folder);
    List<Object> train = new ArrayList<>(List.of("train", "--features", "E.npy"));
    train.addAll(List.of("--labels", "y.npy", "--run", "run", "--set", "validation.fraction=0"));
    train.addAll(List.of("--set", "sampler.name=every-class", "--set", "sampler.each=1"));
    train.addAll(List.of("--set", "epochs=1", "--set", "compute.threads=1"));
    run(train.toArray());
    JsonObject epoch =
        JsonParser.parseString(Files.readAllLines(folder.resolve("run/metrics.jsonl")).get(0))
            .getAsJsonObject();
    // An epoch has floor(N/C) batches of one sample of each class.
    assertThat(epoch.get("samples").getAsLong())
        .isEqualTo(Fixture.SAMPLES - Fixture.SAMPLES % Fixture.CLASSES);
  }

  private JsonObject loss(String name, String... more) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("loss", name, "--threads", "1"));
    arguments.addAll(List.of("--embeddings", "E.npy", "--labels", "y.npy", "--out", "out"));
    arguments.addAll(List.of(more));
    run(arguments.toArray());
    return JsonParser.parseString(Files.readString(folder.resolve("out/loss.json")))
        .getAsJsonObject();
  }

  private Outcome run(Object... arguments) {
    Outcome outcome = session.run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome;
  }

  private static double[] numbers(Path file) {
    try (Arena arena = Arena.host()) {
      return Npy.read(file, arena).toDoubles();
    }
  }
}
