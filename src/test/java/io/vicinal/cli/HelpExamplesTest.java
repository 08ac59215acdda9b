package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.DigitRows;
import io.vicinal.data.Safetensors;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.nn.network.Network;
import io.vicinal.nn.network.NetworkProgram;
import io.vicinal.nn.network.Networks;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * The examples of every help page, taken from the help, in its order, typed into one folder: what
 * one writes the next reads; reports spend a second on their checks, not a minute. The folder holds
 * what a reader brings (test.npy with labels y.npy, V.npy with vy.npy, P.npy, X.npy with
 * W.safetensors, decisions.csv, a folder photos, model.onnx), and a dataset of a few digits stands
 * in for Fashion-MNIST.
 */
class HelpExamplesTest {
  /** These start builds, whole test runs or downloads, and have tests of their own. */
  private static final Set<String> ELSEWHERE = Set.of("demo", "test", "gpu-kit");

  private static final Pattern COMMAND =
      Pattern.compile("^(?: {2}|\\w[\\w ]*: +)((?:vicinal|echo) .*)$");
  private static final Pattern ECHO = Pattern.compile("echo '(.*)' > (\\S+)");
  private static final int TRAINING = 240;
  private static final int TESTS = 80;
  private static final int SIDE = 8;

  @TempDir static Path folder;

  /** Commands in the order in which help lists them; continued lines are joined. */
  private static List<String> examples(CommandLine command) {
    List<String> found = new ArrayList<>();
    String text =
        String.join("\n", command.getCommandSpec().usageMessage().footer())
            .replaceAll("\\\\\\n *", "");
    for (String line : text.split("\n")) {
      Matcher matcher = COMMAND.matcher(line);
      if (matcher.matches() && !matcher.group(1).endsWith("--help")) {
        found.add(matcher.group(1));
      }
    }
    command.getSubcommands().values().forEach(sub -> found.addAll(examples(sub)));
    return found;
  }

  @Test
  void everyExampleWorks() throws IOException {
    bring();
    List<String> examples = examples(Main.commandLine()).stream().distinct().toList();
    assertThat(examples).hasSizeGreaterThan(15);
    try (CliSession session = CliSession.in(folder)) {
      for (String example : examples) {
        type(session, example);
      }
    }
  }

  private static void type(CliSession session, String example) throws IOException {
    Matcher echo = ECHO.matcher(example);
    if (echo.matches()) {
      Files.writeString(folder.resolve(echo.group(2)), here(echo.group(1)));
      return;
    }
    String[] words = example.split(" +");
    assertThat(words[0]).isEqualTo("vicinal");
    if (!ELSEWHERE.contains(words[1])) {
      List<String> arguments = new ArrayList<>(List.of(words).subList(1, words.length));
      if (checks(arguments)) {
        arguments.addAll(List.of("--check", "1"));
      }
      run(session, arguments);
    }
  }

  private static boolean checks(List<String> arguments) {
    CommandLine command = Main.commandLine();
    for (String word : arguments) {
      command = command.getSubcommands().getOrDefault(word, command);
    }
    return command.getCommandSpec().findOption("--check") != null;
  }

  /** Losses that do not decompose have a unit of damping too. */
  @Test
  void pairsAreExplainedWhateverTheLoss() throws IOException {
    bring();
    Path config = folder.resolve("anchor.json");
    Files.writeString(config, here("{\"data\": {\"dataset\": \"fashion-mnist\"}, \"epochs\": 3}"));
    try (CliSession session = CliSession.in(folder)) {
      run(
          session,
          List.of(
              ("train --config anchor.json --run runs/anchor --set loss.name=proxy-anchor")
                  .split(" ")));
      run(session, List.of("explain pair --run runs/anchor --out anchored --check 0".split(" ")));
    }
    JsonObject solver =
        JsonParser.parseString(Files.readString(folder.resolve("anchored/summary.json")))
            .getAsJsonObject()
            .getAsJsonObject("solver");
    assertThat(solver.get("multiple").getAsDouble()).isBetween(1.0, 30.0);
    assertThat(solver.get("unit_error").getAsDouble()).isBetween(0.001, 0.5);
  }

