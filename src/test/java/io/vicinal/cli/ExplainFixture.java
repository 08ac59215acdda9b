package io.vicinal.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.config.ConfigParser;
import io.vicinal.data.DigitRows;
import io.vicinal.train.RunMode;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A folder with a small trained model of real data: a head of digits 0 to 5 (X, y), confused by
 * digits that it never saw (T, ty), and the run that trained it.
 */
record ExplainFixture(Path folder) {
  static final int WIDTH = 64;
  static final int CLASSES = 6;
  private static final int ROWS = 500;
  private static final String CONFIG =
      "{\"data\": {\"features\": \"X.npy\", \"labels\": \"y.npy\"},\n"
          + " \"validation\": {\"fraction\": 0.1},\n"
          + " \"loss\": {\"name\": \"normalized-softmax\", \"temperature\": 0.1},\n"
          + " \"head\": {\"embedding\": 8},\n"
          + " \"optimizer\": {\"lr\": 0.003},\n"
          + " \"sampler\": {\"name\": \"random\", \"batch\": 32},\n"
          + " \"epochs\": 15, \"compute\": {\"threads\": 1}}\n";

  private static Path trained;

  /** A copy of a model that is trained once. */
  static ExplainFixture in(Path folder) {
    try {
      copy(trained(), folder);
      Files.writeString(
          folder.resolve("run/config.json"),
          Files.readString(folder.resolve("run/config.json"))
              .replace(trained().toString(), folder.toString()));
      return new ExplainFixture(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static synchronized Path trained() throws IOException {
    if (trained == null) {
      Path made = Files.createTempDirectory("vicinal-explain");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(made)));
      train(made);
      trained = made;
    }
    return trained;
  }

  private static void train(Path folder) throws IOException {
    DigitRows digits = DigitRows.first(ROWS);
    write(folder, digits, "X.npy", "y.npy", 0, CLASSES);
    write(folder, digits, "T.npy", "ty.npy", CLASSES, 10);
    Files.writeString(folder.resolve("c.json"), CONFIG);
    Trainer.train(
        ConfigParser.parse(folder.resolve("c.json"), List.of()),
        folder.resolve("run"),
        RunMode.NEW,
        TrainingListener.NONE);
    Files.copy(folder.resolve("run/head.safetensors"), folder.resolve("head.safetensors"));
  }

  private static void write(
      Path folder, DigitRows digits, String rows, String labels, int from, int to) {
    int[] ids =
        IntStream.range(0, digits.samples())
            .filter(i -> digits.labels()[i] >= from && digits.labels()[i] < to)
            .toArray();
    float[] x = new float[ids.length * WIDTH];
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(digits.image(ids[i]), 0, x, i * WIDTH, WIDTH);
    }
    NpyBytes.floats(folder.resolve(rows), x, ids.length, WIDTH);
    NpyBytes.longs(
        folder.resolve(labels), Arrays.stream(ids).mapToLong(i -> digits.labels()[i]).toArray());
  }

  Path at(String name) {
    return folder.resolve(name);
  }

  String text(String name) {
    return at(name).toString();
  }

  JsonObject json(String name) {
    return json(at(name));
  }

  static JsonObject json(Path file) {
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the last report's page is made of. */
  JsonObject report() throws IOException {
    String html = Files.readString(at("out/report.html"));
    String from = "<script type=\"application/json\" id=\"data\">";
    int start = html.indexOf(from) + from.length();
    return JsonParser.parseString(html.substring(start, html.indexOf("</script>", start)))
        .getAsJsonObject();
  }

  /** A report's part of this type. */
  static JsonObject section(JsonObject report, String type) {
    for (JsonElement section : report.getAsJsonArray("sections")) {
      if (section.getAsJsonObject().get("type").getAsString().equals(type)) {
        return section.getAsJsonObject();
      }
    }
    throw new AssertionError(type);
  }

  /** Runs a good command on arrays. */
  Outcome explained(String command, String... replaced) {
    return Outcome.of(explain(command, replaced)).succeeded();
  }

  /** The same on the run folder. */
  Outcome explainedRun(String command, String... replaced) {
    return Outcome.of(explainRun(command, replaced)).succeeded();
  }

  /**
   * The {@link Outcome#words} of a good command on arrays, with an option's value replaced or
   * added; null leaves the option out.
   */
  Object[] explain(String command, String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--features", text("X.npy"));
    options.put("--labels", text("y.npy"));
    options.put("--head", text("head.safetensors"));
    options.put("--loss", "normalized-softmax");
    options.put("--param", "temperature=0.1");
    options.put("--test-features", text("T.npy"));
    options.put("--test-labels", text("ty.npy"));
    options.put("--threads", "1");
    options.put("--out", text("out"));
    return arguments(options, command, replaced);
  }

  /** The same on the run folder. */
  Object[] explainRun(String command, String... replaced) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--run", text("run"));
    options.put("--test-features", text("T.npy"));
    options.put("--test-labels", text("ty.npy"));
    options.put("--threads", "1");
    options.put("--out", text("out"));
    return arguments(options, command, replaced);
  }

  private static Object[] arguments(Map<String, String> options, String line, String... values) {
    Object[] words = Outcome.words(line, (Object[]) values);
    String[] first = {"explain", (String) words[0]};
    return Fixture.arguments(options, first, Arrays.copyOfRange(words, 1, words.length));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // a left-over temporary folder
    }
  }
}
