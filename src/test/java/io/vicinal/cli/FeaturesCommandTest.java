package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.tensor.Arena;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeaturesCommandTest {
  private static final int SIDE = 12;
  private static final int FLOAT = 1; // ONNX's numbers of types
  private static final int FLOAT16 = 10;
  private static final double[] MEAN = {0.5, 0.25, 0.125};
  private static final double[] STD = {0.5, 0.2, 0.4};
  private static final String PIXELS = "--mean 0.5,0.25,0.125 --std 0.5,0.2,0.4";

  @TempDir private Path folder;

  /** Pictures of the size that the network takes: nothing is resized. */
  private Path photos(int each) throws IOException {
    Random random = new Random(0);
    for (String name : List.of("cat", "dög")) {
      Path of = Files.createDirectories(folder.resolve("photos").resolve(name));
      for (int i = 0; i < each; i++) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < SIDE * SIDE; p++) {
          int shade = name.equals("cat") ? 0xffffff : 0x7f7f7f;
          image.setRGB(p % SIDE, p / SIDE, random.nextInt() & shade);
        }
        ImageIO.write(image, "png", of.resolve(i + " a.png").toFile());
      }
    }
    return folder.resolve("photos");
  }

  private Path model() {
    Path file = folder.resolve("model.onnx");
    TinyOnnx.network(file, -1, SIDE, true);
    return file;
  }

  private static double[] values(Path picture) throws IOException {
    BufferedImage image = ImageIO.read(picture.toFile());
    double[] values = new double[3 * SIDE * SIDE];
    for (int k = 0; k < values.length; k++) {
      int c = k % 3;
      int rgb = image.getRGB(k / 3 % SIDE, k / 3 / SIDE);
      values[k] = ((rgb >> 8 * (2 - c) & 255) / 255.0 - MEAN[c]) / STD[c];
    }
    return values;
  }

  private static double[][] read(Path run) {
    try (Arena arena = Arena.host()) {
      var x = Npy.read(run.resolve("features.npy"), arena);
      double[][] rows = new double[(int) x.dim(0)][(int) x.dim(1)];
      for (int i = 0; i < rows.length; i++) {
        for (int k = 0; k < rows[i].length; k++) {
          rows[i][k] = x.at((long) i * rows[i].length + k);
        }
      }
      return rows;
    }
  }

  private static JsonObject facts(Path run) throws IOException {
    return JsonParser.parseString(Files.readString(run.resolve("features.json"))).getAsJsonObject();
  }

  @Test
  void theFeaturesAreThoseOfTheNetwork() throws IOException {
    Path photos = photos(5);
    Path run = folder.resolve("f");
    Outcome done =
        Outcome.of(
                "features --images % --model % --run % --batch 4 " + PIXELS, photos, model(), run)
            .succeeded();
    assertThat(done.out())
        .containsPattern("[0-9.]+ images/s\\R")
        .contains("10 pictures: 5 features each of model.onnx, output 'features': ");
    double[][] rows = read(run);
    Dataset table = Datasets.open(run.resolve("samples.csv"));
    assertThat(rows).hasDimensions(10, TinyOnnx.WIDTH);
    assertThat(table.classes().list()).containsExactly("cat", "dög");
    for (int id = 0; id < 10; id++) {
      double[] expected = TinyOnnx.features(values(table.file(id)), SIDE);
      assertThat(rows[id]).containsExactly(expected, within(1e-5));
    }
    JsonObject facts = facts(run);
    assertThat(facts.get("width").getAsInt()).isEqualTo(TinyOnnx.WIDTH);
    assertThat(facts.get("layout").getAsString()).isEqualTo("nchw");
    assertThat(
            Outcome.of(
                    "evaluate --embeddings % --labels % --metrics r@1 --per-class",
                    run.resolve("features.npy"), run.resolve("samples.csv") + ":label")
                .out())
        .contains("cat", "dög", "r@1");
  }

  @Test
  void placesArePooled() throws IOException {
    Path photos = photos(1);
    Path run = folder.resolve("f");
    String words = "features --images % --model % --run % --output places " + PIXELS;
    Outcome.of(words, photos, model(), run)
        .failed(2, "model.onnx: output 'places' has shape [N, 4, 12, 12]", "--pool mean, max");
    double[][] all = TinyOnnx.places(values(photos.resolve("cat/0 a.png")), SIDE);
    for (String how : List.of("mean", "max", "flatten")) {
      Outcome.of(words + " --pool " + how, photos, model(), run).succeeded();
      double[] expected =
          how.equals("flatten")
              ? Stream.of(all).flatMapToDouble(java.util.Arrays::stream).toArray()
              : Stream.of(all)
                  .map(java.util.Arrays::stream)
                  .mapToDouble(
                      one ->
                          how.equals("max") ? one.max().getAsDouble() : one.average().getAsDouble())
                  .toArray();
      assertThat(read(run)[0]).containsExactly(expected, within(1e-5));
    }
    Outcome.of(words + " --pool cls", photos, model(), run).failed(2, "no list of tokens");
  }

  /** Whole batches that a killed process has written stay, and the end is the same bit for bit. */
  @Test
  void aKilledCommandGoesOn() throws IOException, InterruptedException {
    Path photos = photos(9);
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    String line = "features --images % --model % --run % --batch 4 --threads 1 " + PIXELS;
    Outcome.of(line, photos, model(), whole).succeeded();
    try (CliProcess process =
        CliProcess.start(
            folder.resolve("work"),
            List.of("-Dio.vicinal.hold=8"),
            Outcome.words(line, photos, model(), killed))) {
      int record = 12 + 4 * 4 * TinyOnnx.WIDTH;
      for (int i = 0; written(killed) < 2 * record && i < 3000; i++) {
        assertThat(process.runs()).isTrue();
        Thread.sleep(10);
      }
      process.kill();
    }
    assertThat(killed.resolve("features.npy")).doesNotExist();
    Path rows = rows(killed);
    Files.write(
        rows, new byte[] {1, 0, 0}, java.nio.file.StandardOpenOption.APPEND); // half a batch
    assertThat(Outcome.of(line, photos, model(), killed).succeeded().out())
        .contains("8 pictures were there from an earlier attempt", "18 pictures: 5 features");
    for (String name : List.of("features.npy", "samples.csv", "features.json")) {
      assertThat(killed.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
    }
    assertThat(rows).doesNotExist();
  }

  private static Path rows(Path run) throws IOException {
    if (!Files.isDirectory(run)) {
      return null;
    }
    try (Stream<Path> all = Files.walk(run)) {
      return all.filter(file -> file.endsWith("piece-rows")).findFirst().orElse(null);
    }
  }

  private static long written(Path run) throws IOException {
    Path rows = rows(run);
    return rows == null ? 0 : Files.size(rows);
  }

  @Test
  void whatIsThereIsNotComputedAgain() throws IOException {
    Path photos = photos(2);
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, model(), run).succeeded();
    byte[] first = Files.readAllBytes(run.resolve("features.npy"));
    assertThat(Outcome.of(line, photos, model(), run).succeeded().out())
        .contains("the features are there already")
        .doesNotContain("images/s");
    Files.copy(photos.resolve("cat/0 a.png"), photos.resolve("cat/7.png"));
    assertThat(Outcome.of(line, photos, model(), run).succeeded().out())
        .contains("images/s", "5 pictures");
    Files.delete(photos.resolve("cat/7.png"));
    assertThat(Outcome.of(line + " --batch 1", photos, model(), run).succeeded().out())
        .contains("images/s");
    Outcome.of(line, photos, model(), run).succeeded();
    assertThat(run.resolve("features.npy")).hasBinaryContent(first);
  }

  @Test
  void featuresOfTwoModelsAreNotMixed() throws IOException {
    Path photos = photos(2);
    Path a = folder.resolve("a");
    Path b = folder.resolve("b");
    Path other = folder.resolve("other.onnx");
    TinyOnnx.other(other, SIDE);
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, model(), a).succeeded();
    Outcome.of(line, photos, other, b).succeeded();
    String evaluate =
        "evaluate --embeddings % --labels % --gallery-embeddings % --gallery-labels %";
    Outcome.of(
            evaluate,
            a.resolve("features.npy"),
            a.resolve("samples.csv:label"),
            b.resolve("features.npy"),
            b.resolve("samples.csv:label"))
        .failed(2, "features of other.onnx, and ", "those of model.onnx, which cannot be compared");
    Outcome.of(
            "train --features % --labels % --run % --set % --set %",
            a.resolve("features.npy"),
            a.resolve("samples.csv:label"),
            folder.resolve("run"),
            "validation.features=" + b.resolve("features.npy"),
            "validation.labels=" + b.resolve("samples.csv:label"))
        .failed(2, "features of other.onnx, and ", "those of model.onnx, which cannot be compared");
  }

  @Test
  void aFixedBatchIsFilledUp() throws IOException {
    Path photos = photos(2);
    Path three = folder.resolve("three.onnx");
    TinyOnnx.network(three, 3, SIDE, false);
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, three, run).succeeded();
    double[] expected = TinyOnnx.features(values(photos.resolve("dög/1 a.png")), SIDE);
    assertThat(read(run)).hasDimensions(4, TinyOnnx.WIDTH);
    assertThat(read(run)[3]).containsExactly(expected, within(1e-5));
    Outcome.of(line + " --batch 2", photos, three, run).failed(2, "--batch: 2, but", "takes 3");
  }

  @Test
  void picturesThatCannotBeReadAreCounted() throws IOException {
    Path photos = photos(3);
    Files.write(photos.resolve("cat/1 a.png"), new byte[] {1, 2, 3});
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, model(), run).failed(2, "cat/1 a.png: ");
    assertThat(run).doesNotExist();
    Outcome skipped = Outcome.of(line + " --skip-bad", photos, model(), run);
    assertThat(skipped.code()).isZero();
    assertThat(skipped.err()).startsWith("left out: ").contains("cat/1 a.png");
    assertThat(skipped.out()).contains("5 pictures, 1 left out: 5 features");
    assertThat(read(run)).hasDimensions(5, TinyOnnx.WIDTH);
    Dataset table = Datasets.open(run.resolve("samples.csv"));
    assertThat(read(run)[1])
        .containsExactly(TinyOnnx.features(values(table.file(1)), SIDE), within(1e-5));
    assertThat(facts(run).getAsJsonArray("left_out").get(0).getAsInt()).isEqualTo(1);
  }

  @Test
  void thePreprocessorBesideTheModelIsRead() throws IOException {
    Path photos = photos(2);
    Path run = folder.resolve("f");
    Path open = folder.resolve("open.onnx");
    TinyOnnx.network(open, -1, -1, false);
    String line = "features --images % --model % --run %";
    Outcome.of(line, photos, open, run)
        .failed(2, "--mean, --std: are not known for", "clip, dinov2");
    Outcome.of(line + " " + PIXELS, photos, open, run)
        .failed(2, "--size: input 'x' of", "has no height and width");
    Path json = folder.resolve("preprocessor_config.json");
    Files.writeString(
        json,
        """
        {"do_resize": true, "size": {"shortest_edge": 12}, "resample": 3, "do_center_crop": true,
        "crop_size": {"height": 12, "width": 12}, "image_mean": [0.5, 0.25, 0.125],
        "image_std": [0.5, 0.2, 0.4], "rescale_factor": 0.00392156862745098}
        """);
    Outcome.of(line, photos, open, run).succeeded();
    assertThat(read(run)[0])
        .containsExactly(
            TinyOnnx.features(values(photos.resolve("cat/0 a.png")), SIDE), within(1e-5));
    assertThat(facts(run).get("pictures").getAsString())
        .isEqualTo(
            "shorter side 12, centre crop 12, bicubic, mean [0.5, 0.25, 0.125], std [0.5, 0.2, 0.4]");
    Outcome.of(line + " --preset siglip", photos, open, run).succeeded();
    assertThat(facts(run).get("pictures").getAsString()).startsWith("made square, 224, bicubic");
    Outcome.of(line + " --preset dinov2 --size 112", photos, open, run).succeeded();
    assertThat(facts(run).get("pictures").getAsString())
        .startsWith("shorter side 128, centre crop 112");
    Files.writeString(json, "{\"size\": {\"height\": 2, \"width\": 3}}");
    Outcome.of(line, photos, open, run).failed(2, "preprocessor_config.json: size is no square");
  }

  @Test
  void modelsThatTakeNoPicturesAreOneLine() throws IOException {
    Path photos = photos(1);
    Path bad = folder.resolve("bad.onnx");
    String line = "features --images % --model % --run % " + PIXELS;
    Path run = folder.resolve("f");
    Files.writeString(bad, "no model");
    Outcome.of(line, photos, bad, run).failed(2, "bad.onnx: cannot be opened as an ONNX model (");
    Map<String, Runnable> cases = new LinkedHashMap<>();
    cases.put(
        "has 2 inputs (x, z)",
        () -> TinyOnnx.single(bad, "Add", FLOAT, new long[] {-1, 3, 8, 8}, 2));
    cases.put(
        "input 'x' has shape [N, 7], which is no batch of pictures",
        () -> TinyOnnx.single(bad, "Relu", FLOAT, new long[] {-1, 7}, 1));
    cases.put(
        "input 'x' is float16; export the model with an input of float32",
        () -> TinyOnnx.single(bad, "Relu", FLOAT16, new long[] {-1, 3, 8, 8}, 1));
    cases.put(
        "input 'x' has shape [N, 1, 8, 8] without 3 channels",
        () -> TinyOnnx.single(bad, "Relu", FLOAT, new long[] {-1, 1, 8, 8}, 1));
    cases.put(
        "output 'y' has shape [N, 3, 8, 8], several vectors a picture",
        () -> TinyOnnx.single(bad, "Relu", FLOAT, new long[] {-1, 3, 8, 8}, 1));
    cases.forEach(
        (says, write) -> {
          write.run();
          Outcome.of(line, photos, bad, run).failed(2, "bad.onnx: " + says);
        });
    Outcome.of(line, photos, folder.resolve("none.onnx"), run)
        .failed(2, "none.onnx: does not exist");
    Outcome.of(line + " --output z", photos, model(), run)
        .failed(2, "has no output 'z'", "features [N, 5]");
    Outcome.of(line + " --layout nhwc", photos, model(), run).failed(2, "--layout: nhwc, but");
    Outcome.of(line + " --size 8", photos, model(), run).failed(2, "--size: 8, but");
    Outcome.of(line + " --split x", photos, model(), run).failed(2, "--split: 'x' is unknown");
    assertThat(run).doesNotExist();
  }
}