  private static void run(CliSession session, List<String> arguments) {
    Outcome outcome = session.run(arguments.toArray());
    assertThat(outcome.code()).as("%s: %s", arguments, outcome.err()).isZero();
  }

  /** The configuration, with the dataset where this folder has it. */
  private static String here(String json) {
    JsonObject config = JsonParser.parseString(json).getAsJsonObject();
    config.getAsJsonObject("data").addProperty("folder", folder.resolve("images").toString());
    return config.toString();
  }

  private static void bring() throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    DigitRows digits = DigitRows.first(TRAINING + TESTS);
    idx(images, "train", digits, 0, TRAINING);
    idx(images, "t10k", digits, TRAINING, TRAINING + TESTS);
    float[] x = new float[TESTS * SIDE * SIDE];
    long[] y = new long[TESTS];
    for (int i = 0; i < TESTS; i++) {
      byte[] image = bytes(digits.image(TRAINING + i));
      for (int k = 0; k < image.length; k++) {
        x[i * image.length + k] = (image[k] & 0xff) / 255f;
      }
      y[i] = digits.labels()[TRAINING + i];
    }
    NpyBytes.floats(folder.resolve("test.npy"), x, TESTS, SIDE * SIDE);
    NpyBytes.longs(folder.resolve("y.npy"), y);
    NpyBytes.random(folder.resolve("V.npy"), 3, TESTS, 64);
    NpyBytes.longs(folder.resolve("vy.npy"), y);
    NpyBytes.random(folder.resolve("P.npy"), 2, 10, 64);
    NpyBytes.floats(folder.resolve("X.npy"), new float[2 * 28 * 28], 2, 28, 28, 1);
    weights(Networks.named("convnet-28"));
    for (String kind : List.of("cat", "dog")) {
      Path photo = Files.createDirectories(folder.resolve("photos/" + kind)).resolve("one.png");
      ImageIO.write(new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB), "png", photo.toFile());
    }
    TinyOnnx.network(folder.resolve("model.onnx"), -1, 24, false);
    Files.writeString(
        folder.resolve("t.csv"),
        "name,kind,a,b\nfirst,cat,1,2\nsecond,dog,2,1\nthird,cat,1,3\nfourth,dog,3,1\n");
    Files.writeString(
        folder.resolve("decisions.csv"),
        "sample,sample_name,label,decision,new_label\n3,s3,"
            + y[3]
            + ",other,"
            + (y[3] + 1) % 10
            + "\n");
    StringBuilder list = new StringBuilder("path,label\n");
    for (int i = 0; i < TESTS; i++) {
      list.append('s').append(i).append(',').append(y[i]).append('\n');
    }
    Files.writeString(folder.resolve("list.csv"), list);
  }

  private static void weights(Network network) {
    Map<String, Tensor> values = new LinkedHashMap<>();
    try (Arena arena = Arena.host()) {
      new NetworkProgram(network, network.images(), Statistics.RUNNING)
          .variables()
          .forEach(one -> values.put(one.name(), one.create(arena, DType.F32, 0)));
      Safetensors.write(folder.resolve("W.safetensors"), values, Map.of());
    }
  }

  private static void idx(Path images, String part, DigitRows digits, int from, int to)
      throws IOException {
    try (DataOutputStream out = gzip(images.resolve(part + "-images-idx3-ubyte.gz"))) {
      for (int word : new int[] {0x0803, to - from, SIDE, SIDE}) {
        out.writeInt(word);
      }
      for (int i = from; i < to; i++) {
        out.write(bytes(digits.image(i)));
      }
    }
    try (DataOutputStream out = gzip(images.resolve(part + "-labels-idx1-ubyte.gz"))) {
      out.writeInt(0x0801);
      out.writeInt(to - from);
      for (int i = from; i < to; i++) {
        out.writeByte((int) digits.labels()[i]);
      }
    }
  }

  private static DataOutputStream gzip(Path path) throws IOException {
    return new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(path)));
  }

  private static byte[] bytes(float[] digit) {
    byte[] image = new byte[digit.length];
    for (int k = 0; k < image.length; k++) {
      image[k] = (byte) (255 * digit[k]);
    }
    return image;
  }
}
