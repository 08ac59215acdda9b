package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Train, then embed with the head that came out. */
class TrainCommandTest {
  @TempDir private Path folder;

  @Test
  void aRunLeavesItsFolderAndAHeadThatEmbeds() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome outcome = Outcome.of(fixture.train("--set", "epochs=3")).succeeded();
    assertThat(outcome.out()).contains("epoch 3/3", "9 steps", "head.safetensors");
    Path run = fixture.at("run");
    assertThat(run.resolve("metrics.jsonl")).isNotEmptyFile();
    assertThat(run.resolve("checkpoint")).isNotEmptyDirectory();
    assertThat(
            JsonParser.parseString(Files.readString(run.resolve("config.json")))
                .getAsJsonObject()
                .get("epochs")
                .getAsInt())
        .isEqualTo(3);

    Outcome.of(fixture.embed("--head", run.toString())).succeeded();
    Outcome.of(fixture.embed("--head", run.toString(), "--normalize", "", "--out", unit(fixture)))
        .succeeded();
    try (Arena arena = Arena.host()) {
      Map<String, Tensor> head = Safetensors.read(run.resolve("head.safetensors"), arena);
      assertThat(head.get("weight").shape().dims()).containsExactly(2, 4);
      assertThat(head.get("bias").shape().dims()).containsExactly(2);
      assertThat(head.get("proxies").shape().dims()).containsExactly(3, 2);
      double[] x = Npy.read(fixture.at("E.npy"), arena).toDoubles();
      double[] w = head.get("weight").toDoubles();
      double[] b = head.get("bias").toDoubles();
      double[] z = Npy.read(fixture.at("Z.npy"), arena).toDoubles();
      double[] u = Npy.read(fixture.at("U.npy"), arena).toDoubles();
      assertThat(z).hasSize(2 * Fixture.SAMPLES);
      for (int i = 0; i < Fixture.SAMPLES; i++) {
        for (int c = 0; c < 2; c++) {
          double expected = b[c];
          for (int j = 0; j < Fixture.WIDTH; j++) {
            expected += w[c * Fixture.WIDTH + j] * x[i * Fixture.WIDTH + j];
          }
          assertThat(z[2 * i + c]).isCloseTo(expected, within(1e-5));
        }
        double norm = Math.hypot(z[2 * i], z[2 * i + 1]);
        assertThat(u[2 * i]).isCloseTo(z[2 * i] / norm, within(1e-5));
      }
    }
  }

  /** Other names take the place of the configuration's, with their parameters. */
  @Test
  void aLossAndAMinerAreNamedByThemselves() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(
            fixture.train(
                "--set",
                "epochs=2",
                "--loss",
                "margin",
                "--param",
                "learn-beta=true",
                "--miner",
                "distance",
                "--miner-param",
                "upper-cutoff=1.3"))
        .succeeded();
    Path run = fixture.at("run");
    JsonObject config =
        JsonParser.parseString(Files.readString(run.resolve("config.json"))).getAsJsonObject();
    assertThat(config.get("loss").toString())
        .isEqualTo("{\"name\":\"margin\",\"learn-beta\":true,\"normalize\":true}");
    assertThat(config.get("miner").toString())
        .isEqualTo("{\"name\":\"distance\",\"upper-cutoff\":1.3}");
    try (Arena arena = Arena.host()) {
      assertThat(Safetensors.read(run.resolve("head.safetensors"), arena))
          .containsOnlyKeys("weight", "bias", "beta");
    }
    Outcome.of(fixture.embed("--head", run.toString())).succeeded();
    Outcome.of(
            "explain",
            "confusions",
            "--run",
            run,
            "--test-features",
            fixture.text("X.npy"),
            "--test-labels",
            fixture.text("y.npy"),
            "--out",
            folder.resolve("c"))
        .failed(2, "margin is one of the losses of a batch; a loss against proxies is needed here");
  }

  /** Published defects are in the configuration, by name and as parameters, and are printed. */
  @Test
  void defectsAreSaid() throws IOException {
    Fixture fixture = Fixture.in(folder);
    String[] run = {
      "--set",
      "epochs=1",
      "--loss",
      "margin",
      "--miner",
      "distance",
      "--compat",
      "distance-alone,margin-count"
    };
    String margin = "compat margin-count: margin divides by the triplets with an active pair";
    assertThat(Outcome.of(fixture.train(run)).succeeded().out())
        .contains(margin, "compat distance-alone: the miner distance makes a sample that is alone");
    Path written = fixture.at("run").resolve("config.json");
    JsonObject config = JsonParser.parseString(Files.readString(written)).getAsJsonObject();
    assertThat(config.get("loss").toString())
        .isEqualTo(
            "{\"name\":\"margin\",\"compat\":\"margin-count\",\"count\":\"triplets\",\"normalize\":true}");
    assertThat(config.get("miner").toString())
        .isEqualTo("{\"name\":\"distance\",\"compat\":\"distance-alone\",\"alone\":\"self\"}");
    assertThat(
            Outcome.of("train", "--run", fixture.at("run"), "--resume", "--set", "epochs=2")
                .succeeded()
                .out())
        .contains(margin);
    Outcome.of(
            fixture.train("--loss", "triplet", "--compat", "margin-count", "--run", unit(fixture)))
        .failed(2, "loss.compat: margin-count is of margin, not of triplet");
    Outcome.of(fixture.train("--set", "loss.compat=coded", "--run", unit(fixture)))
        .failed(2, "loss.compat: there is no 'coded'; there are margin-count (of margin), ");
  }

  private static String unit(Fixture fixture) {
    return fixture.text("U.npy");
  }

  @Test
  void dryRunPrintsEverythingAndWritesNothing() {
    Fixture fixture = Fixture.in(folder);
    Outcome outcome = Outcome.of(fixture.train("--dry-run", "", "--set", "loss.temperature=0.07"));
    assertThat(outcome.succeeded().out())
        .contains("\"temperature\": 0.07", "\"weightDecay\"", "training samples 12", "MiB");
    assertThat(fixture.at("run")).doesNotExist();
  }

  @Test
  void aFinishedRunIsKeptUnlessRestarted() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.train()).succeeded();
    byte[] head = Files.readAllBytes(fixture.at("run/head.safetensors"));
    Outcome.of(fixture.train()).failed(2, "run", "already holds a run");
    Outcome.of(fixture.train("--resume", "")).succeeded();
    assertThat(fixture.at("run/head.safetensors")).hasBinaryContent(head);
    Outcome.of(fixture.train("--restart", "", "--set", "seed=5")).succeeded();
    assertThat(fixture.at("run/previous-1/head.safetensors")).hasBinaryContent(head);
    Outcome.of(fixture.train("--restart", "", "--resume", "")).failed(2, "--resume");
  }

  @Test
  void aRunFolderMustBeNamed() {
    Outcome.of(Fixture.in(folder).train("--run", null)).failed(2, "--run", "--dry-run");
  }

  @Test
  void aRunResumesByItsOwnConfiguration() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.train("--config", null, "--resume", ""))
        .failed(2, "run: holds no run", "--features and --labels", "--config");
    assertThat(fixture.at("run")).doesNotExist();
    Outcome.of(fixture.train("--set", "seed=7")).succeeded();
    Outcome.of(fixture.train("--config", null)).failed(2, "name the data", "--resume");
    for (String dry : new String[] {"--set", "--dry-run"}) {
      String value = dry.equals("--set") ? "checkpointSteps=0" : "";
      Outcome.of(fixture.train("--resume", "", dry, value))
          .failed(
              2,
              "differs in seed (7, now 0)",
              "--config " + fixture.at("run/config.json"),
              "leave --config out");
    }
    Outcome more = Outcome.of(fixture.train("--config", null, "--resume", "", "--set", "epochs=3"));
    assertThat(more.succeeded().out()).contains("epoch 3/3");
    Outcome.of(fixture.train("--config", null, "--restart", "")).succeeded();
    assertThat(Files.readString(fixture.at("run/config.json"))).contains("\"seed\": 7");
    assertThat(fixture.at("run/previous-1/config.json")).exists();
  }

  @Test
  void memoryThatTheMachineDoesNotHaveIsRefusedFirst() {
    Fixture fixture = Fixture.in(folder);
    String huge = "head.embedding=2147483647"; // some 300 GiB
    Outcome run = Outcome.of(fixture.train("--set", huge));
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("memory: the run needs", " leaves ", "lower head.embedding");
    assertThat(run.err()).as("before anything is read").doesNotContain(" more (");
    assertThat(fixture.at("run")).doesNotExist();
    Outcome plan = Outcome.of(fixture.train("--dry-run", "", "--set", huge));
    assertThat(plan.code()).isEqualTo(2);
    assertThat(plan.err()).contains("memory: the run needs", "lower head.embedding");
    assertThat(plan.out()).contains("optimizer moments");
  }

  /** The file that people have: a name, a class and numbers, in one table, in one command. */
  @Test
  void oneTableTrainsInOneCommand() throws IOException {
    StringBuilder table = new StringBuilder("name,a,kind,b,c\n");
    for (int i = 0; i < 12; i++) {
      table.append("item ").append(i).append(',').append(i % 3).append(",k").append(i % 3);
      table.append(',').append(i).append(',').append(-i).append('\n');
    }
    Path file = Files.writeString(folder.resolve("t.csv"), table);
    Path run = folder.resolve("run");
    Object[] train =
        Outcome.words(
            "train --features % --labels % --sample-names % --run % --set epochs=1",
            file, file + ":kind", file + ":name", run);
    Outcome outcome = Outcome.of(train).succeeded();
    assertThat(outcome.out())
        .contains("t.csv: a table of 12 rows of 3 numbers, without its columns name, kind")
        .contains("t.csv:kind: 3 classes in the order of their names: k0, k1, k2");
    // A class that is a number is no feature either.
    train[4] = file + ":a";
    train[8] = folder.resolve("numbers");
    assertThat(Outcome.of(train).out()).contains("12 rows of 2 numbers");
    Path out = folder.resolve("E.npy");
    Outcome embed = Outcome.of("embed", "--features", file, "--head", run, "--out", out);
    assertThat(embed.code()).as(embed.err()).isZero();
    Outcome evaluate =
        Outcome.of("evaluate", "--embeddings", out, "--labels", file + ":kind", "--metrics", "r@1");
    assertThat(evaluate.err()).as("classes were told when they were made").isEmpty();
  }

  /** Other samples do not take the names of those that the run had. */
  @Test
  void whatBelongsToOtherDataIsLeftOut() throws IOException {
    Path one = table("one", 12);
    Path run = folder.resolve("run");
    Path classes = Files.writeString(folder.resolve("classes.txt"), "k0\nk1\nk2\n");
    Path held = table("held", 12);
    Object[] first =
        Outcome.words(
            "train --features % --labels % --sample-names % --class-names % --run %"
                + " --set epochs=1 --set % --set %",
            one,
            one + ":kind",
            one + ":name",
            classes,
            run,
            "validation.features=" + held,
            "validation.labels=" + held + ":kind");
    assertThat(Outcome.of(first).code()).isZero();
    Path config = run.resolve("config.json");
    Path two = table("two", 15);
    List<Object> other =
        List.of("train", "--run", run, "--features", two, "--labels", two + ":kind");

    for (String dry : List.of("--set=epochs=1", "--dry-run")) {
      Outcome.of(with(other, "--resume", dry))
          .failed(2, "differs in data.features", "one.csv", "two.csv", "own data", "--restart");
    }
    Outcome again = Outcome.of(with(other, "--restart"));
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.err().lines())
        .singleElement()
        .asString()
        .startsWith("other data than in " + config)
        .contains("data.sampleNames (" + one + ":name)", "data.classNames (" + classes + ")")
        .contains("validation.features (" + held + ")");
    assertThat(Files.readString(config)).contains("two.csv").doesNotContain("one.csv", "held.csv");
    Outcome named = Outcome.of(with(other, "--restart", "--sample-names", two + ":name"));
    assertThat(named.err()).isEmpty();
    assertThat(Files.readString(config)).contains("two.csv:name");
    // Corrected labels are of the same samples, and files named again are no others.
    Path corrected = table("corrected", 15);
    List<Object> labels = List.of("train", "--run", run, "--labels", corrected + ":kind");
    assertThat(Outcome.of(with(labels, "--restart")).err()).isEmpty();
    assertThat(Files.readString(config)).contains("two.csv:name");
    Outcome.of(with(labels, "--resume")).succeeded();
  }

  /** What a plan accepts, a run accepts; what it is about is said as the user wrote it. */
  @Test
  void aTableIsJudgedByItsCells() throws IOException {
    StringBuilder table = new StringBuilder("code,a,\"note, free\",kind\n");
    for (int i = 0; i < 12; i++) {
      table.append("%03d,%d,%s,k%d%n".formatted(i, i * i, i % 2 == 0 ? "x" : "", i % 3));
    }
    Path file = Files.writeString(folder.resolve("t.csv"), table);
    Object[] train =
        Outcome.words(
            "train --features % --labels % --run % --set epochs=1",
            file, file + ":kind", folder.resolve("r"));
    assertThat(Outcome.of(train).succeeded().out())
        .contains("12 rows of 2 numbers, without its columns \"note, free\", kind; code has")
        .contains("if these are features, all is well, else take t.csv:a");
    for (String bad : List.of(",4,,k0\n", "12,1e39,,k0\n", "12,inf,,k0\n")) {
      Files.writeString(file, table + bad);
      train[6] = folder.resolve("bad" + bad.length());
      Outcome run = Outcome.of(train).failed(2, "t.csv");
      Outcome plan = Outcome.of(with(List.of(train), "--dry-run")).failed(2);
      assertThat(plan.err()).isEqualTo(run.err());
      if (bad.contains("1e39")) {
        assertThat(run.err()).contains("line 14 has 1.0E39 in column 'a'", "compute.dtype=float64");
        Outcome.of(with(List.of(train), "--set", "compute.dtype=float64")).succeeded();
      }
    }
  }

  /** A size in bytes beside numbers below 1 is all that a distance sees. */
  @Test
  void aColumnThatDwarfsTheOthersIsNamed() throws IOException {
    StringBuilder table = new StringBuilder("a,b,\"Größe, B\",c,y\n");
    for (int i = 0; i < 60; i++) {
      double x = i % 3 + Math.sin(i) / 4;
      double size = 50_000 + 49_000 * Math.sin(7.0 * i);
      table.append("%f,%f,%f,%f,%d%n".formatted(x / 3, -x / 4, size, Math.cos(i), i % 3));
    }
    Path file = Files.writeString(folder.resolve("t.csv"), table);
    Object[] train =
        Outcome.words(
            "train --features % --labels % --run % --set epochs=1",
            file, file + ":y", folder.resolve("r"));
    String said = Outcome.of(train).succeeded().out();
    assertThat(said)
        .contains("column \"Größe, B\" has values up to 99000, the others up to 1: distances")
        .contains("leave it out (t.csv:a..b,c)")
        .doesNotContain("measurement");
    train[2] = file + ":a,b,c";
    train[6] = folder.resolve("m");
    Files.writeString(folder.resolve("age.txt"), "1\n".repeat(4) + whole(56));
    train[4] = folder.resolve("age.txt");
    String other = Outcome.of(train).out();
    assertThat(other).contains("are these numbers a measurement?").doesNotContain("leave it out");
  }

  private static String whole(int many) {
    return IntStream.range(0, many).mapToObj(i -> 20 + i + "\n").collect(Collectors.joining());
  }

  private Path table(String name, int rows) throws IOException {
    StringBuilder table = new StringBuilder("name,a,kind,b\n");
    for (int i = 0; i < rows; i++) {
      table.append(name + " " + i + "," + i % 3 + ",k" + i % 3 + "," + i + "\n");
    }
    return Files.writeString(folder.resolve(name + ".csv"), table);
  }

  private static Object[] with(List<Object> some, Object... more) {
    return Stream.concat(some.stream(), Stream.of(more)).toArray();
  }
}
